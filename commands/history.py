"""`history MODEL [METRIC]`: its versions over time, drawn, and who promoted what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from bot.access import Right
from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments, nearest
from bot.domain import Training, Version
from bot.errors import Refusal, UnknownWord
from bot.following.cards import Link
from bot.following.comparison import CHAMPION_METRIC
from bot.messages.charts import Chart, Series
from bot.messages.limits import CHART_POINTS
from bot.messages.markup import Markup
from bot.messages.phrases import count, listed, number
from bot.messages.render import Message
from bot.promoting.gathering import EVALUATION
from bot.promoting.story import Chapter, chapters, in_words

LOOKED_THROUGH = 100  # versions
MOST_MOVES = 8
MOST_METRICS = 4  # that have a button
HELD = "★ "


class Point(NamedTuple):
    """A version, and what it scored."""

    version: Version
    value: float
    digest: str  # of its evaluation data


class HistoryMessage(Message):
    """A metric's course over versions: the champion first, then the chart, then who promoted what, newest first.

    `told` has the chart's points in words.
    """

    template: ClassVar[str] = "history"
    shareable: ClassVar[bool] = True
    headline: str
    told: str
    chart: Chart
    moves: tuple[Markup, ...] = ()
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    links: tuple[Link, ...] = ()


class HistoryArguments(Arguments):
    """The MODEL, and which METRIC; without one, its first."""

    model: str
    metric: str = ""


@command("history", summary="versions and promotions over time", example="history MODEL auc", right=Right.READ)
async def history(call: Call, arguments: HistoryArguments) -> HistoryMessage:
    """One metric over the last versions, and the moves of the aliases."""
    station, about = call.station, call.about
    versions = (await station.registry.versions(about.registered_model, LOOKED_THROUGH))[::-1]
    if not versions:
        raise Refusal(
            f"{about.name} has no versions yet: nothing is registered as {about.registered_model}.",
            example=f"run {about.name}",
        )
    trainings = await station.registry.trainings_of({each.run_id for each in versions if each.run_id})
    metric, others = _metric(about, trainings, arguments.metric)
    points = _points(versions, trainings, metric)
    moves = await station.store.ledger.of_model(about.registered_model)
    held = {move.after for move in moves if move.alias == about.contract.alias}
    held |= {each.version for each in versions if about.contract.alias in each.aliases}
    return HistoryMessage(
        headline=_headline(about, metric, versions, points),
        told=" · ".join(f"{_label(point.version, held)} {number(point.value)}" for point in points[-CHART_POINTS:]),
        chart=_chart(about, metric, points, held),
        moves=_moves(await chapters(station, moves[-MOST_MOVES:]), len(moves)),
        notes=tuple(_notes(about, metric, versions, points, held)),
        proposals=tuple(Proposal(name, f"history {about.name} {name}") for name in others[:MOST_METRICS]),
        links=(Link("Open in MLflow", station.registry.model_url(about.registered_model)),),
    )


def _metric(about: Model, trainings: Mapping[str, Training], asked: str) -> tuple[str, list[str]]:
    """The metric that is drawn, empty where none was logged; and the others that could be."""
    logged = {name for each in trainings.values() for name in each.metrics if not name.startswith(CHAMPION_METRIC)}
    names = [name for name in about.contract.metrics if name in logged]
    names += sorted(logged - set(names))
    if not asked:
        return (names[0] if names else ""), names[1:]
    found = next((name for name in names if name.lower() == asked.lower()), None)
    if found is None:
        hint = f"{about.name} has {listed(names)}." if names else f"No version of {about.name} has a metric."
        raise UnknownWord("metric", asked, nearest(asked, names), of=about.name, hint=hint)
    return found, [name for name in names if name != found]


def _points(versions: Sequence[Version], trainings: Mapping[str, Training], metric: str) -> list[Point]:
    """What each version scored, oldest first; those without a number are left out."""
    found = [(version, trainings[version.run_id]) for version in versions if version.run_id in trainings]
    return [
        Point(version, training.metrics[metric], training.digest(EVALUATION))
        for version, training in found
        if math.isfinite(training.metrics.get(metric, math.nan))
    ]


def _headline(about: Model, metric: str, versions: Sequence[Version], points: Sequence[Point]) -> str:
    """What is in production, what is best of all."""
    alias = about.contract.alias
    holder = next((each for each in versions if alias in each.aliases), None)
    scored = {point.version.version: point.value for point in points}
    held = f"{alias} is v{holder.version}" if holder else f"nothing is in {alias}"
    with_ = f" with {metric} {number(scored[holder.version])}" if holder and holder.version in scored else ""
    return f"{about.name}: {held}{with_}{_best(about, metric, points)}"


def _best(about: Model, metric: str, points: Sequence[Point]) -> str:
    direction = about.contract.metrics.get(metric)
    if not points or direction is None:
        return f"; {metric} of {count(len(points), 'version')}" if points else ""
    choose = max if direction == "higher" else min
    best = choose(points, key=lambda point: point.value)
    return f"; the best of {count(len(points), 'version')} is v{best.version.version} with {number(best.value)}"


def _label(version: Version, held: set[str | None]) -> str:
    return f"{HELD if version.version in held else ''}v{version.version}"


def _chart(about: Model, metric: str, points: Sequence[Point], held: set[str | None]) -> Chart:
    return Chart(
        title=f"{metric} of {about.name}",
        x_label="version",
        y_label=metric,
        labels=tuple(_label(point.version, held) for point in points),
        series=(Series(metric, tuple(point.value for point in points)),),
    )


def _moves(told: Sequence[Chapter], all_: int) -> tuple[Markup, ...]:
    """The last moves, newest first, and how many came before them."""
    if not told:
        return (Markup("Nobody has promoted a version through me yet."),)
    more = all_ - len(told)
    earlier = [Markup(f"and {count(more, 'earlier move')}")] if more else []
    return (*map(in_words, told), *earlier)


def _notes(
    about: Model, metric: str, versions: Sequence[Version], points: Sequence[Point], held: set[str | None]
) -> list[str]:
    """What has to be known to read the chart."""
    shown = points[-CHART_POINTS:]
    notes = (
        [f"★ holds {about.contract.alias}, or held it"] if any(each.version.version in held for each in shown) else []
    )
    if len(points) > len(shown):
        notes.append(f"the last {len(shown)} of {count(len(points), 'version')}")
    if without := len(versions) - len(points):
        notes.append(f"{count(without, 'version')} without {metric or 'metrics'}")
    data = {point.digest for point in shown}
    if len(data) > 1 or "" in data:
        notes.append("not all scored on the same evaluation data: look at the course with care")
    return notes
