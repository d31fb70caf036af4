"""`unschedule SCHEDULE`: a schedule that is no more."""

from __future__ import annotations

from typing import Any

from bot.access import Right
from bot.conversation.answers import Proposal, Told
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments
from bot.jobs import JobContext
from bot.messages.markup import Markup, escape
from bot.scheduling import stopping
from bot.scheduling.announcing import named
from bot.scheduling.spec import ScheduleSpec
from bot.station import Station


class UnscheduleArguments(Arguments):
    """The SCHEDULE, by its id or the end of it; and whether to ask no more."""

    schedule: str
    yes: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"yes"})


@command("unschedule", summary="remove a schedule", example="unschedule SCHEDULE", right=Right.SCHEDULE)
async def unschedule(call: Call, arguments: UnscheduleArguments) -> Told | Work:
    """Ask first, unless told not to."""
    kept = call.about_schedule
    if arguments.yes:
        return Work("schedule.remove", {"id": kept.id, "model": kept.model}, subject=kept.id)
    spec = ScheduleSpec.model_validate(kept.spec)
    return Told(
        text=Markup(f"Remove the schedule of {escape(kept.model)}, {named(spec)}? Its past runs stay."),
        proposals=(Proposal("Remove it", f"unschedule {kept.id} --yes", settles=True),),
    )


@work("schedule.remove")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Take it out of Airflow."""
    await stopping.remove(ctx, args, station)
