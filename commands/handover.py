"""`handover SCHEDULE [PERSON]`: a schedule that somebody else answers for."""

from __future__ import annotations

import re

from bot.access import Right
from bot.conversation.commands import Call, Work, command
from bot.conversation.words import Arguments
from bot.errors import Refusal
from bot.scheduling.composing import Doing

_PERSON = re.compile(r"@?(?P<id>[UW][A-Z0-9]{2,30})")


class HandoverArguments(Arguments):
    """The SCHEDULE, by its id or the end of it; and to whom it goes: a mention, by default whoever asks."""

    schedule: str
    person: str = ""


@command("handover", summary="give a schedule to somebody", example="handover SCHEDULE @somebody", right=Right.SCHEDULE)
async def handover(call: Call, arguments: HandoverArguments) -> Work:
    """Its runs then count against the new owner's budget, who has to be allowed to schedule them."""
    kept = call.about_schedule
    found = _PERSON.fullmatch(arguments.person or call.person.id)
    if not found:
        raise Refusal("I need to know whom: mention them with @.", example=f"handover {kept.id} @somebody")
    if found["id"] == kept.owner:
        raise Refusal(f"{kept.id} is {kept.owner_name}'s already.", hint="Nothing was changed.")
    args = {"id": kept.id, "model": kept.model, "doing": Doing.HAND_OVER, "to": found["id"]}
    return Work("schedule.put", args, subject=kept.id)
