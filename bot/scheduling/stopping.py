"""Schedules paused and removed, as durable work: authorised again, done in Airflow, kept and told."""

from __future__ import annotations

from typing import Any

from structlog import get_logger

from bot.conversation.answers import Proposal, Refused, Told
from bot.conversation.asked import STALE_AFTER, Asked
from bot.errors import NotFound, ServiceConfused, ServiceDown, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.messages.markup import Markup, escape
from bot.scheduling.announcing import named, say
from bot.scheduling.leave import may_steer
from bot.scheduling.seeing import dag_of, parse, see
from bot.scheduling.spec import ScheduleSpec
from bot.station import Station
from bot.store import AuditEntry, KeptSchedule

log = get_logger(__name__)
AWAY = 15.0  # seconds between attempts while a service doesn't answer


async def pause(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.pause": nothing more of it runs until it is resumed."""
    asked, kept = Asked(**args["asked"]), await _kept(args, station)
    done = await _do(ctx, args, asked, kept, station, "paused", _pause_in_airflow)
    if done and kept:
        await ctx.step("noted", station.store.schedules.tell, kept.id, "paused", asked.name)
        spec = ScheduleSpec.model_validate(kept.spec)
        buttons = (Proposal("Resume", f"resume {kept.id}"), Proposal("Edit", f"reschedule {kept.id}"))
        text = Markup(f"⏸ {escape(asked.name)} paused {escape(spec.model)}, {named(spec)}, until it is resumed.")
        await _say(ctx, spec, asked, Told(text=text, proposals=buttons), station)


async def remove(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.remove": paused first, then the spec goes, and Airflow makes no DAG of it any more."""
    asked, kept = Asked(**args["asked"]), await _kept(args, station)
    done = await _do(ctx, args, asked, kept, station, "removed", _remove_from_airflow)
    if done and kept:
        await ctx.step("forgotten", _forget, kept, station)
        spec = ScheduleSpec.model_validate(kept.spec)
        text = Markup(f"🗑 {escape(asked.name)} removed a schedule of {escape(spec.model)}: {named(spec)}.")
        await _say(ctx, spec, asked, Told(text=text), station)


async def _kept(args: dict[str, Any], station: Station) -> KeptSchedule | None:
    return await station.store.schedules.get(args["id"])


async def _do(
    ctx: JobContext,
    args: dict[str, Any],
    asked: Asked,
    kept: KeptSchedule | None,
    station: Station,
    outcome: str,
    act: Any,
) -> bool:
    """Authorise, act and record; False where it was refused, which was told."""
    try:
        why = await ctx.step("allowed", _why_not, ctx, asked, kept, station)
        if not why:
            await ctx.step("done", act, args["id"], station)
    except (ServiceDown, ServiceConfused) as error:
        await ctx.step("told to wait", _tell_to_wait, asked, error, station)
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or AWAY) from error
    except ServiceError as error:
        why = error.sentence
    await ctx.step("recorded", _record, ctx, args, asked, "refused" if why else outcome, why, station)
    if why:
        refused = Refused(sentence=why, hint="Nothing was changed.")
        await station.posting.tell(asked, refused)
    return not why


async def _why_not(ctx: JobContext, asked: Asked, kept: KeptSchedule | None, station: Station) -> str:
    if kept is None or kept.removed:
        return "This schedule is there no longer."
    if ctx.age > STALE_AFTER:
        return "You asked for this over an hour ago, so I did nothing to the schedule."
    return await may_steer(station, asked.person, kept.model, kept.owner)


async def _pause_in_airflow(schedule_id: str, station: Station) -> bool:
    await station.orchestrator.set_paused(dag_of(station, schedule_id), True)
    await station.store.schedules.saw(schedule_id, (await see(station, schedule_id)).as_json())
    return True


async def _remove_from_airflow(schedule_id: str, station: Station) -> bool:
    """One that Airflow doesn't know has nothing to pause."""
    try:
        await station.orchestrator.set_paused(dag_of(station, schedule_id), True)
    except NotFound:
        log.info("schedule.gone_already", schedule=schedule_id)
    await station.specs.remove(schedule_id, None)
    await parse(station)
    return True


async def _forget(kept: KeptSchedule, station: Station) -> bool:
    await station.store.schedules.remove(kept.id)
    return True


async def _record(
    ctx: JobContext, args: dict[str, Any], asked: Asked, outcome: str, why: str, station: Station
) -> bool:
    entry = AuditEntry(
        id=f"{ctx.id}:{outcome}",
        actor=asked.person,
        actor_name=asked.name,
        action="schedule",
        outcome=outcome,
        model=args["model"],
        subject=args["id"],
        detail={"why": why} if why else None,
        job_id=ctx.id,
    )
    return await station.store.audit.append(entry)


async def _say(ctx: JobContext, spec: ScheduleSpec, asked: Asked, told: Told, station: Station) -> None:
    try:
        await say(ctx, spec, asked, told, station)
    except (ServiceDown, ServiceConfused) as error:
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or AWAY) from error


async def _tell_to_wait(asked: Asked, error: ServiceError, station: Station) -> bool:
    text = f"{error.sentence} I keep trying, for an hour."
    return await station.posting.try_to_tell(asked, Told(text=text))
