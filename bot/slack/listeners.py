"""The listeners of a Bolt app: they make a Request of each delivery, however it came, and hand it to the dispatcher.

One a kind, which take everything: Bolt tries its listeners one after the other, the dispatcher looks names up.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Awaitable, Callable
from logging import getLogger
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.commands import Submitted
from bot.conversation.dispatch import Dispatcher
from bot.conversation.interpret import Request
from bot.domain import Posted
from bot.observing.metrics import Metrics


def bolt_app(client: AsyncWebClient, bot_user: str, dispatcher: Dispatcher, metrics: Metrics) -> AsyncApp:
    """A Bolt app whose deliveries go to the dispatcher. Whoever feeds it has seen to it that they come from Slack.

    `bot_user` is the bot's own id, by which people mention it.
    """
    app = AsyncApp(
        name="stationmaster",  # else Bolt looks for its file's name through every module: 0.1 s
        client=client,
        process_before_response=True,
        request_verification_enabled=False,
        logger=getLogger("slack_bolt"),
    )
    listeners = Listeners(bot_user, dispatcher)
    app.command(re.compile(".*"))(_timed("command", listeners.command, metrics))
    app.action(re.compile(".*"))(_timed("action", listeners.action, metrics))
    app.view(re.compile(".*"))(_timed("view", listeners.view, metrics))
    app.options(re.compile(".*"))(_timed("options", listeners.options, metrics))
    app.message_shortcut(re.compile(".*"))(_timed("shortcut", listeners.shortcut, metrics))
    app.event(re.compile("app_home_opened|app_mention|message"))(_timed("event", listeners.event, metrics))
    return app


def _timed(kind: str, listener: Callable[..., Awaitable[None]], metrics: Metrics) -> Callable[..., Awaitable[None]]:
    """The listener, timed: Slack has its acknowledgement when it returns. Bolt reads its parameters' names."""

    @functools.wraps(listener)
    async def timed(*args: Any, **kwargs: Any) -> None:
        begun = time.perf_counter()
        try:
            await listener(*args, **kwargs)
        finally:
            metrics.acknowledged(kind, time.perf_counter() - begun)

    return timed


class Listeners:
    """From Slack's payloads to the dispatcher's requests, and from its answers to acknowledgements."""

    def __init__(self, bot_user: str, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._me = re.compile(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>")

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A slash command, known by its `trigger_id`; its acknowledgement may be the answer."""
        answer = await self._dispatcher.command(
            Request(
                id=f"command:{body['team_id']}:{body['trigger_id']}",
                person=body["user_id"],
                team=body["team_id"],
                channel=body["channel_id"],
                text=body.get("text", ""),
                response_url=body.get("response_url", ""),
                trigger=body["trigger_id"],
            )
        )
        if answer is None:
            await ack()
        else:
            await ack(text=answer.text, blocks=answer.blocks or None, response_type="ephemeral")

    async def action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A click, known by message, button and value: a double click is one request."""
        clicked, container = body["actions"][0], body.get("container") or {}
        person, view = body["user"]["id"], body.get("view") or {}
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or person  # none: a view
        message = container.get("message_ts") or view.get("hash", "")
        request = Request(
            id=f"click:{channel}:{message}:{clicked['action_id']}:{clicked.get('value', '')}",
            person=person,
            team=(body.get("team") or {}).get("id", ""),
            channel=channel,
            text=clicked.get("value") or "",
            response_url=body.get("response_url", ""),
            trigger=body.get("trigger_id", ""),
            label=(clicked.get("text") or {}).get("text", ""),
        )
        if view.get("type") == "modal":
            submitted = _submitted(view, action=clicked["action_id"], block=clicked["block_id"])
            await self._dispatcher.modals.click(request, view["callback_id"], submitted, view["id"])
        else:
            await self._dispatcher.click(request, clicked["action_id"])
        await ack()

    async def shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A shortcut in a message's menu, known by its `trigger_id`; its answer comes later."""
        message, channel = body.get("message") or {}, body["channel"]["id"]
        places = [ts for ts in (message.get("ts"), message.get("thread_ts")) if ts]
        request = Request(
            id=f"shortcut:{body['team']['id']}:{body['trigger_id']}",
            person=body["user"]["id"],
            team=body["team"]["id"],
            channel=channel,
            text="",
            response_url=body.get("response_url", ""),
            trigger=body["trigger_id"],
        )
        messages = [Posted(channel=channel, ts=ts) for ts in dict.fromkeys(places)]
        await self._dispatcher.shortcut(request, body["callback_id"], messages)
        await ack()

    async def view(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A submitted modal, known by its draft; its acknowledgement says what becomes of it."""
        view = body["view"]
        request = self._of_a_view(body)
        await ack(**await self._dispatcher.modals.submit(request, view["callback_id"], _submitted(view)))

    async def options(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """What was typed into a menu of a modal: the acknowledgement holds its choices."""
        view = body.get("view") or {}
        submitted = _submitted(view, action=body["action_id"], block=body["block_id"])
        request = self._of_a_view(body)
        callback = view.get("callback_id", "")
        found = await self._dispatcher.modals.suggest(request, callback, submitted, body.get("value") or "")
        grouped = bool(found) and "options" in found[0]
        await (ack(option_groups=found) if grouped else ack(options=found))

    @staticmethod
    def _of_a_view(body: dict[str, Any]) -> Request:
        person, team = body["user"]["id"], (body.get("team") or {}).get("id", "")
        return Request(
            id=f"view:{(body.get('view') or {}).get('id', '')}", person=person, team=team, channel=person, text=""
        )

    async def event(self, body: dict[str, Any]) -> None:
        """Something that happened, known by its `event_id`, under which Slack repeats what wasn't acknowledged."""
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
                await self._dispatcher.homes.open(request)
            case "app_mention":
                await self._dispatcher.mention(request)
            case "message" if direct:
                await self._dispatcher.mention(request)


def _submitted(view: dict[str, Any], *, action: str = "", block: str = "") -> Submitted:
    values = (view.get("state") or {}).get("values") or {}
    return Submitted(view.get("private_metadata") or "", values, action, block)
