"""`schedules [MODEL or SCHEDULE]`: the list, with what can be done to each; or one of them, with its history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from bot.access import Right, decide
from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.errors import UnknownWord
from bot.following.cards import Link
from bot.following.controls import Control
from bot.following.runlines import RunLine, as_kept, run_line
from bot.launching.history import quote_of
from bot.launching.launch import Wanted, command_of
from bot.messages.markup import Markup
from bot.messages.phrases import count, differing
from bot.messages.render import Message
from bot.scheduling.clock import a_month
from bot.scheduling.lines import controls, line, state_of
from bot.scheduling.listing import Known, listing
from bot.scheduling.monthly import price_words
from bot.scheduling.said import coming, zone_words
from bot.scheduling.seeing import dag_of
from bot.scheduling.which import find_schedule

SHOWN = 5  # coming times
RUNS = 10
ROOMY = 8  # schedules that a list has room for with all their buttons


class Entry(NamedTuple):
    """A schedule in the list. Without controls it has a button that opens its page, which has them."""

    id: str
    line: Markup
    detail: str
    controls: tuple[Control, ...]


class SchedulesMessage(Message):
    """Every schedule, or those of one model. `age` says so where that is not as of now."""

    template: ClassVar[str] = "schedules"
    shareable: ClassVar[bool] = True
    headline: str
    age: str = ""
    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class ScheduleMessage(Message):
    """One schedule: how it stands, what it trains, its coming and its last runs."""

    template: ClassVar[str] = "schedule"
    shareable: ClassVar[bool] = True
    headline: Markup
    state: str
    terms: str = ""
    coming: str = ""
    runs: tuple[RunLine, ...] = ()
    notes: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    stamp: str = ""
    links: tuple[Link, ...] = ()


class SchedulesArguments(Arguments):
    """A MODEL's name, or a SCHEDULE's id or the end of it."""

    what: str = ""


@command("schedules", summary="what trains periodically", example="schedules MODEL", right=Right.READ)
async def schedules(call: Call, arguments: SchedulesArguments) -> SchedulesMessage | ScheduleMessage:
    """The truth is Airflow's; without it, what was seen last."""
    models = {model.name: model for model in await call.station.catalogue.models()}
    what = arguments.what.lower()
    chosen = next((name for name in models if name.lower() == what), "")
    if arguments.what and not chosen:
        try:
            kept = await find_schedule(call.station, arguments.what)
        except UnknownWord as error:
            raise UnknownWord("model or schedule", arguments.what, error.nearest) from error
        found = await listing(call.station, model=kept.model)
        one = next(each for each in found.schedules if each.id == kept.id)
        return await _page(call, models.get(one.model), one, found.trouble)
    return await _list(call, models, chosen)


async def _list(call: Call, models: dict[str, Model], name: str) -> SchedulesMessage:
    found = await listing(call.station, model=name)
    entries = [await _entry(call, models.get(each.model), each) for each in found.schedules]
    if len(entries) > ROOMY:
        entries = [each._replace(controls=()) for each in entries]
    about = f" of {name}" if name else ""
    return SchedulesMessage(
        headline=f"{count(len(entries), 'schedule')}{about}" if entries else f"No schedules{about} yet",
        age=f"⚠️ {found.trouble} This is what I saw last." if found.trouble else "",
        entries=tuple(entries),
        proposals=(Proposal(f"Schedule {name}", f"schedule {name}"),) if name else (),
    )


async def _entry(call: Call, model: Model | None, known: Known) -> Entry:
    now, parts = datetime.now(UTC), _terms(model, known)
    advice = state_of(known, now).advice
    detail = " · ".join(filter(None, [advice, *parts, known.id]))
    run, steer = await _rights(call, model, known)
    return Entry(known.id, line(known, now), detail, controls(known, may_run=run, may_steer=steer))


async def _page(call: Call, model: Model | None, known: Known, trouble: str) -> ScheduleMessage:
    now, station = datetime.now(UTC), call.station
    state = state_of(known, now)
    run, steer = await _rights(call, model, known)
    times = known.times(SHOWN)
    mine = "" if known.spec and known.spec.zone == call.person.zone else f" ({zone_words(call.person.zone)})"
    terms = _terms(model, known) or ["with its defaults"]
    return ScheduleMessage(
        headline=line(known, now),
        state=state.advice or f"{_whose(known)} · {known.id}",
        terms=" · ".join([*terms, *await _price(call, model, known)]),
        coming=f"Next{mine}: {coming(times, ZoneInfo(call.person.zone))}" if times else "",
        runs=await _history(call, known),
        notes=(f"⚠️ {trouble} This is what I saw last.",) if trouble else (),
        controls=controls(known, may_run=run, may_steer=steer, opens=False),
        stamp=str(known.spec.revision if known.spec else 0),
        links=(Link("Open in Airflow", station.orchestrator.dag_url(dag_of(station, known.id))),),
    )


def _whose(known: Known) -> str:
    if known.spec is None:
        return ""
    maker, owner = known.spec.maker, known.spec.owner
    return f"{owner.name}'s" if maker.id == owner.id else f"{owner.name}'s, made by {maker.name}"


def _terms(model: Model | None, known: Known) -> list[str]:
    """What differs from the defaults, and on which machine."""
    if known.spec is None:
        return []
    machine = str((known.spec.compute or {}).get("name") or "")
    pipeline = model.pipeline if model else None
    return [*differing(pipeline, known.spec.conf), *([f"on {machine}"] if machine else [])]


async def _price(call: Call, model: Model | None, known: Known) -> list[str]:
    if known.spec is None or model is None:
        return []
    quote = await quote_of(call.station, model.dag_id, str((known.spec.compute or {}).get("name") or ""))
    runs = a_month(known.spec.when, known.spec.zone, datetime.now(UTC))
    return [price_words(quote, runs)] if quote else []


async def _rights(call: Call, model: Model | None, known: Known) -> tuple[str, bool]:
    """What this person would type to run it now, empty where they may not; and may they change it?"""
    if model is None or known.spec is None:
        roles = call.roles
        return "", decide(Right.SCHEDULE, roles, known.model).allowed
    roles = await call.station.people.roles(call.person, model)
    steer = decide(Right.SCHEDULE, roles, model.name, own=known.owner == call.person.id).allowed
    machine = str((known.spec.compute or {}).get("name") or "")
    wanted = Wanted(conf=known.spec.conf, compute=machine)
    ending = "" if known.spec.conf or machine else "--yes"
    run = command_of(model.name, wanted, ending).strip() if decide(Right.RUN, roles, model.name).allowed else ""
    return run, steer


async def _history(call: Call, known: Known) -> tuple[RunLine, ...]:
    """Its last runs, newest first."""
    if known.spec is None:
        return ()
    prefix = f"{dag_of(call.station, known.id)}__"
    runs = await call.station.store.runs.begun_by(known.spec.dag_id, prefix, RUNS)
    return tuple(run_line(known.model, as_kept(each), each) for each in runs)
