"""`cancel RUN`: stop a run that goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.access import Right
from bot.conversation.answers import Proposal, Told
from bot.conversation.asked import Asked
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments
from bot.domain import Run, RunKey, RunState
from bot.errors import Refusal
from bot.following.cards import cancellation
from bot.following.finishing import submit_finish
from bot.following.refreshing import look
from bot.following.runlines import as_kept
from bot.following.steering import Shown, Steering, accepted, steer
from bot.jobs import JobContext
from bot.messages.markup import Markup, date, escape
from bot.ports import Orchestrator
from bot.station import Station
from bot.store import FollowedRun


class CancelArguments(Arguments):
    """The RUN, by its id or the end of it; and whether to ask no more."""

    run: str
    yes: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"yes"})


class Cancelling(Steering):
    """Stops the run; its card then says by whom."""

    name, past = "cancel", "cancelled"

    def late(self, followed: FollowedRun, run: Run) -> str:
        """See Steering."""
        name = cancellation(followed, run).get("name")
        return f"This run of {followed.model} was already cancelled by {name}." if name else over(followed.model, run)

    async def act(self, orchestrator: Orchestrator, key: RunKey) -> Run:
        """See Steering."""
        return await orchestrator.stop(key)

    def missed(self, run: Run, queued: str) -> str:
        """See Steering. Between the look and the stop the run may have come to its end."""
        return "" if run.state is RunState.FAILED else over("the model", run)

    def before(self, shown: Shown, asked: Asked, queued: str) -> Shown:
        """See Steering."""
        by = {"request": asked.request_id, "person": asked.person, "name": asked.name, "queued": queued}
        return shown | {"cancelled": by}


def over(model: str, run: Run) -> str:
    """Why a run can't be cancelled; empty where it can."""
    match run.state:
        case RunState.SUCCESS:
            return f"This run of {model} has already finished."
        case RunState.FAILED:
            return f"This run of {model} has already ended."
        case RunState.GONE:
            return f"This run of {model} was deleted in Airflow."
        case _:
            return ""


@command("cancel", summary="stop a run", example="cancel RUN", right=Right.STEER)
async def cancel(call: Call, arguments: CancelArguments) -> Told | Work:
    """Ask first, unless told not to; then it is the work that looks whether there is anything left to stop."""
    if arguments.yes:
        return accepted(call, "run.cancel")
    followed = call.about_run
    if followed.ended is not None:
        raise Refusal(over(followed.model, as_kept(followed)), hint="Nothing was changed.")
    since = date(datetime.fromtimestamp(followed.created, UTC), "{date_short_pretty} {time}")
    by = f" by {escape(followed.requested_by_name)}" if followed.requested_by_name else ""
    return Told(
        text=Markup(f"Cancel the run of {escape(followed.model)}, started {since}{by}?"),
        proposals=(Proposal("Cancel the run", f"cancel {followed.dag_id}/{followed.dag_run_id} --yes", settles=True),),
    )


@work("run.cancel")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Stop the run; what its end means is told as of any other end."""
    followed = await steer(ctx, args, station, Cancelling())
    kept = await station.store.runs.get(followed.key) if followed else None
    if followed and kept and kept.ended is None:  # one that is being started is kept in a moment: its end can wait
        run = await look(station, followed)
        if run.state.over:
            await submit_finish(station, run)
