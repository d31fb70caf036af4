"""Gates: what a version has to show before it may be promoted. Pure.

They are resolved from the configuration once, told to the training DAG in its conf, judged by the bot itself, and part
of what an approval is bound to. A comparison with the champion counts only on the same evaluation data: otherwise its
gate fails. Where nothing holds the alias yet there is nothing to be worse than, so it passes, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bot.domain import Record
from bot.messages.phrases import count, number

if TYPE_CHECKING:  # the configuration is no part of what is pure
    from bot.settings.config import ModelConfig

Better = Literal["higher", "lower"]
NOTHING_YET = "nothing to compare with yet"
_ROUNDING = 1e-9  # 0.7 - 0.69 is a little above 0.01: that much is the computer's, not the model's


class GateKind(StrEnum):
    """What a gate asks for."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MAX_DROP = "max_drop"  # against the champion
    MIN_GAIN = "min_gain"  # against the champion
    REQUIRED_TAG = "required_tag"
    MIN_ROWS = "min_rows"  # of evaluation data

    @property
    def compares(self) -> bool:
        """Is it held against the champion?"""
        return self in {GateKind.MAX_DROP, GateKind.MIN_GAIN}


class Gate(Record):
    """One gate. `name` is the metric or the tag, empty for `min_rows`; a tag's `bound` of None takes any value.

    `better` is the metric's direction where the gate compares, else None.
    """

    kind: GateKind
    name: str = ""
    bound: float | str | None = None
    better: Better | None = None

    @property
    def subject(self) -> str:
        """What it is about: "auc", "the tag reviewed", "evaluation rows"."""
        match self.kind:
            case GateKind.REQUIRED_TAG:
                return f"the tag {self.name}"
            case GateKind.MIN_ROWS:
                return "evaluation rows"
            case _:
                return self.name

    @property
    def rule(self) -> str:
        """What it asks for: "at least 0.65", "drop at most 0.01", "has to be set"."""
        match self.kind:
            case GateKind.AT_LEAST | GateKind.MIN_ROWS:
                return f"at least {_bound(self.bound)}"
            case GateKind.AT_MOST:
                return f"at most {_bound(self.bound)}"
            case GateKind.MAX_DROP:
                return f"drop at most {_bound(self.bound)}"
            case GateKind.MIN_GAIN:
                return f"gain at least {_bound(self.bound)}"
            case GateKind.REQUIRED_TAG:
                return "has to be set" if self.bound is None else f"has to be “{self.bound}”"


class GateResult(Record):
    """A gate, and what came of it: `words` tell what was found and what is asked for ("0.712, at least 0.65")."""

    gate: Gate
    passed: bool
    words: str


class Shown(NamedTuple):
    """What a candidate has to show: its metrics, its tags, and the rows of its evaluation data (None: unknown)."""

    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    rows: int | None


class Beside(NamedTuple):
    """The champion: its name for people, and its metrics on the candidate's evaluation data, None where it has none."""

    name: str
    metrics: Mapping[str, float] | None


def resolve(model: ModelConfig) -> tuple[Gate, ...]:
    """The gates of a model, in the configuration's order."""
    asked = model.promotion
    gates = [
        Gate(kind=kind, name=name, bound=bound, better=model.metrics.get(name) if kind.compares else None)
        for name, gate in asked.gates.items()
        for kind in (GateKind.AT_LEAST, GateKind.AT_MOST, GateKind.MAX_DROP, GateKind.MIN_GAIN)
        if (bound := getattr(gate, kind.value)) is not None
    ]
    gates += [Gate(kind=GateKind.REQUIRED_TAG, name=name, bound=value) for name, value in asked.required_tags.items()]
    if asked.min_rows is not None:
        gates.append(Gate(kind=GateKind.MIN_ROWS, bound=asked.min_rows))
    return tuple(gates)


def as_conf(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    """The gates as the training DAG finds them in `conf["stationmaster"]["gates"]`."""
    return [gate.model_dump(mode="json") for gate in gates]


def judge(gates: Sequence[Gate], candidate: Shown, champion: Beside | None) -> tuple[GateResult, ...]:
    """What comes of each gate; `champion` is None where nothing holds the alias."""
    return tuple(_judged(gate, candidate, champion) for gate in gates)


def _judged(gate: Gate, candidate: Shown, champion: Beside | None) -> GateResult:
    match gate.kind:
        case GateKind.REQUIRED_TAG:
            passed, found = _tag(gate, candidate.tags.get(gate.name))
        case GateKind.MIN_ROWS:
            passed, found = _rows(gate, candidate.rows)
        case _:
            passed, found = _metric(gate, candidate.metrics.get(gate.name), champion)
    return GateResult(gate=gate, passed=passed, words=f"{found}, {gate.rule}")


def _tag(gate: Gate, value: str | None) -> tuple[bool, str]:
    if value is None:
        return False, "not set"
    return gate.bound is None or value == gate.bound, value or "empty"


def _rows(gate: Gate, rows: int | None) -> tuple[bool, str]:
    if rows is None:
        return False, "unknown how many"
    return rows >= _limit(gate), count(rows, "row")


def _metric(gate: Gate, value: float | None, champion: Beside | None) -> tuple[bool, str]:
    if value is None:
        return False, "not logged"
    if not math.isfinite(value):
        return False, f"{number(value)}, which is no result"
    if gate.kind.compares:
        return _compared(gate, value, champion)
    limit = _limit(gate)
    enough = value >= limit if gate.kind is GateKind.AT_LEAST else value <= limit
    return enough, _precisely(value, limit)


def _compared(gate: Gate, value: float, champion: Beside | None) -> tuple[bool, str]:
    if champion is None:
        return True, NOTHING_YET
    if champion.metrics is None:
        return False, f"not comparable with {champion.name}: other evaluation data"
    held = champion.metrics.get(gate.name)
    if held is None or not math.isfinite(held):
        return False, f"not comparable: {champion.name} has no {gate.name}"
    gain = value - held if gate.better == "higher" else held - value
    rounding = _ROUNDING * max(1.0, abs(value), abs(held))
    limit = _limit(gate)
    enough = gain >= -limit - rounding if gate.kind is GateKind.MAX_DROP else gain >= limit - rounding
    if abs(gain) <= rounding:
        return enough, "equal"
    return enough, f"{_precisely(abs(gain), limit)} {'better' if gain > 0 else 'worse'}"


def _limit(gate: Gate) -> float:
    """The bound as a number; a gate whose bound is none lets nothing pass."""
    return gate.bound if isinstance(gate.bound, float) else math.nan


def _bound(bound: float | str | None) -> str:
    return f"{bound:,.12g}" if isinstance(bound, float) else str(bound)


def _precisely(value: float, limit: float) -> str:
    """The value as people read it; with all its digits where rounding would make it look like the bound."""
    said = number(value)
    return said if math.isclose(value, limit) or said != number(limit) else f"{value:.12g}"
