from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from delays import checks


@pytest.fixture
def broken(table: Path, tmp_path: Path) -> Callable[..., str]:
    """Checks a table that has been changed; the sentence it fails with."""

    def check(change: Callable[[pd.DataFrame], pd.DataFrame], max_missing_percent: float = 25) -> str:
        path = tmp_path / "broken.parquet"
        change(pd.read_parquet(table)).to_parquet(path)
        with pytest.raises(checks.ChecksFailed) as failed:
            checks.validate(path, max_missing_percent)
        return str(failed.value)

    return check


def test_the_real_features_hold(table: Path) -> None:
    """All 14 rules hold for real data, its wind of 1,048 mph and its gaps included."""
    assert checks.validate(table, 25) == 14


def test_one_broken_rule_is_told_with_its_figures(broken: Callable[..., str]) -> None:
    """The sentence names the column, how bad it is and what is allowed."""
    said = broken(lambda rows: rows.assign(visib=float("nan")))
    assert said == "1 of 14 checks failed: visib has 100% nulls (limit 25%)"


def test_of_several_broken_rules_the_worst_is_told(broken: Callable[..., str]) -> None:
    """The worst comes first, and the others are counted."""
    said = broken(lambda rows: rows.assign(temp=None, humid=101.0, late=True).astype({"temp": float}))
    assert said.startswith("3 of 14 checks failed: humid has 100% values outside 0 to 100 (limit 0.1%)")
    assert said.endswith(" and 2 more")


def test_a_lower_limit_makes_real_data_fail(broken: Callable[..., str]) -> None:
    """The limit on missing weather is the caller's: real pressure readings have gaps of about a tenth."""
    assert "pressure has" in broken(lambda rows: rows, max_missing_percent=1)


def test_a_repeated_flight_is_found(broken: Callable[..., str]) -> None:
    """The same departure twice breaks a rule that allows none."""
    said = broken(lambda rows: pd.concat([rows, rows.head(1)], ignore_index=True))
    assert "repeated flights (limit 0%)" in said


@pytest.mark.parametrize("column", ["visib", "late", "carrier"])
def test_a_table_of_another_shape_is_told_in_one_line(broken: Callable[..., str], column: str) -> None:
    """A column that is missing, or of another type, is named."""
    for said in (
        broken(lambda rows: rows.drop(columns=column)),
        broken(lambda rows: rows.assign(**{column: pd.Timestamp("2013-01-01")})),
    ):
        assert said.startswith("the table has another shape than expected: ")
        assert column in said
        assert "\n" not in said
