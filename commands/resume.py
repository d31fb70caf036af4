"""`resume SCHEDULE`: a paused schedule runs again, from its next time on."""

from __future__ import annotations

from bot.access import Right
from bot.conversation.commands import Call, Work, command
from bot.conversation.words import Arguments
from bot.scheduling.composing import Doing


class ResumeArguments(Arguments):
    """The SCHEDULE, by its id or the end of it."""

    schedule: str


@command("resume", summary="let a paused schedule run again", example="resume SCHEDULE", right=Right.SCHEDULE)
async def resume(call: Call, arguments: ResumeArguments) -> Work:
    """What it missed meanwhile is not made up for: its spec begins anew before it is let go on."""
    kept = call.about_schedule
    return Work("schedule.put", {"id": kept.id, "model": kept.model, "doing": Doing.RESUME}, subject=kept.id)
