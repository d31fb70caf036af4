"""What the bot does and says of a schedule by itself: paused because it no longer fits, left alone, failing, missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.catalogue import Model
from bot.conversation.answers import Proposal, Told
from bot.errors import NotFound, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.messages.markup import Markup, date, escape, mention
from bot.messages.phrases import listed
from bot.scheduling.announcing import MOMENT, named
from bot.scheduling.seeing import dag_of, see
from bot.scheduling.spec import ScheduleSpec
from bot.settings.config import EVERYONE
from bot.station import Station
from bot.store import AuditEntry, KeptSchedule

log = get_logger(__name__)
ASK_AGAIN = 20.0  # seconds between attempts while a service doesn't answer
GIVE_UP = 24 * 3_600.0


async def misfit(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.misfit": pause it, and tell its owners why."""

    async def do(kept: KeptSchedule, spec: ScheduleSpec, model: Model) -> None:
        await ctx.step("paused", _pause, ctx, kept, args["why"], station)
        text = f"⏸ I paused {_its(kept, spec)}: {escape(args['why'])}. Resume it once that fits again."
        buttons = (Proposal("Resume", f"resume {kept.id}"), Proposal("Edit", f"reschedule {kept.id}"))
        await _post(ctx, spec, model, [kept.owner, *model.contract.owners], text, buttons, station)

    await _about(ctx, args, station, do)


async def left(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.left": its owner has gone, so the model's owners are asked; until then it goes on."""

    async def do(kept: KeptSchedule, spec: ScheduleSpec, model: Model) -> None:
        config = station.config.current()
        whom = [each for each in (model.contract.owners or config.access.admins) if each != EVERYONE]
        text = (
            f"{escape(args['why'][:1].upper() + args['why'][1:])}. {_its(kept, spec)} goes on until one of you decides."
        )
        buttons = (
            Proposal("Take it over", f"handover {kept.id}"),
            Proposal("Pause", f"pause {kept.id}"),
            Proposal("Remove", f"unschedule {kept.id}"),
        )
        await _post(ctx, spec, model, whom, text, buttons, station)

    await _about(ctx, args, station, do)


async def failing(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.failing"."""

    async def do(kept: KeptSchedule, spec: ScheduleSpec, model: Model) -> None:
        text = f"⚠️ {_its(kept, spec)} failed {args['many']} times in a row."
        buttons = (Proposal("Pause", f"pause {kept.id}"), Proposal("Open the last run", f"status {args['run']}"))
        await _post(ctx, spec, model, [kept.owner], text, buttons, station)

    await _about(ctx, args, station, do)


async def missed(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.missed": Airflow started nothing at its time."""

    async def do(kept: KeptSchedule, spec: ScheduleSpec, model: Model) -> None:
        why = f": {escape(model.trouble)}" if model.trouble else ""
        due = date(datetime.fromtimestamp(args["due"], UTC), MOMENT)
        text = f"⚠️ {_its(kept, spec)} started nothing {due}{why}."
        buttons = (Proposal("Open", f"schedules {kept.id}"), Proposal("Pause", f"pause {kept.id}"))
        await _post(ctx, spec, model, [kept.owner], text, buttons, station)

    await _about(ctx, args, station, do)


async def _about(
    ctx: JobContext,
    args: dict[str, Any],
    station: Station,
    do: Callable[[KeptSchedule, ScheduleSpec, Model], Awaitable[None]],
) -> None:
    """Do it, unless the schedule is there no longer; a service that is away is asked again."""
    kept = await station.store.schedules.get(args["id"])
    if kept is None or kept.removed:
        return
    try:
        await do(kept, ScheduleSpec.model_validate(kept.spec), await station.catalogue.find(kept.model))
    except ServiceError as error:
        if ctx.age > GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


async def _pause(ctx: JobContext, kept: KeptSchedule, why: str, station: Station) -> bool:
    try:
        await station.orchestrator.set_paused(dag_of(station, kept.id), True)
    except NotFound:
        log.info("schedule.gone_already", schedule=kept.id)
    entry = AuditEntry(
        id=f"{ctx.id}:paused",
        actor="stationmaster",
        actor_name="Stationmaster",
        action="schedule",
        outcome="paused",
        model=kept.model,
        subject=kept.id,
        detail={"why": why},
        job_id=ctx.id,
    )
    async with station.store.write() as tx:
        await station.store.schedules.tell(kept.id, "misfit", why, tx)
        await station.store.audit.append(entry, tx)
    await station.store.schedules.saw(kept.id, (await see(station, kept.id)).as_json())
    return True


def _its(kept: KeptSchedule, spec: ScheduleSpec) -> Markup:
    """ "Dana's schedule of delays, Mondays 06:00 (Amsterdam)"."""
    return Markup(f"{escape(kept.owner_name)}'s schedule of {escape(spec.model)}, {named(spec)},")


async def _post(
    ctx: JobContext,
    spec: ScheduleSpec,
    model: Model,
    whom: list[str],
    text: str,
    buttons: tuple[Proposal, ...],
    station: Station,
) -> None:
    """Say it where its runs are told of, to these people and groups; else to the first of them that can be reached."""
    people = list(dict.fromkeys(each for each in whom if each != EVERYONE))
    to = f"{listed([mention(each) for each in people])} " if people else ""
    told = Told(text=Markup(to + text), proposals=buttons).render()
    places = [model.contract.channel or "", spec.channel, *(each for each in people if not each.startswith("S"))]
    if await station.posting.somewhere(f"{ctx.id}:told", [place for place in places if place], told) is None:
        log.warning("schedule.told_nowhere", schedule=spec.id)
