"""The listeners of a Bolt app: they make a Request of each delivery, however it came, and hand it to the dispatcher.

Two of them, which take everything: Bolt tries its listeners one after the other, the dispatcher looks names up.
"""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.dispatch import Dispatcher
from bot.interpret import Request


def bolt_app(client: AsyncWebClient, dispatcher: Dispatcher) -> AsyncApp:
    """A Bolt app whose deliveries go to the dispatcher. Whoever feeds it has seen to it that they come from Slack."""
    app = AsyncApp(client=client, process_before_response=True, request_verification_enabled=False, logger=None)
    listeners = Listeners(dispatcher)
    app.command(re.compile(".*"))(listeners.command)
    app.action(re.compile(".*"))(listeners.action)
    return app


class Listeners:
    """From Slack's payloads to the dispatcher's requests, and from its answers to acknowledgements."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

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
            )
        )
        if answer is None:
            await ack()
        else:
            await ack(text=answer.text, blocks=answer.blocks or None, response_type="ephemeral")

    async def action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A click, known by message, button and value: a double click is one request."""
        clicked, container = body["actions"][0], body.get("container") or {}
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id", "")
        message = container.get("message_ts", "")
        await self._dispatcher.click(
            Request(
                id=f"click:{channel}:{message}:{clicked['action_id']}:{clicked.get('value', '')}",
                person=body["user"]["id"],
                team=(body.get("team") or {}).get("id", ""),
                channel=channel,
                text=clicked.get("value") or "",
                response_url=body.get("response_url", ""),
            ),
            clicked["action_id"],
        )
        await ack()
