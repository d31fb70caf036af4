"""`retry RUN`: a failed run again, from the task that failed."""

from __future__ import annotations

from typing import Any

from bot.access import Right
from bot.conversation.asked import Asked
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments
from bot.domain import Run, RunKey, RunState
from bot.errors import Refusal
from bot.following.refreshing import refresh
from bot.following.steering import Shown, Steering, accepted, steer
from bot.jobs import JobContext
from bot.ports import Orchestrator
from bot.station import Station
from bot.store import FollowedRun


class RetryArguments(Arguments):
    """The RUN, by its id or the end of it."""

    run: str


class Retrying(Steering):
    """Lets what has not succeeded run again. Who does so can't approve what comes of it: the audit row tells."""

    name, past, resumes = "retry", "retried", True

    def late(self, followed: FollowedRun, run: Run) -> str:
        """See Steering."""
        match run.state:
            case RunState.FAILED:
                return ""
            case RunState.SUCCESS:
                return f"This run of {followed.model} has succeeded, so there is nothing to retry; clone it instead."
            case RunState.GONE:
                return f"This run of {followed.model} was deleted in Airflow."
            case _:
                return f"This run of {followed.model} is going on already."

    async def act(self, orchestrator: Orchestrator, key: RunKey) -> Run:
        """See Steering."""
        return await orchestrator.retry(key)

    def missed(self, run: Run, queued: str) -> str:
        """See Steering. A run that someone has set to failed may have no task that is left to do."""
        idle = run.state is RunState.FAILED and str(run.queued) == queued
        return "Every task of this run has succeeded, so there is nothing to retry; clone it instead." if idle else ""

    def after(self, shown: Shown, asked: Asked) -> Shown:
        """See Steering. Without its digest the card is drawn anew, whatever it shows."""
        return {name: value for name, value in shown.items() if name != "digest"} | {"retried_by": asked.name}


@command("retry", summary="a failed run again, from the failed task", example="retry RUN", right=Right.STEER)
async def retry(call: Call, arguments: RetryArguments) -> Work:
    """Nothing is asked of Airflow before Slack has its answer; the work looks whether the run has failed."""
    if call.about.trouble:
        raise Refusal(f"{call.about.name} can't be trained now: {call.about.trouble}.", hint="Nothing was started.")
    return accepted(call, "run.retry")


@work("run.retry")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Set the run going again, and show it on its card at once."""
    if followed := await steer(ctx, args, station, Retrying()):
        await refresh(station, followed)
