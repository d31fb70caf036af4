"""A message is posted without a note of it beforehand, and it takes a moment until it is remembered."""

from __future__ import annotations

import asyncio

from bot.conversation.posting import Posting
from bot.domain import Posted
from bot.ports import Outgoing


async def once(self: Posting, key: str, channel: str, message: Outgoing, *, thread: str = "") -> Posted:
    """Post unless it was remembered; remember it late."""
    kept = await self._store.posts.get(key)
    if kept and kept.ts:
        return Posted(channel=kept.channel, ts=kept.ts)
    posted = await self._chat.post(channel, message, thread=thread)
    await asyncio.sleep(0.3)
    await self._store.posts.attempt(key, posted.channel, "none", 0.0)
    await self._store.posts.posted(key, posted.channel, posted.ts)
    return posted


Posting.once = once  # type: ignore[method-assign]  # that is the bug
