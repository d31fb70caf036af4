"""A run that takes far longer than usual, or stays in the queue, is pointed out once, in its card's thread."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from structlog import get_logger

from bot.domain import Run, RunKey, RunState
from bot.errors import NotFound, NotInChannel, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.launching.compute import named_in
from bot.launching.history import estimate_of
from bot.launching.price import Estimate
from bot.messages.phrases import about, count, lasted
from bot.messages.render import Message
from bot.station import Station
from bot.store import FollowedRun

log = get_logger(__name__)
ENOUGH_RUNS = 5  # with fewer, nobody can say what is usual
FAR = 1.25  # times the p90
AT_LEAST = 30.0  # seconds beyond the p90: what takes seconds is not pointed out for one more
QUEUED_LONG = 600.0  # seconds
KEPT_SECONDS = 60.0
ASK_AGAIN = 20.0
GIVE_UP = 3_600.0  # seconds; it would be no news then

Why = Literal["", "slow", "queued"]


class RunLate(Message):
    """The reply that points it out; to its requester by a mention, if there is one."""

    template: ClassVar[str] = "run_late"
    person: str
    words: str


class Overdue:
    """Looks at the runs that the tracker follows."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._usual: dict[tuple[str, str], tuple[float, Estimate | None]] = {}
        self._told: set[str] = set()

    async def look(self, going: Iterable[tuple[FollowedRun, Run]]) -> None:
        """Hand each that is late now to durable work: once a run, and once more where it was set going again."""
        for followed, run in going:
            if followed.card_ts:
                await self._look_at(run)

    async def _look_at(self, run: Run) -> None:
        usual = await self._estimate(run) if run.state is RunState.RUNNING else None
        why = late(run, usual, datetime.now(UTC))
        job_id = f"late:{run.dag_id}:{run.run_id}:{why}:{run.queued.timestamp() if run.queued else 0:.0f}"
        if why and job_id not in self._told:
            words = _slow_words(run, usual) if usual else await self._queued_words(run)
            await self._station.jobs.submit(job_id, "run.late", {"key": list(run.key), "why": why, "words": words})
            self._told.add(job_id)

    async def _estimate(self, run: Run) -> Estimate | None:
        """How long such a run takes, from what is kept; read again once a minute."""
        about = (run.dag_id, named_in(run.conf))
        until, known = self._usual.get(about, (0.0, None))
        if time.monotonic() > until:
            known = await estimate_of(self._station, *about)
            self._usual[about] = (time.monotonic() + KEPT_SECONDS, known)
        return known

    async def _queued_words(self, run: Run) -> str:
        model = await self._station.catalogue.of_dag(run.dag_id)
        trouble = f" {model.name}: {model.trouble}." if model and model.trouble else ""
        return f"this run has waited for its turn in Airflow for {lasted(_since(run.queued))}.{trouble}"


def late(run: Run, usual: Estimate | None, now: datetime) -> Why:
    """Is a run that goes on far over its p90, or in the queue for long? Without enough past runs nothing is said."""
    if run.state is RunState.QUEUED and run.queued:
        due = max(run.queued, run.run_after or run.queued)
        return "queued" if (now - due).total_seconds() > QUEUED_LONG else ""
    if run.state is not RunState.RUNNING or run.started is None or usual is None or usual.runs < ENOUGH_RUNS:
        return ""
    limit = max(usual.p90 * FAR, usual.p90 + AT_LEAST)
    return "slow" if (now - run.started).total_seconds() > limit else ""


def _slow_words(run: Run, usual: Estimate) -> str:
    nine_of_ten = f"nine of ten of the last {count(usual.runs, 'run')} took at most {about(usual.p90)}"
    return (
        f"this run has taken {lasted(_since(run.started))} so far; {nine_of_ten.replace('at most about', 'at most')}."
    )


def _since(moment: datetime | None) -> float:
    return (datetime.now(UTC) - moment).total_seconds() if moment else 0.0


async def point_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "run.late", unless the run has ended meanwhile, or is slow because it has waited for a person."""
    key = RunKey(*args["key"])
    followed = await station.store.runs.get(key)
    if followed is None or followed.ended or not (followed.card_channel and followed.card_ts):
        return
    if args["why"] == "slow" and await station.store.questions.asked_in(key):
        return
    reply = RunLate(person=followed.requested_by or "", words=args["words"]).render()
    try:
        await station.posting.once(f"{ctx.id}:reply", followed.card_channel, reply, thread=followed.card_ts)
    except (NotFound, NotInChannel) as error:
        log.info("card.unreachable", run=followed.dag_run_id, reason=str(error))
    except ServiceError as error:
        if ctx.age > GIVE_UP:
            return
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
