"""What must hold of a feature table before a model learns from it, as a pandera schema.

Each rule allows a share of bad rows: real weather has gaps, and in February 2013 Newark once reported a wind
of 1,048 mph. What breaks is told in one line of words that a person can act on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from delays.features import CATEGORIES, NUMBERS, TARGET, WEATHER

FLIGHT_KEY = ["scheduled_at", "carrier", "flight", "origin"]

_COLUMNS = {
    **{name: pa.Column(str) for name in CATEGORIES},
    **{name: pa.Column(float, nullable=name in WEATHER) for name in NUMBERS},
    TARGET: pa.Column(bool),
}


class ChecksFailed(Exception):
    """The features break a rule; the message says which, in one line."""


@dataclass(frozen=True)
class Rule:
    """At most `limit` percent of the rows may be `bad`; `subject` and `problem` name it in a sentence."""

    subject: str
    problem: str
    bad: Callable[[pd.DataFrame], pd.Series]
    limit: float

    def percent_bad(self, table: pd.DataFrame) -> float:
        """0 to 100."""
        return 100 * float(self.bad(table).mean())

    def check(self) -> pa.Check:
        """The rule in pandera's terms, named by its sentence's beginning."""
        return pa.Check(lambda table: self.percent_bad(table) <= self.limit, name=self.name)

    @property
    def name(self) -> str:
        """Unique among the rules."""
        return f"{self.subject} {self.problem}"

    def sentence(self, table: pd.DataFrame) -> str:
        """Such as "visib has 4.2% nulls (limit 1%)"."""
        return f"{self.subject} has {self.percent_bad(table):.3g}% {self.problem} (limit {self.limit:g}%)"


def rules(max_missing_percent: float) -> list[Rule]:
    """All 14 rules; `max_missing_percent` bounds how much of any weather column may be missing."""
    return [
        *(_nulls(column, max_missing_percent) for column in WEATHER),
        _range("temp", -30, 120),
        _range("humid", 0, 100),
        _range("wind_speed", 0, 120),
        _range("visib", 0, 10),
        _range("distance", 1, 6000),
        Rule("the table", "repeated flights", lambda table: table.duplicated(FLIGHT_KEY), limit=0),
        Rule("the table", "late flights", lambda table: table[TARGET], limit=50),
    ]


def validate(path: Path, max_missing_percent: float) -> int:
    """Check the feature table at `path`; the number of rules, all held. Raises ChecksFailed."""
    table = pd.read_parquet(path)
    ruled = rules(max_missing_percent)
    schema = pa.DataFrameSchema(_COLUMNS, checks=[rule.check() for rule in ruled])
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as failed:
        raise ChecksFailed(_sentence(failed, ruled, table)) from failed
    return len(ruled)


def _nulls(column: str, limit: float) -> Rule:
    return Rule(column, "nulls", lambda table: table[column].isna(), limit)


def _range(column: str, low: float, high: float) -> Rule:
    """Nulls are another rule's matter; one bad row in a thousand is let through."""
    problem = f"values outside {low} to {high}"
    return Rule(column, problem, lambda table: (table[column] < low) | (table[column] > high), limit=0.1)


def _sentence(failed: SchemaErrors, ruled: list[Rule], table: pd.DataFrame) -> str:
    """Such as "3 of 14 checks failed: visib has 4.2% nulls (limit 1%) and 2 more", the worst one told."""
    shape = [error for error in failed.schema_errors if not isinstance(error.check, pa.Check)]
    if shape:
        return f"the table has another shape than expected: {str(shape[0]).splitlines()[0]}"
    names = {error.check.name for error in failed.schema_errors}
    broken = [rule for rule in ruled if rule.name in names]
    worst = max(broken, key=lambda rule: rule.percent_bad(table) - rule.limit)
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"{len(broken)} of {len(ruled)} checks failed: {worst.sentence(table)}{more}"
