"""Two people changed one schedule at once: the later is told by whom, and asked again on top of what it is now."""

from __future__ import annotations

from typing import Any

from bot.conversation.answers import Refused
from bot.conversation.asked import Asked
from bot.conversation.commands import Call
from bot.errors import Refusal
from bot.messages.render import Message
from bot.scheduling.proposing import propose
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.wanted import Wanted
from bot.station import Station


async def ask_again(args: dict[str, Any], asked: Asked, station: Station) -> bool:
    """Show what they wanted once more, as a change of what is there now."""
    wanted, newer = Wanted.model_validate(args["wanted"]), await station.specs.get(args["id"])
    if not isinstance(newer, ScheduleSpec):
        said: Message = Refused(sentence="This schedule was removed meanwhile.", hint="Nothing was changed.")
    else:
        said = await _question(wanted, newer, asked, station)
    await station.posting.tell(asked, said)
    return True


async def _question(wanted: Wanted, newer: ScheduleSpec, asked: Asked, station: Station) -> Message:
    kept = await station.store.schedules.get(newer.id)
    by = kept.changed_by if kept and kept.revision == newer.revision else "somebody"
    note = f"⚠️ Changed meanwhile by {by}: it is {newer.when.words} now. Nothing of yours was saved yet."
    model = await station.catalogue.find(newer.model)
    person = await station.people.person(asked.person)
    call = Call(
        station, person, await station.people.roles(person, model), asked.channel, asked.text, model, schedule=kept
    )
    try:
        return await propose(call, wanted.model_copy(update={"revision": newer.revision}), note)
    except Refusal as error:
        return Refused(sentence=f"{note} {error.sentence}", hint=error.hint)
