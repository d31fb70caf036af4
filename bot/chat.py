"""The Slack adapter: the Web API behind the `Chat` port. What Slack sends to the bot comes in through `bot.slack`.

Facts relied on: docs.slack.dev, and measurements in `docs/decisions.md`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse
from structlog import get_logger

from bot.domain import Person, Posted
from bot.errors import NotFound, ServiceDown, ServiceRejected
from bot.ports import Outgoing
from bot.slack.answers import TIMEOUT, translated
from bot.uptime import uptime

log = get_logger(__name__)
PAGES = 20  # of a channel's history that are read at most to find an uncertain post
NONCE = "stationmaster_post"  # the metadata's event type

BEFORE, AFTER = 15.0, 120.0  # seconds around the time of an attempt at which its message may have been posted

EDIT_WITHIN = 5.0  # seconds that an edit waits for its turn; then whoever asked for it tries again later

_TOO_MUCH = {"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"}


class Budget(Protocol):
    """How many edits Slack takes: see `bot.slack.edits.EditBudget`."""

    async def take(self, *, live: bool) -> float: ...  # noqa: D102
    async def close(self, seconds: float) -> None: ...  # noqa: D102


class SlackChat:
    """`bot.ports.Chat` over Slack's Web API. One HTTP session for all calls; close it at the end.

    Without a budget edits go out as they come.
    """

    def __init__(self, token: str, base_url: str, edits: Budget | None = None) -> None:
        self._edits = edits
        self._session: aiohttp.ClientSession | None = None
        self.client = AsyncWebClient(token, base_url=base_url, timeout=TIMEOUT)
        # Not the default handlers: they repeat a post whose connection dropped, though Slack may have posted it.
        self.client.retry_handlers = [_TooSoon(max_retry_count=1)]
        self.identity: Mapping[str, Any] = {}
        self._date = time.time() - uptime()

    async def open(self) -> None:
        """Open the session, and ask once who the bot is (Bolt would ask again for each of a burst's requests)."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        self.client.session = self._session
        self.identity = await self._ask(self.client.auth_test())

    async def close(self) -> None:
        """Let go of connections."""
        if self._session:
            await self._session.close()

    async def post(self, channel: str, message: Outgoing, *, thread: str = "", nonce: str = "") -> Posted:
        """See `bot.ports.Chat`."""
        more: dict[str, Any] = {"thread_ts": thread} if thread else {}
        if nonce:
            more["metadata"] = {"event_type": NONCE, "event_payload": {"nonce": nonce}}
        answer = await self._send(message, self.client.chat_postMessage, channel=channel, unfurl_links=False, **more)
        return Posted(channel=answer["channel"], ts=answer["ts"])

    async def update(self, at: Posted, message: Outgoing, *, live: bool = False) -> bool:
        """See `bot.ports.Chat`."""
        if self._edits and not await self._turn(self._edits, live=live):
            return False
        try:
            await self._send(message, self.client.chat_update, channel=at.channel, ts=at.ts)
        except ServiceDown as error:
            if self._edits is None or not error.retry_after:
                raise
            await self._edits.close(error.retry_after)
            if live:
                return False
            raise
        return True

    async def _turn(self, edits: Budget, *, live: bool) -> bool:
        """Whether there is an edit to be spent. One that isn't live waits EDIT_WITHIN at most, and then raises."""
        until = time.monotonic() + EDIT_WITHIN
        while wait := await edits.take(live=live):
            if live:
                return False
            if time.monotonic() + wait > until:
                raise ServiceDown("Slack", "this minute's edits are spent", retry_after=wait)
            await asyncio.sleep(wait)
        return True

    async def whisper(self, channel: str, person: str, message: Outgoing) -> None:
        """See `bot.ports.Chat`."""
        await self._send(message, self.client.chat_postEphemeral, channel=channel, user=person)

    async def _send(self, message: Outgoing, method: Any, **arguments: Any) -> Mapping[str, Any]:
        """Send blocks; where Slack refuses them, the text alone, so that nothing is lost."""
        try:
            return await self._ask(method(text=message.text, blocks=message.blocks or None, **arguments))
        except ServiceRejected as error:
            if error.detail not in _TOO_MUCH or not message.blocks:
                raise
            log.error("slack.blocks_refused", error=error.detail, text=message.text[:80])
            return await self._ask(method(text=message.text, **arguments))

    async def upload(self, person: str, name: str, text: str) -> None:
        """See `bot.ports.Chat`. The library takes Slack's three steps."""
        channel = (await self._ask(self.client.conversations_open(users=person)))["channel"]["id"]
        content = text or "\n"  # Slack takes no empty file
        await self._ask(self.client.files_upload_v2(channel=channel, filename=name, title=name, content=content))

    async def open_view(self, trigger: str, view: dict[str, Any]) -> None:
        """See `bot.ports.Chat`."""
        await self._ask(self.client.views_open(trigger_id=trigger, view=view))

    async def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        """See `bot.ports.Chat`."""
        await self._ask(self.client.views_update(view_id=view_id, view=view))

    async def publish(self, person: str, view: dict[str, Any]) -> None:
        """See `bot.ports.Chat`."""
        await self._ask(self.client.views_publish(user_id=person, view=view))

    async def respond(self, response_url: str, message: Outgoing, *, replace: bool = False) -> None:
        """See `bot.ports.Chat`."""
        hook = AsyncWebhookClient(response_url, session=self._session, timeout=TIMEOUT)

        async def send(blocks: list[dict[str, Any]]) -> WebhookResponse:
            return await translated(
                hook.send(
                    text=message.text,
                    blocks=blocks or None,
                    response_type="ephemeral",
                    replace_original=replace or None,
                )
            )

        try:
            answer = await send(message.blocks)
            if message.blocks and any(word in answer.body for word in _TOO_MUCH):
                log.error("slack.blocks_refused", error=answer.body[:80], text=message.text[:80])
                answer = await send([])
        except ServiceDown as error:  # what the library says may hold the address, which is a secret
            raise ServiceDown("Slack", "the response_url can't be reached") from error
        if answer.status_code != 200:  # HTTP's OK
            raise ServiceRejected("Slack", answer.body[:200], status=answer.status_code)

    def now(self) -> float:
        """See `bot.ports.Chat`: by the dates of Slack's answers, and what has passed since."""
        return self._date + uptime()

    async def find(self, channel: str, nonce: str, at: float, *, thread: str = "") -> Posted | None:
        """See `bot.ports.Chat`. Slack takes about one message a second in a channel: a page or two hold the time."""
        if not channel.startswith(("C", "G", "D")):
            channel = (await self._ask(self.client.conversations_open(users=channel)))["channel"]["id"]
        span = {"oldest": f"{at - BEFORE:.6f}", "latest": f"{at + AFTER:.6f}"}
        where: dict[str, Any] = {"channel": channel, "limit": 100, **span}
        for _ in range(PAGES):
            page = await self._page(where, thread)
            for message in page.get("messages", ()):
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("nonce") == nonce and message.get("bot_id") == self.identity.get("bot_id"):
                    return Posted(channel=channel, ts=message["ts"])
            where["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not where["cursor"]:
                return None
        raise NotFound("Slack", "more messages at that time than I read")

    async def _page(self, where: dict[str, Any], thread: str) -> Mapping[str, Any]:
        if thread:
            return await self._ask(self.client.conversations_replies(ts=thread, include_all_metadata=True, **where))
        return await self._ask(self.client.conversations_history(include_all_metadata=True, **where))

    async def person(self, user_id: str) -> Person:
        """See `bot.ports.Chat`."""
        user = (await self._ask(self.client.users_info(user=user_id)))["user"]
        profile = user.get("profile") or {}
        outside = user.get("team_id") not in (None, self.identity.get("team_id"))
        marks = ("is_restricted", "is_ultra_restricted", "is_bot", "is_stranger", "deleted")
        return Person(
            id=user["id"],
            name=profile.get("display_name") or user.get("real_name") or user.get("name") or user["id"],
            zone=user.get("tz") or "UTC",
            outsider=outside or any(user.get(mark) for mark in marks),
        )

    async def group(self, group_id: str) -> frozenset[str]:
        """See `bot.ports.Chat`."""
        return frozenset((await self._ask(self.client.usergroups_users_list(usergroup=group_id)))["users"])

    async def check(self) -> None:
        """See `bot.ports.Chat`."""
        await self._ask(self.client.auth_test())

    async def _ask(self, call: Awaitable[Any]) -> Mapping[str, Any]:
        began = uptime()
        response = await translated(call)
        with suppress(TypeError, ValueError):  # no date, or none that can be read
            date = parsedate_to_datetime(response.headers.get("Date")).timestamp()
            # A date is cut to the second, and is older the later it is read: it says only between what the time lies.
            self._date = min(max(self._date, date - uptime()), date + 1.0 - began)
        answer: Mapping[str, Any] = response.data
        return answer


class _TooSoon(AsyncRateLimitErrorRetryHandler):
    """Repeats what came too soon, when Slack says; but no edit, for which there is a budget."""

    async def _can_retry_async(self, *, request: HttpRequest, **known: Any) -> bool:
        return not request.url.endswith("/chat.update") and await super()._can_retry_async(request=request, **known)
