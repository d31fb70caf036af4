"""A candidate's metrics beside the champion's: only on the same evaluation data."""

from __future__ import annotations

import math

import pytest

from bot.domain import Dataset, Training
from bot.following.comparison import MOST_METRICS, Line, code_url, comparable, lines

DIRECTIONS = {"auc": "higher", "log_loss": "lower"}


def training(
    metrics: dict[str, float],
    digests: tuple[str, ...] = (),
    tags: dict[str, str] | None = None,
    context: str = "evaluation",
) -> Training:
    datasets = tuple(Dataset(name="d", digest=digest, context=context) for digest in digests)
    return Training(
        run_id="m", experiment_id="1", status="FINISHED", metrics=metrics, datasets=datasets, tags=tags or {}
    )


RESCORED = {"auc": 0.712, "log_loss": 0.318, "champion.auc": 0.671, "champion.log_loss": 0.331}
TAGGED = {"stationmaster.champion_version": "11"}
CHAMPION = training({"auc": 0.9, "log_loss": 0.1}, ("h1",))


@pytest.mark.parametrize(
    ("candidate", "champion", "version", "auc"),
    [
        (training(RESCORED, tags=TAGGED), CHAMPION, "11", 0.671),
        (training(RESCORED, ("h1",), TAGGED), CHAMPION, "11", 0.671),
        (training(RESCORED, tags=TAGGED), CHAMPION, "12", None),
        (training(RESCORED, tags=TAGGED), None, "", None),
        (training(RESCORED), CHAMPION, "11", None),
        (training(RESCORED, ("h1",), TAGGED), CHAMPION, "12", 0.9),
        (training({"auc": 0.7}, ("h1",)), CHAMPION, "11", 0.9),
        (training({"auc": 0.7}, ("h2",)), CHAMPION, "11", None),
        (training({"auc": 0.7}, ("h1", "h2")), CHAMPION, "11", None),
        (training({"auc": 0.7}, ("h1",), context="training"), CHAMPION, "11", None),
        (training({"auc": 0.7}), training({"auc": 0.9}), "11", None),
        (training({"auc": 0.7}, ("h1",)), None, "11", None),
    ],
)
def test_what_the_champion_is_compared_by(
    candidate: Training, champion: Training | None, version: str, auc: float | None
) -> None:
    """Re-scored by the candidate's own training against that very version, or logged on the same one data set."""
    assert lines(candidate, champion, version, DIRECTIONS)[0].champion == auc
    assert comparable(candidate, champion, version) is (auc is not None)


def test_the_configured_metrics_in_their_order() -> None:
    """What the configuration names; what wasn't logged is left out."""
    shown = lines(training({"zeta": 1, "log_loss": 0.3, "auc": 0.7}), None, "", DIRECTIONS | {"brier": "lower"})
    assert [(line.metric, line.higher_is_better) for line in shown] == [("auc", True), ("log_loss", False)]


def test_without_configured_metrics_the_first_by_name() -> None:
    """A dozen at most, and never the champion's as metrics of their own; which way is better nobody knows."""
    logged = {f"m{at:02}": float(at) for at in range(20)} | {"champion.m00": 1.0}
    shown = lines(training(logged), None, "", {})
    assert [line.metric for line in shown] == [f"m{at:02}" for at in range(MOST_METRICS)]
    assert all(line.higher_is_better is None for line in shown)


@pytest.mark.parametrize(
    ("higher", "candidate", "champion", "better"),
    [
        (True, 0.7, 0.6, True), (True, 0.6, 0.7, False), (False, 0.6, 0.7, True), (False, 0.7, 0.6, False),
        (True, 0.7, 0.7, None), (None, 0.7, 0.6, None), (True, 0.7, None, None), (True, math.nan, 0.6, None),
        (True, 0.7, math.nan, None), (True, 0.7, -math.inf, None),
    ],
)  # fmt: skip
def test_which_is_better(higher: bool | None, candidate: float, champion: float | None, better: bool | None) -> None:
    """By the metric's direction; a draw, an unknown direction and what is no number leave it open."""
    assert Line("auc", higher, candidate, champion).better is better


def test_the_change_is_candidate_minus_champion() -> None:
    """None where there is nothing to compare with."""
    assert Line("auc", True, 0.75, 0.5).change == 0.25
    assert Line("auc", True, 0.75, None).change is None


def test_the_code_is_compared_where_the_repository_is_on_the_web() -> None:
    """By the tags that MLflow's own git support leaves: from the champion's commit to the candidate's."""
    tags = {"mlflow.source.git.repoURL": "https://git.example/team/delays.git", "mlflow.source.git.commit": "aaa"}
    champion, candidate = training({}, tags={"mlflow.source.git.commit": "bbb"}), training({}, tags=tags)
    ssh = training({}, tags=tags | {"mlflow.source.git.repoURL": "git@git.example:team/delays.git"})
    assert code_url(candidate, champion) == "https://git.example/team/delays/compare/bbb...aaa"
    assert [code_url(*pair) for pair in ((ssh, champion), (candidate, None), (None, champion))] == ["", "", ""]
    assert code_url(candidate, training({})) == ""
