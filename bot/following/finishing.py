"""What happens once when a run ends: its card tells the result, and its requester is told in the card's thread."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, ClassVar

from structlog import get_logger

from bot.conversation.answers import Told
from bot.domain import Posted, Run, RunKey, RunState
from bot.errors import NotFound, NotInChannel, ServiceError
from bot.following.cards import Outcome, cancellation, run_card
from bot.following.facts import facts, new_summaries, outcome_of
from bot.following.refreshing import look
from bot.jobs import JobContext, RetryLater
from bot.launching.settling import settle
from bot.messages.phrases import listed
from bot.messages.render import Message, Rendered
from bot.promoting.proposing import propose
from bot.station import Station
from bot.store import AuditEntry, FollowedRun

log = get_logger(__name__)
ASK_AGAIN = 20.0  # seconds
LOOK_AGAIN = 0.5
BACKFILL = "backfill"  # the origin of runs of which many are told of on one card
GIVE_UP = 24 * 3_600.0  # seconds that missing metrics are waited for


class RunEnded(Message):
    """The reply that mentions the requester: a mention that is edited in notifies nobody."""

    template: ClassVar[str] = "run_ended"
    person: str
    words: str


async def submit_finish(station: Station, run: Run) -> None:
    """Hand the run's end to durable work, once. The id holds the end's time: a run that is retried ends again."""
    end = _end(run)
    args = {"key": list(run.key), "end": end}
    await station.jobs.submit(f"finish:{run.dag_id}:{run.run_id}:{end}", "run.finish", args)


def _end(run: Run) -> str:
    return run.ended.isoformat() if run.ended else str(run.state)


async def finish(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "run.finish"; `args["key"]` is the run's DAG and id, `args["end"]` tells this end from others of it."""
    key = RunKey(*args["key"])
    followed = await station.store.runs.get(key)
    if followed is None or followed.ended:
        return
    if not followed.card_ts:
        if await _card_is_coming(station, followed):
            raise RetryLater("the run's card is being posted", after=LOOK_AGAIN)
        followed = await station.store.runs.get(key) or followed  # that work may have posted it since we looked
    try:
        run = await _ended(station, followed, args.get("end"))
        if not run:
            return
        shown = (followed.shown or {}) | {"cost": await settle(station, ctx.id, followed, run)}
        followed = replace(followed, shown=shown)
        outcome = await _tell(ctx, station, followed, run)
    except ServiceError as error:
        if ctx.age > GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    if outcome.trouble and ctx.age < GIVE_UP:
        raise RetryLater(outcome.trouble, after=ASK_AGAIN)
    if not await _record(ctx, station, followed, run, outcome):
        raise RetryLater("the run was changed while its end was told", after=LOOK_AGAIN)
    if outcome.version:
        await propose(station, ctx.id, followed, outcome.version)


async def _ended(station: Station, followed: FollowedRun, end: str | None) -> Run | None:
    """The run, unless someone has set it going again since this end: the tracker goes on, and its next end has work
    of its own.
    """
    run = await look(station, followed)
    if not run.state.over:
        return None
    if end and end != _end(run):
        await submit_finish(station, run)
        return None
    return run


async def _card_is_coming(station: Station, followed: FollowedRun) -> bool:
    """Is the work that posts the card still going on? A run may end before its card stands."""
    if not followed.job_id:
        return False
    starting = await station.jobs.get(followed.job_id)
    return starting is not None and starting.state in {"ready", "running", "waiting"}


