"""Slack's budget of edits: fifty a minute for the whole workspace, shared by all replicas.

Slots in the store are taken, one for each edit. Cards of runs that go on leave some of them to what must not wait: the
end of a run, an answer to a click. Where Slack says "later" all the same, every replica waits as long as it says.
"""

from __future__ import annotations

from bot.store import Store

NAME = "slack.chat.update"
EDITS_A_MINUTE = 50
FOR_ENDS = 10  # of those, not for cards that will be edited again soon
MINUTE = 61.0  # seconds; one more, because edits take their time to Slack


class EditBudget:
    """The budget, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._slots = store.slots

    async def take(self, *, live: bool) -> float:
        """Take an edit: 0, or the seconds until there may be one. `live`: of a card that is edited again soon."""
        return await self._slots.take(NAME, EDITS_A_MINUTE, MINUTE, spare=FOR_ENDS if live else 0)

    async def close(self, seconds: float) -> None:
        """Slack wants no edit for so many seconds."""
        await self._slots.close(NAME, EDITS_A_MINUTE, seconds, MINUTE)

    async def left(self) -> int:
        """How many edits there are now."""
        return await self._slots.left(NAME, EDITS_A_MINUTE, MINUTE)
