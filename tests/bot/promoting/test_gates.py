"""Gates: resolved from the configuration, told to the training DAG, judged in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from bot.promoting.gates import Beside, Gate, GateKind, GateResult, Shown, as_conf, judge, resolve
from bot.settings.config import ModelConfig

MODEL = ModelConfig.model_validate(
    {
        "metrics": {"auc": "higher", "log_loss": "lower"},
        "promotion": {
            "gates": {
                "auc": {"at_least": 0.65, "max_drop": 0.01},
                "log_loss": {"at_most": 0.4, "min_gain": 0},
            },
            "required_tags": {"reviewed": None, "stage": "final"},
            "min_rows": 1_000,
        },
    }
)


def one(kind: GateKind, bound: float | str | None, name: str = "auc", better: str | None = "higher") -> Gate:
    return Gate.model_validate({"kind": kind, "name": name, "bound": bound, "better": better})


def result(
    gate: Gate,
    metrics: Mapping[str, float] | None = None,
    *,
    champion: Beside | None = None,
    tags: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> GateResult:
    (found,) = judge([gate], Shown(metrics or {}, tags or {}, rows), champion)
    return found


def test_gates_are_resolved_in_the_configurations_order() -> None:
    """Metric by metric, then tags, then rows; a gate that compares knows which way is better."""
    assert [(gate.kind.value, gate.name, gate.bound, gate.better) for gate in resolve(MODEL)] == [
        ("at_least", "auc", 0.65, None),
        ("max_drop", "auc", 0.01, "higher"),
        ("at_most", "log_loss", 0.4, None),
        ("min_gain", "log_loss", 0.0, "lower"),
        ("required_tag", "reviewed", None, None),
        ("required_tag", "stage", "final", None),
        ("min_rows", "", 1_000.0, None),
    ]
    assert resolve(ModelConfig()) == ()


def test_the_conf_holds_the_same_gates() -> None:
    """One source: what the DAG is told reads back as what the bot judges by."""
    told = as_conf(resolve(MODEL))
    assert told[0] == {"kind": "at_least", "name": "auc", "bound": 0.65, "better": None}
    assert tuple(Gate.model_validate(each) for each in told) == resolve(MODEL)


@pytest.mark.parametrize(
    ("gate", "value", "passed", "words"),
    [
        (one(GateKind.AT_LEAST, 0.65), 0.712, True, "0.712, at least 0.65"),
        (one(GateKind.AT_LEAST, 0.65), 0.65, True, "0.650, at least 0.65"),
        (one(GateKind.AT_LEAST, 0.65), 0.6, False, "0.600, at least 0.65"),
        (one(GateKind.AT_LEAST, 0.65), 0.6499999, False, "0.6499999, at least 0.65"),
        (one(GateKind.AT_MOST, 0.4), 0.4, True, "0.400, at most 0.4"),
        (one(GateKind.AT_MOST, 0.4), 0.41, False, "0.410, at most 0.4"),
        (one(GateKind.AT_LEAST, 0.65), math.nan, False, "nan, which is no result, at least 0.65"),
        (one(GateKind.AT_LEAST, 0.65), math.inf, False, "inf, which is no result, at least 0.65"),
        (one(GateKind.AT_MOST, 0.4), -math.inf, False, "-inf, which is no result, at most 0.4"),
    ],
)
def test_a_bound_is_held_and_told(gate: Gate, value: float, passed: bool, words: str) -> None:
    """A value on the bound passes; one that rounding would make look so is told with all its digits; NaN never does."""
    found = result(gate, {"auc": value})
    assert (found.passed, found.words) == (passed, words)


@pytest.mark.parametrize("kind", [kind for kind in GateKind if kind not in {GateKind.REQUIRED_TAG, GateKind.MIN_ROWS}])
def test_a_metric_that_was_not_logged_fails(kind: GateKind) -> None:
    """Whatever the gate asks of it, and also where there is no champion."""
    found = result(one(kind, 0.1), {"log_loss": 0.3})
    assert not found.passed
    assert found.words.startswith("not logged, ")


@pytest.mark.parametrize(
    ("gate", "value", "held", "passed", "words"),
    [
        (one(GateKind.MAX_DROP, 0.01), 0.68, 0.671, True, "0.009 better, drop at most 0.01"),
        (one(GateKind.MAX_DROP, 0.01), 0.69, 0.7, True, "0.010 worse, drop at most 0.01"),
        (one(GateKind.MAX_DROP, 0.01), 0.65, 0.671, False, "0.021 worse, drop at most 0.01"),
        (one(GateKind.MAX_DROP, 0.0), 0.7, 0.7, True, "equal, drop at most 0"),
        (one(GateKind.MAX_DROP, 0.01, better="lower"), 0.34, 0.33, True, "0.010 worse, drop at most 0.01"),
        (one(GateKind.MAX_DROP, 0.01, better="lower"), 0.35, 0.33, False, "0.020 worse, drop at most 0.01"),
        (one(GateKind.MIN_GAIN, 0.01), 0.7, 0.69, True, "0.010 better, gain at least 0.01"),
        (one(GateKind.MIN_GAIN, 0.01), 0.695, 0.69, False, "0.005 better, gain at least 0.01"),
        (one(GateKind.MIN_GAIN, 0.0), 0.69, 0.69, True, "equal, gain at least 0"),
        (one(GateKind.MIN_GAIN, 0.01, better="lower"), 0.31, 0.33, True, "0.020 better, gain at least 0.01"),
        (one(GateKind.MIN_GAIN, 0.01, better="lower"), 0.35, 0.33, False, "0.020 worse, gain at least 0.01"),
    ],
)
def test_the_champion_is_compared_with_in_the_better_direction(
    gate: Gate, value: float, held: float, passed: bool, words: str
) -> None:
    """Exactly at the bound passes, whatever the computer makes of 0.7 - 0.69."""
    found = result(gate, {"auc": value}, champion=Beside("production (v11)", {"auc": held}))
    assert (found.passed, found.words) == (passed, words)


@pytest.mark.parametrize("kind", [GateKind.MAX_DROP, GateKind.MIN_GAIN])
def test_other_evaluation_data_is_not_comparable(kind: GateKind) -> None:
    """Then a gate that compares fails, however good the metric looks."""
    found = result(one(kind, 0.1), {"auc": 0.99}, champion=Beside("production (v11)", None))
    assert not found.passed
    assert found.words.startswith("not comparable with production (v11): other evaluation data, ")


@pytest.mark.parametrize("held", [{}, {"auc": math.nan}], ids=["missing", "NaN"])
def test_a_champion_without_the_metric_is_not_comparable(held: dict[str, float]) -> None:
    """Neither where it has none, nor where its own is no number."""
    found = result(one(GateKind.MAX_DROP, 0.1), {"auc": 0.99}, champion=Beside("production (v11)", held))
    assert not found.passed
    assert "production (v11) has no auc" in found.words


@pytest.mark.parametrize("kind", [GateKind.MAX_DROP, GateKind.MIN_GAIN])
def test_without_a_champion_there_is_nothing_to_be_worse_than(kind: GateKind) -> None:
    """A first version passes, and it is said; but not with a metric that is no number."""
    found = result(one(kind, 0.1), {"auc": 0.7})
    assert found.passed
    assert found.words.startswith("nothing to compare with yet, ")
    assert not result(one(kind, 0.1), {"auc": math.nan}).passed


@pytest.mark.parametrize(
    ("bound", "tags", "passed", "words"),
    [
        (None, {"reviewed": "by Vera"}, True, "by Vera, has to be set"),
        (None, {"reviewed": ""}, True, "empty, has to be set"),
        (None, {}, False, "not set, has to be set"),
        ("yes", {"reviewed": "yes"}, True, "yes, has to be “yes”"),
        ("yes", {"reviewed": "no"}, False, "no, has to be “yes”"),
        ("yes", {}, False, "not set, has to be “yes”"),
    ],
)
def test_a_tag_is_required(bound: str | None, tags: dict[str, str], passed: bool, words: str) -> None:
    """Any value will do, or the one that is asked for."""
    found = result(one(GateKind.REQUIRED_TAG, bound, "reviewed", None), tags=tags)
    assert (found.passed, found.words) == (passed, words)


@pytest.mark.parametrize(
    ("rows", "passed", "words"),
    [
        (84_000, True, "84,000 rows, at least 1,000"),
        (1_000, True, "1,000 rows, at least 1,000"),
        (999, False, "999 rows, at least 1,000"),
        (None, False, "unknown how many, at least 1,000"),
    ],
)
def test_evaluation_data_has_enough_rows(rows: int | None, passed: bool, words: str) -> None:
    """A data set that doesn't say how many it has, has too few."""
    found = result(one(GateKind.MIN_ROWS, 1_000, "", None), rows=rows)
    assert (found.passed, found.words) == (passed, words)


def test_gates_have_names_for_people() -> None:
    """What a gate is about, and what it asks for."""
    assert [f"{gate.subject} {gate.rule}" for gate in resolve(MODEL)] == [
        "auc at least 0.65",
        "auc drop at most 0.01",
        "log_loss at most 0.4",
        "log_loss gain at least 0",
        "the tag reviewed has to be set",
        "the tag stage has to be “final”",
        "evaluation rows at least 1,000",
    ]
