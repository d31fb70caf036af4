"""`handover SCHEDULE [PERSON]`: a schedule that somebody else answers for."""

from __future__ import annotations

import re
from typing import ClassVar
from uuid import uuid4

from bot.access import Right
from bot.conversation.commands import Call, Submitted, Work, command, form
from bot.conversation.words import Arguments
from bot.errors import Refusal
from bot.messages.markup import Markup, escape
from bot.messages.render import Modal
from bot.scheduling.announcing import named
from bot.scheduling.composing import Doing
from bot.scheduling.spec import ScheduleSpec
from bot.store import Draft, KeptSchedule

_PERSON = re.compile(r"@?(?P<id>[UW][A-Z0-9]{2,30})")


class HandoverArguments(Arguments):
    """The SCHEDULE, by its id or the end of it; and to whom it goes, as a mention."""

    schedule: str
    person: str = ""


class HandoverForm(Modal):
    """Asks to whom a schedule goes."""

    template: ClassVar[str] = "handover_form"
    named: Markup
    draft: str


@command("handover", summary="give a schedule to somebody", example="handover SCHEDULE @somebody", right=Right.SCHEDULE)
async def handover(call: Call, arguments: HandoverArguments) -> Work | HandoverForm:
    """Told to whom, it goes to them; else somebody else's is taken over, and of one's own it is asked to whom."""
    kept = call.about_schedule
    if not arguments.person and kept.owner == call.person.id:
        return await _asked(call, kept)
    found = _PERSON.fullmatch(arguments.person or call.person.id)
    if not found:
        raise Refusal("I need to know whom: mention them with @.", example=f"handover {kept.id} @somebody")
    return _work(kept, found["id"])


@form("handover_form", right=Right.READ)
async def handed_over(call: Call, submitted: Submitted) -> Work:
    """Whether this person may is looked at by the work, as of any change to a schedule."""
    kept = await call.station.store.schedules.get(submitted.draft.data["schedule"])
    to = submitted.values.get("to", {}).get("to", {}).get("selected_user")
    if kept is None or not to:
        raise Refusal("This schedule is there no longer.")
    return _work(kept, str(to))


def _work(kept: KeptSchedule, to: str) -> Work:
    """Its runs then count against the new owner's budget, who has to be allowed to schedule them."""
    if to == kept.owner:
        raise Refusal(f"{kept.id} is {kept.owner_name}'s already.", hint="Nothing was changed.")
    args = {"id": kept.id, "model": kept.model, "doing": Doing.HAND_OVER, "to": to}
    return Work("schedule.put", args, subject=kept.id, words=f"handover {kept.id}")


async def _asked(call: Call, kept: KeptSchedule) -> HandoverForm:
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=call.channel,
        model=kept.model,
        data={"schedule": kept.id},
    )
    await call.station.store.drafts.save(draft)
    spec = ScheduleSpec.model_validate(kept.spec)
    return HandoverForm(named=Markup(f"*{escape(kept.model)}*, {named(spec)}"), draft=draft.id)
