from __future__ import annotations

import math
from typing import Any

import pytest
from delays import gates
from delays.gates import GATES, Gate, Result

REACHED = {"auc": 0.70, "log_loss": 0.40}
BEFORE = {"auc": 0.69, "log_loss": 0.38}


def conf(*told: dict[str, Any]) -> dict[str, Any]:
    return {"stationmaster": {"gates": list(told)}}


def test_a_good_model_passes_all_gates() -> None:
    """A bound itself passes."""
    good = Result({"auc": 0.65, "log_loss": 0.65, "recall_at_5pct": 0.1, "brier": 1}, 100)
    assert gates.require(GATES, good) == "all 3 gates passed"


def test_each_failed_gate_is_told() -> None:
    """The sentence has each failed metric, its value and its bound, in the direction that counts."""
    with pytest.raises(gates.GatesFailed) as failed:
        gates.require(GATES, Result({"auc": 0.581, "log_loss": 0.9, "recall_at_5pct": 0.3}, 100))
    assert str(failed.value) == "2 of 3 gates failed: auc is 0.581 (at least 0.65), log_loss is 0.900 (at most 0.65)"


@pytest.mark.parametrize("metrics", [dict.fromkeys(["auc", "log_loss", "recall_at_5pct"], math.nan), {}])
def test_no_number_passes_no_gate(metrics: dict[str, float]) -> None:
    """A metric that came out as NaN, or not at all, fails whichever way its gate points."""
    with pytest.raises(gates.GatesFailed, match="3 of 3"):
        gates.require(GATES, Result(metrics, 100))


def test_gates_come_from_the_conf() -> None:
    """What the bot judges by; a tag may be set later, so it is no gate here."""
    asked = gates.of_conf(
        conf(
            {"kind": "at_least", "name": "auc", "bound": 0.7, "better": None},
            {"kind": "max_drop", "name": "log_loss", "bound": 0.01, "better": "lower"},
            {"kind": "min_rows", "name": "", "bound": 1000.0, "better": None},
            {"kind": "required_tag", "name": "reviewed", "bound": None, "better": None},
        )
    )
    assert asked == [
        Gate("at_least", "auc", 0.7),
        Gate("max_drop", "log_loss", 0.01, "lower"),
        Gate("min_rows", "", 1000),
    ]


@pytest.mark.parametrize("told", [None, {}, {"stationmaster": None}, {"stationmaster": {}}, conf()])
def test_without_any_the_dag_has_its_own(told: dict[str, Any] | None) -> None:
    """A run that was started elsewhere has to reach something too."""
    assert gates.of_conf(told) == GATES


@pytest.mark.parametrize(
    ("gate", "champion", "expected"),
    [
        (Gate("max_drop", "auc", 0.0), BEFORE, True),
        (Gate("min_gain", "auc", 0.02), BEFORE, False),
        (Gate("max_drop", "log_loss", 0.03, "lower"), BEFORE, True),
        (Gate("max_drop", "log_loss", 0.01, "lower"), BEFORE, False),
        (Gate("min_gain", "log_loss", 0.0, "lower"), BEFORE, False),
        (Gate("min_gain", "auc", 0.02), None, True),
        (Gate("min_gain", "auc", 0.02), {}, False),
    ],
)
def test_beside_the_champion(gate: Gate, champion: dict[str, float] | None, *, expected: bool) -> None:
    """In the metric's own direction; without a champion there is nothing to be worse than."""
    assert gate.passes(Result(REACHED, 100, champion)) is expected


def test_a_version_that_is_worse_is_still_a_version() -> None:
    """What fails beside the champion is counted, and ends nothing."""
    asked = [Gate("at_least", "auc", 0.65), Gate("min_gain", "auc", 0.02)]
    assert gates.require(asked, Result(REACHED, 100, BEFORE)) == "1 of 2 gates passed"


def test_too_few_rows_end_the_run() -> None:
    """The sentence has both numbers."""
    with pytest.raises(gates.GatesFailed, match=r"1 of 1 gates failed: 999 rows to judge it by \(at least 1,000\)"):
        gates.require([Gate("min_rows", "", 1000)], Result({}, 999))
