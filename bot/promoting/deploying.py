"""The DAG that deploys what holds an alias: started once, followed to its end by looking every few seconds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.domain import Run, RunKey, RunState, Task, TaskState
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.jobs import JobContext, RetryLater
from bot.messages.markup import fit
from bot.station import Station

log = get_logger(__name__)
LOOK_EVERY = 5.0  # seconds
LOOK_SELDOM = 60.0  # once it has taken an hour
SOON = 3_600.0
GIVE_UP = 24 * 3_600.0  # seconds that a deployment is followed
ASK_AGAIN = 15.0

Report = Callable[[dict[str, Any]], Awaitable[None]]


async def deploy(
    ctx: JobContext, station: Station, dag_id: str, conf: dict[str, str], note: str, report: Report
) -> dict[str, Any]:
    """Deploy, and return how that ended: `state` (success, failed or refused), `words`, `ended` in epoch seconds.

    `report` is given what there is to tell whenever it changed. RetryLater while it goes on, or Airflow is away.
    """
    key = RunKey(dag_id, run_id(ctx))
    try:
        refused = await ctx.step("deploy started", _start, station, key, conf, note)
    except (ServiceDown, ServiceConfused) as error:
        await report({"state": "running", "words": f"{error.sentence} I go on when it is back."})
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    if refused:
        ended = {"state": "refused", "words": refused, "ended": time.time()}
    else:
        ended = await ctx.step("deploy ended", _follow, ctx, station, key, report)
    await report(ended)
    return ended


async def _start(station: Station, key: RunKey, conf: dict[str, str], note: str) -> str:
    """Start it; why it can't be, in words. A run of a paused DAG would wait for ever."""
    if await station.orchestrator.run(key) is not None:
        return ""
    try:
        pipeline = await station.orchestrator.pipeline(key.dag_id)
        if pipeline.trouble:
            return f"{key.dag_id} can't run: {pipeline.trouble}."
        await station.orchestrator.start(key, conf, note=fit(note, 1_000))
    except (ServiceRejected, ServiceDenied, NotFound) as error:
        return error.sentence
    return ""


async def _follow(ctx: JobContext, station: Station, key: RunKey, report: Report) -> dict[str, Any]:
    """How the run ended. RetryLater while it goes on: waiting costs nothing."""
    url = station.orchestrator.run_url(key)
    try:
        run = await station.orchestrator.run(key)
        if run is None:
            return {"state": "failed", "words": "its run was deleted in Airflow", "ended": time.time()}
        if run.state.over:
            return {"words": await _result(station, run), "url": url, "ended": _ended(run), "state": run.state.value}
    except ServiceError as error:
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    going_on = time.time() - (run.queued or run.started or datetime.now(UTC)).timestamp()
    if going_on > GIVE_UP:
        return {"state": "failed", "words": "it has not ended within a day, so I stopped looking", "ended": time.time()}
    await report({"state": "running", "words": "", "url": url})
    raise RetryLater("the deployment goes on", after=LOOK_EVERY if going_on < SOON else LOOK_SELDOM)


def _ended(run: Run) -> float:
    return run.ended.timestamp() if run.ended else time.time()


async def _result(station: Station, run: Run) -> str:
    """What its last task said, or which one failed and how."""
    tasks = (await station.orchestrator.tasks([run.key])).get(run.key, ())
    if run.state is RunState.SUCCESS:
        said = [await station.orchestrator.summary(run.key, task) for task in _by_end(tasks, TaskState.SUCCESS)]
        return next((each for each in said if each), "")
    failed = _by_end(tasks, TaskState.FAILED)
    if not failed:
        return f"{run.dag_id} was ended in Airflow"
    failure = await station.orchestrator.failure(run.key, failed[-1])
    return f"{run.dag_id} failed at {failed[-1].title}" + (f": {failure}" if failure else "")


def _by_end(tasks: Sequence[Task], state: TaskState) -> list[Task]:
    """Those that ended in this state, the last first."""
    mine = [task for task in tasks if task.state is state and task.ended]
    return sorted(mine, key=lambda task: task.ended or datetime.min.replace(tzinfo=UTC), reverse=True)


def run_id(ctx: JobContext) -> str:
    """The DAG run's id: made of the job's, so that starting it again is no second deployment."""
    accepted = datetime.fromtimestamp(ctx.accepted_at, UTC)
    return f"slack__{accepted:%Y-%m-%dT%H:%M:%S}_{hashlib.sha256(ctx.key('deploy').encode()).hexdigest()[:8]}"
