"""The section `promotion`: its defaults, and its mistakes in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.config import read_config
from bot.settings.promotion import MetricGate, Promotion

HEAD = "models:\n  delays:\n    metrics: {auc: higher}\n    promotion:\n"


def config(folder: Path, text: str) -> Promotion:
    path = folder / "stationmaster.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_config(path).models["delays"].promotion


def test_a_promotion_is_configured(tmp_path: Path) -> None:
    """Gates by metric, people, times in words, and what follows."""
    found = config(
        tmp_path,
        "      gates: {auc: {at_least: 0.65, max_drop: 0}, recall: {at_most: 1}}\n"
        "      required_tags: {reviewed: null, stage: final}\n"
        "      approvers: [S0MLLEADS]\n"
        "      expires: 12 h\n"
        "      remind: 90 min\n",
    )
    assert found.gates == {"auc": MetricGate(at_least=0.65, max_drop=0), "recall": MetricGate(at_most=1)}
    assert found.required_tags == {"reviewed": None, "stage": "final"}
    assert (found.expires, found.remind) == (43_200, 5_400)
    assert (found.approvals, found.four_eyes, found.rollback, found.propose) == (1, True, ("owner", "admin"), "ask")


def test_without_the_section_there_are_no_gates_and_four_eyes(tmp_path: Path) -> None:
    """One approval of the workspace's approvers, within a week."""
    path = tmp_path / "stationmaster.yaml"
    path.write_text("models: {delays: {}}", encoding="utf-8")
    found = read_config(path).models["delays"].promotion
    assert (found.gates, found.approvers, found.approvals, found.four_eyes) == ({}, None, 1, True)
    assert found.expires == 7 * 86_400


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("      gates: {auc: {at_lest: 0.65}}", 5, "unknown key. Did you mean at_least? Allowed: at_least, at_most,"),
        ("      gate: {auc: {at_least: 0.65}}", 5, "unknown key. Did you mean gates?"),
        ("      gates: {auc: {at_least: high}}", 5, "“high” is not a number, such as 0.65"),
        ("      gates: {auc: {at_least: .nan}}", 5, "“nan” is not a number, such as 0.65"),
        ("      gates: {auc: {at_least: true}}", 5, "“True” is not a number, such as 0.65"),
        ("      gates: {auc: {max_drop: -0.1}}", 5, "“-0.1” is below 0; it says how far, whichever way is better"),
        (
            "      gates: {auc: {at_least: 0.7, at_most: 0.6}}",
            5,
            "at_least 0.7 is above at_most 0.6, so nothing would pass",
        ),
        (
            "      gates: {acu: {min_gain: 0.1}}",
            4,
            "the gate of acu compares with the champion, so metrics has to say whether higher or lower is better. "
            "Did you mean auc?",
        ),
        ("      approvals: 0", 5, "should be greater than or equal to 1, not “0”"),
        ("      approvals: 11", 5, "should be less than or equal to 10, not “11”"),
        ("      min_rows: 0", 5, "should be greater than or equal to 1, not “0”"),
        (
            '      approvers: ["@omar"]',
            5,
            "“@omar” is not a Slack person's id (U…), a user group's id (S…) or the word",
        ),
        ("      expires: soon", 5, "“soon” is not a time, such as 90 min, 2 h or 1 d"),
        ("      expires: 1 h\n      remind: 2 h", 4, "remind has to be less than expires"),
        ("      override: [boss]", 5, "“boss” is not allowed; it takes 'runner', 'owner', 'approver' or 'admin'"),
        ("      propose: always", 5, "“always” is not allowed; it takes 'ask' or 'auto'"),
        ("      copy_to: delays", 1, "delays is to be copied to itself: copy_to takes another registered model"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, line: int, said: str) -> None:
    """What was wrong, and what is allowed."""
    with pytest.raises(ConfigError) as refused:
        config(tmp_path, text)
    assert f"line {line}: models" in str(refused.value)
    assert said in str(refused.value)


def test_a_wrong_direction_is_one_mistake(tmp_path: Path) -> None:
    """A gate isn't blamed for the metrics that couldn't be read."""
    path = tmp_path / "stationmaster.yaml"
    path.write_text(
        "models: {delays: {metrics: {auc: bigger}, promotion: {gates: {auc: {max_drop: 0.1}}}}}", encoding="utf-8"
    )
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert len(str(refused.value).splitlines()) == 1