async def _tell(ctx: JobContext, station: Station, followed: FollowedRun, run: Run) -> Outcome:
    tasks = (await station.orchestrator.tasks([run.key])).get(run.key, ())
    shown = followed.shown or {}
    summaries = await new_summaries(station, run, tasks, shown.get("summaries", {}))
    outcome = await outcome_of(station, followed, run, tasks)
    changed = replace(followed, shown=shown | {"summaries": summaries})
    card = run_card(await facts(station, changed, run, tasks, outcome)).render()
    at = await _show(ctx, station, followed, card)
    wanted = run.state is RunState.FAILED or not shown.get("schedule")  # nobody waits for a schedule's run to be ready
    if at and followed.requested_by and wanted and cancellation(followed, run).get("person") != followed.requested_by:
        reply = RunEnded(person=followed.requested_by, words=_words(followed, run, outcome)).render()
        await station.posting.once(f"{ctx.id}:reply", at.channel, reply, thread=at.ts)
    elif at and not followed.requested_by and run.state is RunState.FAILED:
        await _name_owners(ctx, station, followed, outcome, at)
    return outcome


async def _name_owners(ctx: JobContext, station: Station, followed: FollowedRun, outcome: Outcome, at: Posted) -> None:
    """Say below the card of a run that nobody asked for whose it is to look at. Nobody is mentioned."""
    model = await station.catalogue.of_dag(followed.dag_id)
    if owners := await station.people.names(model.contract.owners if model else ()):
        where = f" at {outcome.failed_task}" if outcome.failed_task else ""
        told = Told(text=f"This run of {followed.model} failed{where}. Its owners: {listed(owners)}.").render()
        await station.posting.once(f"{ctx.id}:owners", at.channel, told, thread=at.ts)


async def _show(ctx: JobContext, station: Station, followed: FollowedRun, card: Rendered) -> Posted | None:
    """Edit the card; where it was deleted, never came to be, or can't be reached any more, post the result anew.

    A run of a backfill has none: the backfill has.
    """
    if followed.origin == BACKFILL and not followed.card_ts and followed.requested_by:
        return None
    if followed.card_channel and followed.card_ts:
        at = Posted(channel=followed.card_channel, ts=followed.card_ts)
        try:
            await station.chat.update(at, card)
        except (NotFound, NotInChannel) as error:
            log.info("card.unreachable", run=followed.dag_run_id, reason=str(error))
        else:
            return at
    places = [place for place in (followed.card_channel, followed.channel, followed.requested_by) if place]
    anew = await station.posting.somewhere(f"{ctx.id}:card", places, card)
    if anew:
        await station.store.runs.change(followed.key, card_channel=anew.channel, card_ts=anew.ts)
    return anew


def _words(followed: FollowedRun, run: Run, outcome: Outcome) -> str:
    mine = f"your {'scheduled ' if (followed.shown or {}).get('schedule') else ''}run of {followed.model}"
    if run.state is RunState.SUCCESS:
        version = f": v{outcome.version.version}" if outcome.version else ""
        return f"{mine} is ready{version}."
    if cancelled := cancellation(followed, run):
        return f"{mine} was cancelled by {cancelled.get('name')}."
    if run.state is RunState.FAILED:
        return f"{mine} failed{f' at {outcome.failed_task}' if outcome.failed_task else ''}."
    return f"{mine} was deleted in Airflow."


async def _record(ctx: JobContext, station: Station, followed: FollowedRun, run: Run, outcome: Outcome) -> bool:
    """Remember the end; False where somebody has steered the run meanwhile, and may have set it going again."""
    async with station.store.write() as tx:
        recorded = await station.store.runs.change(
            followed.key,
            at_revision=followed.revision,
            tx=tx,
            state=run.state,
            ended=run.ended.timestamp() if run.ended else time.time(),
            shown=followed.shown,
            mlflow_run_id=outcome.training.run_id if outcome.training else None,
            version=outcome.version.version if outcome.version else None,
        )
        if not recorded:
            return False
        entry = AuditEntry(
            id=f"{ctx.id}:ended",
            actor="airflow",
            actor_name="Airflow",
            action="run.ended",
            outcome=run.state,
            model=followed.model,
            subject=run.run_id,
            job_id=ctx.id,
        )
        await station.store.audit.append(entry, tx)
    return True
