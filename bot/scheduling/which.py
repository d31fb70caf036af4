"""Which schedule a person means: by its id or the end of it, or by its model where that has just one."""

from __future__ import annotations

from bot.conversation.words import nearest
from bot.errors import Refusal, UnknownWord
from bot.messages.phrases import listed
from bot.station import Station
from bot.store import KeptSchedule

SHORTEST = 4  # characters of an id's end that are taken for it
MOST_NAMED = 8


async def find_schedule(station: Station, word: str) -> KeptSchedule:
    """The schedule called `word`. UnknownWord with the nearest, or Refusal where several are meant."""
    wanted, kept = word.lower(), await station.store.schedules.all()
    found = [each for each in kept if each.id.lower() == wanted]
    found = found or [each for each in kept if each.model.lower() == wanted]
    if not found and len(wanted) >= SHORTEST:
        found = [each for each in kept if each.id.lower().endswith(wanted)]
    if len(found) > 1:
        several = listed([each.id for each in found[:MOST_NAMED]])
        raise Refusal(f"{len(found)} schedules are called “{word}”: {several}.", hint="Name one of them by its id.")
    if not found:
        names = [each.id for each in kept]
        raise UnknownWord("schedule", word, nearest(word, names), hint="“schedules” lists them all, with their ids.")
    return found[0]
