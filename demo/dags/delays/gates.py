"""What a model must reach: the gates of the DAG run's conf, where it has some, else this DAG's own.

The bot judges a promotion by the same list. An absolute gate that fails ends the run here, before anybody is asked. One
against the champion, or about a tag, ends nothing: a version that is worse is still a version, and people decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

AT_LEAST, AT_MOST, MIN_ROWS = "at_least", "at_most", "min_rows"
MAX_DROP, MIN_GAIN = "max_drop", "min_gain"


class GatesFailed(Exception):
    """The model is not good enough to be registered; the message says where, in one line."""


@dataclass(frozen=True)
class Result:
    """What a model reached: its metrics, and the champion's on the same rows, or None where there is none."""

    metrics: Mapping[str, float]
    rows: int
    champion: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Gate:
    """A bound that `name` must keep, in one of the ways above; `better` is where `max_drop` and `min_gain` look."""

    kind: str
    name: str
    bound: float
    better: str = "higher"

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """One of the conf's."""
        return cls(told["kind"], told["name"], float(told["bound"]), told.get("better") or "higher")

    @property
    def ends_the_run(self) -> bool:
        """Is it about the model alone?"""
        return self.kind in {AT_LEAST, AT_MOST, MIN_ROWS}

    def passes(self, result: Result) -> bool:
        """A metric that is no number, or not there, passes nothing; without a champion nothing is worse than it."""
        value = self._value(result)
        if value is None:
            return self.kind in {MAX_DROP, MIN_GAIN}
        match self.kind:
            case "at_most":
                return value <= self.bound
            case "max_drop":
                return value >= -self.bound
            case _:
                return value >= self.bound

    def sentence(self, result: Result) -> str:
        """Of a gate that ends the run, such as "auc is 0.581 (at least 0.65)"."""
        if self.kind == MIN_ROWS:
            return f"{result.rows:,} rows to judge it by (at least {self.bound:,.0f})"
        value = self._value(result)
        rule = {AT_LEAST: "at least", AT_MOST: "at most"}
        return f"{self.name} is {value:.3f} ({rule[self.kind]} {self.bound:g})"

    def _value(self, result: Result) -> float | None:
        """What the bound is held against; a gain is positive where the candidate is better. None: no champion."""
        if self.kind == MIN_ROWS:
            return result.rows
        value = result.metrics.get(self.name, math.nan)
        if self.ends_the_run:
            return value
        if result.champion is None:
            return None
        gain = value - result.champion.get(self.name, math.nan)
        return gain if self.better == "higher" else -gain


GATES = [Gate(AT_LEAST, "auc", 0.65), Gate(AT_MOST, "log_loss", 0.65), Gate(AT_LEAST, "recall_at_5pct", 0.1)]
"""Where the conf has none."""

_KINDS = {AT_LEAST, AT_MOST, MIN_ROWS, MAX_DROP, MIN_GAIN}


def of_conf(conf: Mapping[str, Any] | None) -> list[Gate]:
    """The gates of a DAG run's conf that can be judged here: a required tag may be set later, by people."""
    told: Iterable[Mapping[str, Any]] = ((conf or {}).get("stationmaster") or {}).get("gates") or ()
    return [Gate.of(gate) for gate in told if gate["kind"] in _KINDS] or GATES


def require(gates: list[Gate], result: Result) -> str:
    """How many gates were passed, in words. Raises GatesFailed where one failed that is about the model alone."""
    failed = [gate for gate in gates if not gate.passes(result)]
    if fatal := [gate.sentence(result) for gate in failed if gate.ends_the_run]:
        raise GatesFailed(f"{len(fatal)} of {len(gates)} gates failed: {', '.join(fatal)}")
    passed, every = len(gates) - len(failed), "all " if len(gates) > 1 and not failed else ""
    return f"{every}{passed} gates passed" if every else f"{passed} of {len(gates)} gates passed"
