"""The Slack adapter: the Web API behind the `Chat` port, and the listeners that hand deliveries to the dispatcher.

The only module that imports slack_sdk and slack_bolt. Facts relied on: docs.slack.dev, and measurements of Bolt in
`docs/decisions.md`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from structlog import get_logger

from bot.dispatch import Dispatcher
from bot.domain import Person, Posted
from bot.errors import (
    NotFound,
    NotInChannel,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
)
from bot.interpret import Request
from bot.ports import Outgoing

log = get_logger(__name__)
T = TypeVar("T")
TIMEOUT = 10  # seconds for one call
PAGES = 5  # of a channel's history that are read to find an uncertain post
NONCE = "stationmaster_post"  # the metadata's event type

_ABSENT = {"channel_not_found", "message_not_found", "user_not_found", "no_such_subteam", "thread_not_found"}
_OUTSIDE = {"not_in_channel", "is_archived", "restricted_action", "user_not_in_channel", "no_permission"}
_DENIED = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope"}
_LATER = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_TOO_MUCH = {"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"}


class SlackChat:
    """`bot.ports.Chat` over Slack's Web API. One HTTP session for all calls; close it at the end."""

    def __init__(self, token: str, base_url: str) -> None:
        self._session: aiohttp.ClientSession | None = None
        self.client = AsyncWebClient(token, base_url=base_url, timeout=TIMEOUT)
        # Not the default handlers: they repeat a post whose connection dropped, though Slack may have posted it.
        self.client.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
        self.identity: Mapping[str, Any] = {}

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

    async def update(self, at: Posted, message: Outgoing) -> None:
        """See `bot.ports.Chat`."""
        await self._send(message, self.client.chat_update, channel=at.channel, ts=at.ts)

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

    async def publish(self, person: str, view: dict[str, Any]) -> None:
        """See `bot.ports.Chat`."""
        await self._ask(self.client.views_publish(user_id=person, view=view))

    async def respond(self, response_url: str, message: Outgoing, *, replace: bool = False) -> None:
        """See `bot.ports.Chat`."""
        hook = AsyncWebhookClient(response_url, session=self._session, timeout=TIMEOUT)
        answer = await _translated(
            hook.send(
                text=message.text,
                blocks=message.blocks or None,
                response_type="ephemeral",
                replace_original=replace or None,
            )
        )
        if answer.status_code != 200:  # HTTP's OK
            raise ServiceRejected("Slack", str(answer.body)[:200], status=answer.status_code)

    async def find(self, channel: str, nonce: str, since: float, *, thread: str = "") -> Posted | None:
        """See `bot.ports.Chat`. Reads at most the last few hundred messages since then."""
        if not channel.startswith(("C", "G", "D")):
            channel = (await self._ask(self.client.conversations_open(users=channel)))["channel"]["id"]
        where: dict[str, Any] = {"channel": channel, "oldest": f"{since:.6f}", "limit": 100}
        for _ in range(PAGES):
            page = await self._page(where, thread)
            for message in page.get("messages", ()):
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("nonce") == nonce and message.get("bot_id") == self.identity.get("bot_id"):
                    return Posted(channel=channel, ts=message["ts"])
            where["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not where["cursor"]:
                break
        return None

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
        answer: Mapping[str, Any] = (await _translated(call)).data
        return answer


async def _translated(call: Awaitable[T]) -> T:
    """Await a call of slack_sdk's; its errors become ours."""
    try:
        return await call
    except SlackApiError as error:
        raise _translate(error) from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ServiceDown("Slack", str(error) or type(error).__name__) from error
    except ValueError as error:
        raise ServiceConfused("Slack", str(error)[:200]) from error


def _translate(error: SlackApiError) -> ServiceError:
    response: Any = error.response
    status = getattr(response, "status_code", None)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if code in _LATER or (status or 0) >= 500 or status == 429:  # HTTP's "later"
        after = (getattr(response, "headers", None) or {}).get("Retry-After")
        return ServiceDown("Slack", code, status=status, retry_after=float(after) if after else None)
    kinds = ((_ABSENT, NotFound), (_OUTSIDE, NotInChannel), (_DENIED, ServiceDenied))
    kind = next((kind for codes, kind in kinds if code in codes), ServiceRejected if code else ServiceConfused)
    return kind("Slack", code, status=status)


class SocketMode:
    """Slack's deliveries over a web socket, into the dispatcher. Two listeners, which dispatch by dictionary."""

    def __init__(self, chat: SlackChat, app_token: str, base_url: str, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._me = re.compile(rf"<@{re.escape(str(chat.identity.get('user_id')))}(?:\|[^<>]*)?>")
        app = AsyncApp(client=chat.client, process_before_response=True, logger=None)
        app.command(re.compile(".*"))(self._on_command)
        app.action(re.compile(".*"))(self._on_action)
        app.event(re.compile("app_home_opened|app_mention|message"))(self._on_event)
        client = AsyncWebClient(app_token, base_url=base_url, timeout=TIMEOUT)
        self._handler = AsyncSocketModeHandler(app, app_token, web_client=client)

    async def open(self) -> None:
        """Connect; the library connects again by itself when the socket drops."""
        await _translated(self._handler.connect_async())  # type: ignore[no-untyped-call]  # Bolt has no types here

    async def close(self) -> None:
        """Take no more deliveries."""
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # Bolt has no types here

    async def _on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        answer = await self._dispatcher.command(
            Request(
                id=f"command:{body['team_id']}:{body['trigger_id']}",
                person=body["user_id"],
                team=body["team_id"],
                channel=body["channel_id"],
                text=body.get("text", ""),
                response_url=body.get("response_url", ""),
            )
        )
        if answer is None:
            await ack()
        else:
            await ack(text=answer.text, blocks=answer.blocks or None, response_type="ephemeral")

    async def _on_action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        clicked, container = body["actions"][0], body.get("container") or {}
        person = body["user"]["id"]
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or person  # none: the home tab
        message = container.get("message_ts") or (body.get("view") or {}).get("hash", "")
        await self._dispatcher.click(
            Request(
                id=f"click:{channel}:{message}:{clicked['action_id']}:{clicked.get('value', '')}",
                person=person,
                team=(body.get("team") or {}).get("id", ""),
                channel=channel,
                text=clicked.get("value") or "",
                response_url=body.get("response_url", ""),
            ),
            clicked["action_id"],
        )
        await ack()

    async def _on_event(self, body: dict[str, Any]) -> None:
        event = body["event"]
        if event.get("bot_id") or event.get("subtype") or not event.get("user"):
            return  # what apps write, edits, joins
        text = str(event.get("text") or "")
        mentioned = self._me.search(text)
        direct = event.get("channel_type") == "im"
        request = Request(
            id=f"event:{body['event_id']}",
            person=event["user"],
            team=body.get("team_id", ""),
            channel=event["user"] if direct else event.get("channel", ""),
            text=text[mentioned.end() :].strip() if mentioned else text.strip(),
        )
        match event["type"]:
            case "app_home_opened" if event.get("tab") == "home":
                await self._dispatcher.open_home(request)
            case "app_mention":
                await self._dispatcher.mention(request)
            case "message" if direct:
                await self._dispatcher.mention(request)
