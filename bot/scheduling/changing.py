"""Schedules made and changed, as durable work: authorised again, written, shown by Airflow, kept and told.

A schedule's id is made of the work that makes it; a change is looked for before it is written. So a repetition finds
what it has done.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.conversation.answers import Refused, Told
from bot.conversation.asked import STALE_AFTER, Asked
from bot.errors import NotFound, Refusal, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.jobs import JobContext, RetryLater
from bot.scheduling.announcing import announce
from bot.scheduling.composing import Doing, Found, compose, done
from bot.scheduling.conflicts import ask_again
from bot.scheduling.leave import check_leave
from bot.scheduling.publishing import Published, publish
from bot.scheduling.seeing import dag_of, see
from bot.scheduling.spec import BrokenSpec, Conflict, ScheduleSpec
from bot.station import Station
from bot.store import AuditEntry, KeptSchedule

log = get_logger(__name__)
AWAY = 15.0  # seconds between attempts while a service doesn't answer
GIVE_UP = 24 * 3_600.0  # seconds that what was written is tried to be finished
_NOT_IN_AN_ID = re.compile(r"[^a-z0-9]+")


async def put(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "schedule.put"."""
    asked, doing = Asked(**args["asked"]), Doing(args["doing"])
    try:
        written = await ctx.step("written", _write, ctx, args, asked, doing, station)
        if written["why"]:
            await _refuse(ctx, args, asked, written, station)
            return
        spec = ScheduleSpec.model_validate(written["spec"])
        before = ScheduleSpec.model_validate(written["before"]) if written["before"] else None
        await ctx.step("kept", _keep, ctx, spec, asked, doing, station)
        published = await publish(ctx, spec, before, station)
        if published.why:
            await _give_back(ctx, asked, spec, before, published, station)
            return
        if doing is Doing.RESUME:
            await ctx.step("unpaused", _unpause, spec, station)
        await ctx.step("timed", _timed, ctx, spec, published)
        await announce(ctx, spec, published, asked, doing, station)
    except (ServiceDown, ServiceConfused) as error:
        if ctx.age > GIVE_UP:
            raise
        await ctx.step("told to wait", _tell_to_wait, args, asked, error, station)
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or AWAY) from error


def new_id(model: str, job_id: str) -> str:
    """A schedule's id: what it trains, and what tells it from others; the same for the same work."""
    name = _NOT_IN_AN_ID.sub("-", model.lower())[:24].strip("-") or "model"
    return f"{name}-{hashlib.sha256(job_id.encode()).hexdigest()[:6]}"


async def _write(ctx: JobContext, args: dict[str, Any], asked: Asked, doing: Doing, station: Station) -> dict[str, Any]:
    """Write the spec, unless an earlier attempt did; what is written and what was there, or why nothing is."""
    try:
        spec, before = await _written(ctx, args, asked, doing, station)
    except Conflict as conflict:
        return _refused(conflict.sentence, newer=isinstance(conflict.newer, ScheduleSpec))
    except (Refusal, ServiceDenied, ServiceRejected, NotFound) as error:
        log.info("schedule.refused", job=ctx.id, reason=str(error))
        return _refused(error.sentence, hint=error.hint if isinstance(error, Refusal) else "")
    return {
        "why": "",
        "spec": spec.model_dump(mode="json"),
        "before": before.model_dump(mode="json") if before else None,
    }


def _refused(why: str, *, hint: str = "", newer: bool = False) -> dict[str, Any]:
    return {"why": why, "hint": hint, "newer": newer}


async def _written(
    ctx: JobContext, args: dict[str, Any], asked: Asked, doing: Doing, station: Station
) -> tuple[ScheduleSpec, ScheduleSpec | None]:
    schedule_id = args["id"] or new_id(args["model"], ctx.id)
    there = await station.specs.get(schedule_id)
    if isinstance(there, BrokenSpec):
        raise Refusal(f"{schedule_id} can't be read: {there.why}.", hint="Remove it, or mend it where it is kept.")
    if there is None and doing is not Doing.CREATE:
        raise Refusal(f"{schedule_id} is there no longer.", hint="“schedules” lists those that are.")
    to = await station.people.person(args["to"]) if args.get("to") else None
    found = Found(schedule_id, there, asked, to, ctx.accepted_at, datetime.now(UTC))
    new = compose(args, doing, found)
    if there and done(there, new, doing, found):
        return there, None
    if ctx.age > STALE_AFTER:
        raise Refusal(f"You asked for this over an hour ago, so I changed no schedule of {args['model']}.")
    await check_leave(station, asked.person, new, there, doing)
    expected = args["wanted"]["revision"] if args.get("wanted") else there.revision if there else 0
    return await station.specs.put(new, expected), there


