"""Steering a run on someone's behalf: what cancelling and retrying have in common, as durable work.

The run is looked at first: what no longer applies is told, and its card put right. Every step may be repeated: a run
that was queued anew since it was looked at has been set going by someone, and is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from structlog import get_logger

from bot.access import Right, decide
from bot.conversation.answers import Refused, Told
from bot.conversation.asked import STALE_AFTER, Asked
from bot.conversation.commands import Call, Work
from bot.domain import Run, RunKey, RunState
from bot.errors import NotAllowed, Refusal, ServiceConfused, ServiceDown, ServiceError
from bot.following.refreshing import look, refresh
from bot.jobs import JobContext, RetryLater
from bot.ports import Orchestrator
from bot.station import Station
from bot.store import AuditEntry, FollowedRun, RunChanges, Transaction

log = get_logger(__name__)
ASK_AGAIN = 15.0  # seconds between attempts while Airflow doesn't answer
TRIES = 10  # at writing something down beside a run that the tracker writes to as well

Shown = dict[str, Any]


class Steering:
    """A way to steer a run. `past` is how it is told once it is done; a run that `resumes` is followed again."""

    name: ClassVar[str]
    past: ClassVar[str]
    resumes: ClassVar[bool] = False

    def late(self, followed: FollowedRun, run: Run) -> str:
        """Why this no longer applies to the run; empty where it does."""
        raise NotImplementedError

    async def act(self, orchestrator: Orchestrator, key: RunKey) -> Run:
        """Do it; the run as it is then."""
        raise NotImplementedError

    def missed(self, run: Run, queued: str) -> str:
        """Why nothing came of it, though it was done in time; `queued` is when the run was queued before."""
        raise NotImplementedError

    def before(self, shown: Shown, asked: Asked, queued: str) -> Shown:
        """What is kept beside the run before it is done, because its end may be told a moment later."""
        return shown

    def after(self, shown: Shown, asked: Asked) -> Shown:
        """What is kept beside the run once it is done."""
        return shown


def accepted(call: Call, kind: str) -> Work:
    """The work of steering the run that the call is about."""
    run = call.about_run
    return Work(kind, {"key": list(run.key), "model": call.about.name}, subject=run.dag_run_id)


async def steer(ctx: JobContext, args: dict[str, Any], station: Station, how: Steering) -> FollowedRun | None:
    """Carry out accepted work; the run as it is followed then, or None where nothing was done, which was told."""
    asked, followed = Asked(**args["asked"]), await _followed(args, station)
    try:
        seen = await ctx.step("looked", _look, ctx, asked, followed, how, station)
        why = seen["why"]
        if not why:
            await ctx.step(
                "noted", _keep, station, followed.key, lambda shown: how.before(shown, asked, seen["queued"])
            )
            why = await ctx.step("done", _do, ctx, asked, followed, seen["queued"], how, station)
    except (ServiceDown, ServiceConfused) as error:
        waiting = f"{error.sentence} I keep trying to {how.name} the run of {followed.model}, for an hour."
        await ctx.step("told to wait", station.posting.try_to_tell, asked, Told(text=waiting))
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    if why:
        await _give_up(ctx, asked, followed, why, how, station)
        return None
    await ctx.step("recorded", _record, ctx, asked, followed, seen.get("ended"), how, station)
    if followed.card_channel != asked.channel:  # the card doesn't say it where it was asked for
        told = Told(text=f"The run of {followed.model} was {how.past}.")
        await ctx.step("told", station.posting.try_to_tell, asked, told)
    return await _followed(args, station)


async def _followed(args: dict[str, Any], station: Station) -> FollowedRun:
    key = RunKey(*args["key"])
    return await station.store.runs.get(key) or FollowedRun(
        dag_id=key.dag_id,
        dag_run_id=key.run_id,
        model=args["model"],
        origin="elsewhere",
        state=RunState.UNKNOWN,
        conf={},
    )


async def _look(
    ctx: JobContext, asked: Asked, followed: FollowedRun, how: Steering, station: Station
) -> dict[str, str]:
    """Why it may not be done, or nothing; when the run was queued, and when it ended, in seconds, if it is over."""
    if why := await _refusal(ctx, asked, followed, station):
        return {"why": why, "queued": ""}
    run = await look(station, followed)
    ended = {"ended": str(run.ended.timestamp())} if run.ended else {}
    return {"why": how.late(followed, run), "queued": str(run.queued), **ended}


async def _refusal(ctx: JobContext, asked: Asked, followed: FollowedRun, station: Station) -> str:
    """Before anything is changed: is it still wanted, and still allowed?"""
    if ctx.age > STALE_AFTER:
        return f"You asked for this over an hour ago, so I did nothing to the run of {followed.model}."
    try:
        await allow(station, asked.person, Right.STEER, followed)
    except Refusal as error:
        return error.sentence
    return ""


async def allow(station: Station, person_id: str, right: Right, followed: FollowedRun) -> None:
    """NotAllowed unless this person may, as things are now, use this right on this run."""
    model = await station.catalogue.of_dag(followed.dag_id)
    if model is None:
        raise Refusal(f"The pipeline of this run, {followed.dag_id}, is in the catalogue no longer.")
    roles = await station.people.roles(await station.people.person(person_id), model)
    decision = decide(right, roles, model.name, own=followed.requested_by == person_id)
    if not decision.allowed:
        raise NotAllowed(decision.why)


async def _do(
    ctx: JobContext, asked: Asked, followed: FollowedRun, queued: str, how: Steering, station: Station
) -> str:
    """Do it, unless an earlier attempt did; why nothing came of it, or nothing."""
    if why := await _refusal(ctx, asked, followed, station):
        return why
    run = await look(station, followed)
    try:
        if str(run.queued) == queued:
            run = await how.act(station.orchestrator, followed.key)
    except (ServiceDown, ServiceConfused):
        raise
    except ServiceError as error:
        return error.sentence
    return how.missed(run, queued)


async def _keep(
    station: Station,
    key: RunKey,
    change: Callable[[Shown], Shown],
    tx: Transaction | None = None,
    *,
    resumed: float | None = None,
) -> bool:
    """Change what is kept beside the run. False where nobody follows it.

    One that was `resumed` from its end at that time is followed again, unless a later end of it is known already.
    """
    for _ in range(TRIES):
        followed = await station.store.runs.get(key, tx)
        if followed is None:
            return False
        changes: RunChanges = {"shown": change(dict(followed.shown or {})), "revision": followed.revision + 1}
        if resumed is not None and followed.ended and followed.ended <= resumed:
            changes["ended"] = None
        if await station.store.runs.change(key, at_revision=followed.revision, tx=tx, **changes):
            return True
    raise RuntimeError(f"{key} changed {TRIES} times while it was written to")


async def _record(
    ctx: JobContext, asked: Asked, followed: FollowedRun, ended: str | None, how: Steering, station: Station
) -> bool:
    """What is kept beside the run, and the audit row that says who did it. `ended`: when it was over before, if so."""
    resumed = float(ended or "inf") if how.resumes else None
    async with station.store.write() as tx:
        await _keep(station, followed.key, lambda shown: how.after(shown, asked), tx, resumed=resumed)
        await station.store.audit.append(_entry(ctx, asked, followed, how, how.past), tx)
    return True


async def _give_up(
    ctx: JobContext, asked: Asked, followed: FollowedRun, why: str, how: Steering, station: Station
) -> None:
    """Say why, and put the card right: it may have shown a button that it should not have."""
    await ctx.step("withdrawn", _withdraw, ctx, asked, followed, why, how, station)
    await ctx.step("told", station.posting.try_to_tell, asked, Refused(sentence=why, hint="Nothing was changed."))
    try:
        await refresh(station, await station.store.runs.get(followed.key) or followed)
    except ServiceError as error:
        log.info("card.not_refreshed", run=followed.dag_run_id, reason=str(error))


async def _withdraw(
    ctx: JobContext, asked: Asked, followed: FollowedRun, why: str, how: Steering, station: Station
) -> bool:
    """Undo what was kept before. What was kept by somebody else's request stays."""

    def undone(shown: Shown) -> Shown:
        return {name: value for name, value in shown.items() if not _is_of(value, asked)}

    async with station.store.write() as tx:
        await _keep(station, followed.key, undone, tx)
        await station.store.audit.append(_entry(ctx, asked, followed, how, "refused", why), tx)
    return True


def _is_of(value: Any, asked: Asked) -> bool:
    return isinstance(value, dict) and value.get("request") == asked.request_id


def _entry(
    ctx: JobContext, asked: Asked, followed: FollowedRun, how: Steering, outcome: str, why: str = ""
) -> AuditEntry:
    return AuditEntry(
        id=f"{ctx.id}:{outcome}",
        actor=asked.person,
        actor_name=asked.name,
        action=how.name,
        outcome=outcome,
        model=followed.model,
        subject=followed.dag_run_id,
        detail={"dag_id": followed.dag_id} | ({"why": why} if why else {}),
        job_id=ctx.id,
    )
