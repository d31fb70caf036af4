"""Two versions side by side: the differences, their verdicts, and what is equal."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain import Dataset, Training, Version
from bot.promoting.account import Account
from bot.promoting.evidence import Barred
from bot.promoting.origin import Origin
from bot.promoting.sidebyside import side_by_side

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
HOLDOUT = Dataset(name="holdout", digest="7f3a", context="evaluation", rows=84_000)
DIRECTIONS = {"auc": "higher", "log_loss": "lower"}


def account(number: str, *, who: str = "Dana", tags: dict[str, str] | None = None, **fields: Any) -> Account:
    training = Training(
        run_id=f"run-{number}", experiment_id="1", status="FINISHED", started=NOW, ended=NOW + timedelta(minutes=3),
        tags=tags or {}, **{"datasets": (HOLDOUT,), **fields},
    )  # fmt: skip
    makers = (Barred(person="U0DANA", name=who, why="started the run that made it"),)
    return Account(Version(model="delays", version=number), training, Origin(makers=makers))


def test_metrics_come_first_with_their_verdicts() -> None:
    """In the configuration's order; without a direction there is a change, and no verdict."""
    found = side_by_side(
        account("11", metrics={"auc": 0.671, "log_loss": 0.33, "rows": 5.0}),
        account("13", metrics={"auc": 0.712, "log_loss": 0.35, "rows": 6.0}),
        DIRECTIONS,
    )
    assert [row.cells for row in found.rows] == [
        ("auc ↑", "0.671", "0.712 (+0.041 better)"),
        ("log_loss ↓", "0.330", "0.350 (+0.020 ▼ worse)"),
        ("rows", "5", "6 (+1)"),
    ]
    assert (found.judged, found.better, found.comparable) == (2, 1, True)
    assert found.equal_in_words == "equal: the evaluation data, the duration and the person"


def test_what_rounding_hides_is_a_difference() -> None:
    """Then both are shown with all their digits."""
    found = side_by_side(account("1", metrics={"auc": 0.7001}), account("2", metrics={"auc": 0.7002}), DIRECTIONS)
    assert found.rows[0].cells == ("auc ↑", "0.7001", "0.7002 (+0.0001 better)")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_never_better(value: float) -> None:
    """It is shown as it is."""
    found = side_by_side(account("1", metrics={"auc": value}), account("2", metrics={"auc": 0.7}), DIRECTIONS)
    assert found.rows[0].first == str(value)
    assert found.better == 0
    same = side_by_side(account("1", metrics={"auc": value}), account("2", metrics={"auc": value}), DIRECTIONS)
    assert same.equal["metric"] == 1


def test_a_metric_of_one_of_them_is_a_difference() -> None:
    """Without a verdict: there is nothing to compare with."""
    found = side_by_side(account("1"), account("2", metrics={"auc": 0.7}), DIRECTIONS)
    assert found.rows[0].cells == ("auc ↑", "–", "0.700")
    assert found.judged == 0


def test_what_both_lack_is_neither_equal_nor_different() -> None:
    """A commit that nobody knows is not the same commit."""
    found = side_by_side(account("1"), account("2"), {})
    assert not {"commit", "machine", "cost"} & found.equal.keys()
    assert found.rows == []


def test_a_long_digest_is_cut_and_rows_are_told() -> None:
    """The first characters tell data sets apart."""
    other = HOLDOUT.model_copy(update={"digest": "0123456789abcdef", "rows": None})
    (row,) = side_by_side(account("1"), account("2", datasets=(other,)), {}).rows
    assert row.cells == ("evaluation data", "holdout (7f3a, 84,000 rows)", "holdout (0123456789ab…)")