async def _keep(ctx: JobContext, spec: ScheduleSpec, asked: Asked, doing: Doing, station: Station) -> bool:
    """Write down who made or changed it, with the audit row, in one transaction."""
    entry = AuditEntry(
        id=f"{ctx.id}:{doing}",
        actor=asked.person,
        actor_name=asked.name,
        action="schedule",
        outcome=doing,
        model=spec.model,
        subject=spec.id,
        detail={"spec": spec.model_dump(mode="json")},
        job_id=ctx.id,
    )
    async with station.store.write() as tx:
        await station.store.schedules.put(kept_as(spec, asked.name, station), tx)
        await station.store.audit.append(entry, tx)
        if doing is Doing.RESUME:
            for topic in ("misfit", "paused"):
                await station.store.schedules.tell(spec.id, topic, "", tx)
    return True


def kept_as(spec: ScheduleSpec, changed_by: str, station: Station) -> KeptSchedule:
    """The spec as the store keeps it."""
    return KeptSchedule(
        id=spec.id,
        model=spec.model,
        dag_id=spec.dag_id,
        schedule_dag=dag_of(station, spec.id),
        owner=spec.owner.id,
        owner_name=spec.owner.name,
        spec=spec.model_dump(mode="json"),
        revision=spec.revision,
        changed_by=changed_by,
    )


async def _unpause(spec: ScheduleSpec, station: Station) -> bool:
    """Only now that Airflow knows the new start: what was missed before it is not run."""
    await station.orchestrator.set_paused(dag_of(station, spec.id), False)
    await station.store.schedules.saw(spec.id, (await see(station, spec.id)).as_json())
    return True


async def _timed(ctx: JobContext, spec: ScheduleSpec, published: Published) -> bool:
    seconds = round(published.shown - ctx.accepted_at, 3)
    log.info("schedule.shown", schedule=spec.id, revision=spec.revision, seconds=seconds)
    return True


async def _refuse(
    ctx: JobContext, args: dict[str, Any], asked: Asked, written: dict[str, Any], station: Station
) -> None:
    """Say why nothing was written; where somebody changed it meanwhile, by whom, with the question again."""
    await ctx.step("refusal kept", _keep_refusal, ctx, args, asked, written["why"], station)
    if written["newer"] and args.get("wanted"):
        await ctx.step("asked again", ask_again, args, asked, station)
        return
    refused = Refused(sentence=written["why"], hint=written["hint"] or "Nothing was changed.")
    await ctx.step("refusal told", station.posting.try_to_tell, asked, refused)


async def _keep_refusal(ctx: JobContext, args: dict[str, Any], asked: Asked, why: str, station: Station) -> bool:
    entry = AuditEntry(
        id=f"{ctx.id}:refused",
        actor=asked.person,
        actor_name=asked.name,
        action="schedule",
        outcome="refused",
        model=args["model"],
        subject=args["id"] or None,
        detail={"why": why},
        job_id=ctx.id,
    )
    return await station.store.audit.append(entry)


async def _give_back(
    ctx: JobContext,
    asked: Asked,
    spec: ScheduleSpec,
    before: ScheduleSpec | None,
    published: Published,
    station: Station,
) -> None:
    """Airflow can't make a DAG of it: what is kept is what was there before, and the person is told why."""
    await ctx.step("given back", _keep_given_back, ctx, asked, spec, before, published.why, station)
    kept = "It trains as before." if before else "Nothing was scheduled."
    refused = Refused(sentence=f"Airflow can't take this schedule of {spec.model}: {published.why}.", hint=kept)
    await ctx.step("refusal told", station.posting.try_to_tell, asked, refused)


async def _keep_given_back(
    ctx: JobContext, asked: Asked, spec: ScheduleSpec, before: ScheduleSpec | None, why: str, station: Station
) -> bool:
    entry = AuditEntry(
        id=f"{ctx.id}:taken back",
        actor="stationmaster",
        actor_name="Stationmaster",
        action="schedule",
        outcome="taken back",
        model=spec.model,
        subject=spec.id,
        detail={"why": why},
        job_id=ctx.id,
    )
    async with station.store.write() as tx:
        if before is None:
            await station.store.schedules.remove(spec.id, tx)
        else:
            old = before.model_copy(update={"revision": spec.revision + 1})
            await station.store.schedules.put(kept_as(old, asked.name, station), tx)
        return await station.store.audit.append(entry, tx)


async def _tell_to_wait(args: dict[str, Any], asked: Asked, error: ServiceError, station: Station) -> bool:
    text = f"{error.sentence} I keep this schedule of {args['model']}, and go on when {error.service} is back."
    return await station.posting.try_to_tell(asked, Told(text=text))
