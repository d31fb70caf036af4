"""What a test does in a person's place: type, click, look."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from demo.slack.backend import Backend
from demo.slack.content import Content
from demo.slack.deliveries import Deliveries, Outcome
from demo.slack.errors import SlackError
from demo.slack.messages import Message
from demo.slack.typed import escape_typed

T = TypeVar("T")


class Actor:
    """One person in front of the stand-in."""

    def __init__(self, user: str, backend: Backend, deliveries: Deliveries) -> None:
        self.user = user
        self._backend = backend
        self._deliveries = deliveries

    async def slash(self, channel: str, typed: str) -> Outcome:
        """Type a slash command; returns when the app acknowledged it, or failed to."""
        return await self._deliveries.slash(self.user, channel, typed)

    async def click(
        self,
        channel: str,
        ts: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: str | None = None,
    ) -> Outcome:
        """Click an element of a message, or choose the option `value` of a menu."""
        return await self._deliveries.action(self.user, channel, ts, action_id, block_id=block_id, value=value)

    def say(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a plain message."""
        conversation = self._backend.workspace.conversation(channel)
        if self.user not in conversation.members:
            raise SlackError("not_in_channel")
        content = Content(escape_typed(text, self._backend.world), [])
        return self._backend.workspace.post(conversation.id, self.user, content, thread_ts=thread_ts)


async def wait_for(backend: Backend, predicate: Callable[[], T | None], timeout: float) -> T:  # noqa: ASYNC109 - tests read best so
    """The predicate's first truthy value, asked again at every change and every 50 ms.

    Raises TimeoutError after `timeout` seconds.
    """
    with backend.feed.subscribe() as changes:
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                try:
                    await asyncio.wait_for(changes.get(), 0.05)
                except TimeoutError:
                    continue
    return found
