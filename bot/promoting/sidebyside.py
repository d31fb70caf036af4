"""Two versions side by side: what differs, and how much of the rest is equal. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bot.domain import Dataset, Training
from bot.following.comparison import CHAMPION_METRIC, champions_metrics
from bot.messages.phrases import change, count, lasted, listed, number

if TYPE_CHECKING:  # the store is no part of what is pure
    from bot.promoting.account import Account

DIGEST, COMMIT = 12, 7  # characters that tell data sets, and commits, apart
NOTHING = "–"
METRIC, PARAMETER = "metric", "parameter"
_ARROWS = {"higher": " ↑", "lower": " ↓"}


class Row(NamedTuple):
    """Something of both versions, each in words. `kind` is what equal ones are counted as; `change` tells how the
    second differs from the first, and `better` whether for the better, None where nobody can tell.
    """

    kind: str
    label: str
    first: str
    second: str
    change: str = ""
    better: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as a table's: three columns, for a phone has no room for a fourth."""
        verdict = {True: " better", False: " ▼ worse", None: ""}[self.better]
        return (self.label, self.first, self.second + (f" ({self.change}{verdict})" if self.change else ""))


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The rows that differ; how many others are equal, by kind; and on how many metrics the second is better.

    `comparable` says whether both were scored on the same evaluation data: without that, no metric is better.
    """

    rows: Sequence[Row]
    equal: Mapping[str, int]
    comparable: bool
    judged: int
    better: int

    @property
    def equal_in_words(self) -> str:
        """ "equal: 12 parameters and the commit"; empty where nothing is."""
        said = [
            count(many, kind) if kind in {METRIC, PARAMETER} else f"the {kind}" for kind, many in self.equal.items()
        ]
        return f"equal: {listed(said)}" if said else ""


def side_by_side(first: Account, second: Account, directions: Mapping[str, str]) -> SideBySide:
    """The second version beside the first. `directions` say of configured metrics which way is better."""
    firsts, seconds, comparable = _scored(first, second)
    names = [name for name in directions if name in firsts or name in seconds]
    names += sorted((firsts.keys() | seconds.keys()) - set(names))
    metrics = [
        _metric(name, firsts.get(name), seconds.get(name), directions.get(name, ""), name in comparable)
        for name in names
    ]
    rows = [*metrics, *_others(first, second)]
    equal: dict[str, int] = {}
    for row in rows:
        if row.first == row.second != NOTHING:
            equal[row.kind] = equal.get(row.kind, 0) + 1
    judged = [name for name in names if name in comparable and name in directions]
    return SideBySide(
        rows=[row for row in rows if row.first != row.second],
        equal=equal,
        comparable=bool(comparable),
        judged=len(judged),
        better=sum(row.better is True for row in metrics),
    )


def _scored(first: Account, second: Account) -> tuple[dict[str, float], dict[str, float], frozenset[str]]:
    """The metrics of both, and the names of those that are on the same evaluation data."""
    firsts, seconds = _metrics(first.training), _metrics(second.training)
    if first.training is None or second.training is None:
        return firsts, seconds, frozenset()
    if same := champions_metrics(second.training, first.training, first.version.version):
        firsts |= {name: value for name, value in same.items() if name in seconds}
    elif same := champions_metrics(first.training, second.training, second.version.version):
        seconds |= {name: value for name, value in same.items() if name in firsts}
    return firsts, seconds, frozenset(same) & firsts.keys() & seconds.keys()


def _metrics(training: Training | None) -> dict[str, float]:
    logged = training.metrics if training else {}
    return {name: value for name, value in logged.items() if not name.startswith(CHAMPION_METRIC)}


def _metric(name: str, first: float | None, second: float | None, direction: str, comparable: bool) -> Row:
    label = name + _ARROWS.get(direction, "")
    if first is None or second is None:
        return Row(METRIC, label, _number(first), _number(second))
    shown, difference = _apart(first, second), second - first
    better = None
    if comparable and direction and math.isfinite(difference) and difference:
        better = (difference > 0) == (direction == "higher")
    return Row(METRIC, label, *shown, change=change(difference) if comparable else "", better=better)


def _number(value: float | None) -> str:
    return NOTHING if value is None else number(value)


def _apart(first: float, second: float) -> tuple[str, str]:
    """Both as people read them; with all their digits where they differ and would look alike."""
    shown = number(first), number(second)
    return shown if first == second or shown[0] != shown[1] or math.isnan(first) else (repr(first), repr(second))


def _others(first: Account, second: Account) -> Iterator[Row]:
    """Parameters, data, code, machine, time, cost, people."""
    firsts, seconds = (each.training.params if each.training else {} for each in (first, second))
    for name in sorted(firsts.keys() | seconds.keys()):
        yield Row(PARAMETER, name, firsts.get(name, NOTHING), seconds.get(name, NOTHING))
    data, others = _data(first.training), _data(second.training)
    for label in dict.fromkeys([*data, *others]):
        yield Row(label, label, data.get(label, NOTHING), others.get(label, NOTHING))
    yield Row("commit", "commit", first.commit[:COMMIT] or NOTHING, second.commit[:COMMIT] or NOTHING)
    yield Row("machine", "machine", first.machine or NOTHING, second.machine or NOTHING)
    yield Row("duration", "took", _took(first), _took(second))
    yield Row("cost", "cost", first.cost or NOTHING, second.cost or NOTHING)
    yield Row("person", "trained by", first.origin.trained_by or "unknown", second.origin.trained_by or "unknown")


def _took(account: Account) -> str:
    return NOTHING if account.seconds is None else lasted(account.seconds)


def _data(training: Training | None) -> dict[str, str]:
    """The data sets of each context, in words."""
    found: dict[str, list[str]] = {}
    for dataset in training.datasets if training else ():
        found.setdefault(f"{dataset.context or 'other'} data", []).append(in_words(dataset))
    return {label: ", ".join(sorted(said)) for label, said in found.items()}


def in_words(dataset: Dataset) -> str:
    """ "flights (7f3a…, 84,000 rows)"."""
    digest = dataset.digest if len(dataset.digest) <= DIGEST else f"{dataset.digest[:DIGEST]}…"
    rows = f", {count(dataset.rows, 'row')}" if dataset.rows is not None else ""
    return f"{dataset.name} ({digest}{rows})"
