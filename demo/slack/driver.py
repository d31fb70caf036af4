"""What a test does in a person's place: type, click, fill in, look."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from demo.slack.backend import Backend
from demo.slack.deliveries import Deliveries, Outcome
from demo.slack.inputs import Inputs
from demo.slack.messages import Message
from demo.slack.states import Raw
from demo.slack.views import View

T = TypeVar("T")


class Actor:
    """One person in front of the stand-in; the methods are those of Deliveries, for this person."""

    def __init__(self, user: str, backend: Backend, deliveries: Deliveries) -> None:
        self.user = user
        self._backend = backend
        self._deliveries = deliveries

    async def slash(self, channel: str, typed: str) -> Outcome:
        """Type a slash command; returns when the app acknowledged it, or failed to."""
        return await self._deliveries.slash(self.user, channel, typed)

    async def click(
        self, channel: str, ts: str, action_id: str, *, block_id: str | None = None, value: Raw = None
    ) -> Outcome:
        """Click an element of a message, or choose `value` in it."""
        return await self._deliveries.action(self.user, channel, ts, action_id, block_id=block_id, value=value)

    async def say(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a plain message."""
        return await self._deliveries.say(self.user, channel, text, thread_ts)

    async def shortcut(self, callback_id: str, *, channel: str | None = None, ts: str | None = None) -> Outcome:
        """Choose a shortcut: from a message's menu, or a global one."""
        return await self._deliveries.shortcut(self.user, callback_id, channel=channel, ts=ts)

    async def open_home(self) -> None:
        """Look at the app's home tab."""
        await self._deliveries.open_home(self.user)

    @property
    def home(self) -> View | None:
        """The home tab that this person sees."""
        return self._backend.views.home(self.user)

    @property
    def modals(self) -> list[View]:
        """The modals that this person sees, the one on top last."""
        return self._backend.views.stack(self.user)

    async def view_action(
        self,
        view_id: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Raw = None,
        inputs: Inputs | None = None,
    ) -> Outcome:
        """Click an element of a modal or the home tab, or choose `value` in it."""
        return await self._deliveries.view_action(
            self.user, view_id, action_id, block_id=block_id, value=value, inputs=inputs
        )

    async def submit(self, view_id: str, inputs: Inputs) -> Outcome:
        """Fill a modal in and press its submit button."""
        return await self._deliveries.submit(self.user, view_id, inputs)

    async def close(self, view_id: str, *, all: bool = False) -> Outcome:  # noqa: A002 - reads best so
        """Close a modal, or all of them."""
        return await self._deliveries.close(self.user, view_id, all=all)

    async def suggest(self, action_id: str, text: str, **place: str) -> list[dict[str, Any]]:
        """Type into an external menu; `place` is `view_id`, or `channel` and `ts`, and perhaps `block_id`."""
        return await self._deliveries.suggest(self.user, action_id, text, **place)


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
