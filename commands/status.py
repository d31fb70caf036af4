"""`status [MODEL or RUN]`: what runs now, what ran last, what comes next; or one run's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from bot.access import Right
from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments, nearest
from bot.domain import Run, RunKey
from bot.errors import ServiceError, UnknownWord
from bot.following.cards import RunCard, run_card
from bot.following.facts import facts, outcome_of
from bot.following.refreshing import look
from bot.following.runlines import RunLine, as_kept, run_line
from bot.following.whichrun import find_run
from bot.messages.markup import Markup, date, escape
from bot.messages.phrases import count
from bot.messages.render import Message
from bot.scheduling.listing import listing
from bot.station import Station
from bot.store import FollowedRun

RECENT = 8
LOOKED_THROUGH = 100  # runs


class StatusMessage(Message):
    """Running, recent and coming runs. `age` says how old this is where Airflow doesn't answer."""

    template: ClassVar[str] = "status"
    shareable: ClassVar[bool] = True
    headline: str
    running: tuple[RunLine, ...] = ()
    recent: tuple[RunLine, ...] = ()
    coming: tuple[Markup, ...] = ()
    age: Markup = Markup("")
    proposals: tuple[Proposal, ...] = ()


class StatusArguments(Arguments):
    """A model's name, or a run's id (its last characters will do)."""

    what: str = ""


@command("status", summary="what runs, what ran, what comes next", example="status MODEL", right=Right.READ)
async def status(call: Call, arguments: StatusArguments) -> StatusMessage | RunCard:
    """Everything, one model, or one run."""
    models = await call.station.catalogue.models()
    if not arguments.what:
        return await _overview(call.station, models, "")
    wanted = arguments.what.lower()
    chosen = [model for model in models if wanted in {model.name.lower(), model.dag_id.lower()}]
    if chosen:
        return await _overview(call.station, chosen, chosen[0].name)
    if card := await _one_run(call.station, arguments.what):
        return card
    raise UnknownWord("model or run", arguments.what, nearest(arguments.what, [model.name for model in models]))


async def _overview(station: Station, models: Sequence[Model], name: str) -> StatusMessage:
    names = {model.dag_id: model.name for model in models}
    kept = {each.key: each for each in await station.store.runs.latest(model=name or None, limit=LOOKED_THROUGH)}
    age = Markup("")
    try:
        runs = list(await station.orchestrator.recent_runs(list(names), LOOKED_THROUGH)) if names else []
    except ServiceError as error:
        runs = [as_kept(each) for each in kept.values() if each.dag_id in names]
        known = max((each.updated for each in kept.values()), default=None)
        since = (
            f" This is what I knew {date(datetime.fromtimestamp(known, UTC), '{date_short_pretty} {time}')}."
            if known
            else ""
        )
        age = Markup(f"⚠️ {escape(error.sentence)}{since}")
    live = [run for run in runs if not run.state.over]
    over = [run for run in runs if run.state.over]
    about = f" of {name}" if name else ""
    return StatusMessage(
        headline=f"{count(len(live), 'run')}{about} now" if live else f"Nothing{about} runs now",
        running=_lines(live, names, kept),
        recent=_lines(over[:RECENT], names, kept),
        coming=tuple(await _coming(station, models, name)),
        age=age,
        proposals=(Proposal(f"Train {name}", f"run {name}"),) if name else (),
    )


def _lines(runs: Sequence[Run], names: Mapping[str, str], kept: Mapping[RunKey, FollowedRun]) -> tuple[RunLine, ...]:
    return tuple(run_line(names[run.dag_id], run, kept.get(run.key)) for run in runs[:20] if run.dag_id in names)


async def _coming(station: Station, models: Sequence[Model], name: str) -> list[Markup]:
    """What begins next, by the DAGs' own schedules and by those that people made."""
    due = [(model.pipeline.next_run, model.name) for model in models if model.pipeline and model.pipeline.next_run]
    made = (await listing(station, model=name, ask=False)).schedules
    due += [(at, each.model) for each in made for at in each.times()]
    return [Markup(f"{escape(name)} {date(at, '{date_short_pretty} {time}')}") for at, name in sorted(due)[:5]]


async def _one_run(station: Station, wanted: str) -> RunCard | None:
    """The card of the run called `wanted`."""
    followed = await find_run(station, wanted)
    return await _card(station, followed, await look(station, followed)) if followed else None


async def _card(station: Station, followed: FollowedRun, run: Run) -> RunCard:
    tasks = (await station.orchestrator.tasks([run.key])).get(run.key, ())
    outcome = await outcome_of(station, followed, run, tasks) if run.state.over else None
    return run_card(await facts(station, followed, run, tasks, outcome))
