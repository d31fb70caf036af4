"""Messages that are posted once, whatever crashes; and words for one person, wherever they can be reached.

Slack has no idempotency key for a post. The attempt is therefore written down first, with a random nonce that goes
with the message as metadata. Where an earlier attempt's outcome is uncertain, the channel is searched for that nonce,
once Slack has had the time to do what it was asked; then the message is posted by whoever notes first that they will.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from uuid import uuid4

from structlog import get_logger

from bot.conversation.answerable import Answerable
from bot.conversation.asked import Asked
from bot.domain import Posted
from bot.errors import NotFound, NotInChannel, ServiceConfused, ServiceDenied, ServiceDown, ServiceError
from bot.messages.render import Message, Rendered
from bot.ports import Chat, Outgoing
from bot.store import Post, Store
from bot.uptime import STOPPED, uptime

log = get_logger(__name__)

LANDED = 15  # seconds after it was noted, a post stands in the channel or never will: STOPPED, and what a call may last


class Posting:
    """Posts through the chat, remembering in the store."""

    def __init__(self, chat: Chat, store: Store, answerable: Answerable) -> None:
        self._chat, self._store, self.answerable = chat, store, answerable
        self._over: dict[str, float] = {}  # by key, when the attempt was noted that failed here: it is not under way

    async def once(self, key: str, channel: str, message: Outgoing, *, thread: str = "") -> Posted:
        """Post for `key` if that wasn't done yet, and say where the message stands."""
        outgoing, found, nonce, noting = message, None, uuid4().hex, uptime()
        attempt = await self._store.posts.attempt(key, channel, nonce, self._chat.now())
        ours = attempt.nonce == nonce
        while not (attempt.ts or found) and (not ours or uptime() - noting > STOPPED):
            attempt = await self._landed(attempt)
            if attempt.ts:
                break
            outgoing, found = await self._look_for(attempt, message, thread)
            if not found:
                noting = uptime()
                attempt, ours = await self._store.posts.again(attempt, self._chat.now())
        if attempt.ts:
            return Posted(channel=attempt.channel, ts=attempt.ts)
        posted = found or await self._post(attempt, channel, outgoing, thread)
        await self._store.posts.posted(key, posted.channel, posted.ts)
        return posted

    async def _post(self, attempt: Post, channel: str, message: Outgoing, thread: str) -> Posted:
        try:
            return await self._chat.post(channel, message, thread=thread, nonce=attempt.nonce)
        except (ServiceDown, ServiceConfused):
            self._over[attempt.key] = attempt.at
            raise

    async def _landed(self, attempt: Post) -> Post:
        """The attempt as it stands when Slack has done what was asked for it, or will never do it."""
        if self._over.pop(attempt.key, None) == attempt.at:
            return attempt
        for _ in range(LANDED):
            if attempt.ts or self._chat.now() - attempt.at >= LANDED:
                break
            await asyncio.sleep(1.0)
            attempt = await self._store.posts.get(attempt.key) or attempt
        return attempt

    async def somewhere(self, key: str, places: Iterable[str], message: Outgoing) -> Posted | None:
        """Post once in the first of these places (channels, people) that the bot may write in; None where in none."""
        for place in dict.fromkeys(places):
            try:
                return await self.once(f"{key}:{place}", place, message)
            except (NotInChannel, NotFound) as error:
                log.info("post.elsewhere", key=key, place=place, reason=str(error))
        return None

    async def _look_for(self, attempt: Post, message: Outgoing, thread: str) -> tuple[Outgoing, Posted | None]:
        """The message of an uncertain attempt; where the channel can't be read, the message marked "resent"."""
        try:
            return message, await self._chat.find(attempt.channel, attempt.nonce, attempt.at, thread=thread)
        except (ServiceDenied, NotInChannel, NotFound) as error:
            log.info("post.resent", key=attempt.key, reason=str(error))
            note = {"type": "context", "elements": [{"type": "plain_text", "text": "resent"}]}
            blocks = [*message.blocks[:49], note] if message.blocks else []
            return Rendered(text=f"{message.text} (resent)", blocks=blocks), None

    async def tell(self, asked: Asked, message: Message) -> None:
        """Say something to who asked: as the answer to their request, else aside."""
        outgoing = message.render()
        in_a_channel = asked.channel != asked.person
        if in_a_channel and (url := await self.answerable.of(asked.request_id)):
            try:
                await self._chat.respond(url, outgoing)
                return
            except ServiceError as error:
                log.info("tell.response_url_failed", error=str(error))
        await self.aside(asked.channel, asked.person, outgoing)

    async def try_to_tell(self, asked: Asked, message: Message) -> bool:
        """Like `tell`, but what the person would hear is not worth failing for; False where Slack didn't take it."""
        try:
            await self.tell(asked, message)
        except ServiceError as error:
            log.warning("tell.failed", request=asked.request_id, error=str(error))
            return False
        return True

    async def aside(self, channel: str, person: str, message: Outgoing) -> None:
        """Say something to one person alone: in the channel, else directly."""
        if channel != person:  # their home tab, or nowhere
            try:
                await self._chat.whisper(channel, person, message)
                return
            except (NotInChannel, NotFound) as error:
                log.info("aside.directly", reason=str(error))
        await self._chat.post(person, message)
