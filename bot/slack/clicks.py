"""Clicks on one button, taken over a socket: a modal opens for a click only, within three seconds of it."""

from __future__ import annotations

import asyncio
from logging import getLogger
from typing import Any, NamedTuple, Self

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.socket_mode import SocketMode


class Click(NamedTuple):
    """Who clicked, and what opens a modal for them."""

    person: str
    trigger_id: str


class Clicks:
    """`async with Clicks(client, app_token, base_url, action_id) as clicks`, then `await clicks.next()`."""

    def __init__(self, client: AsyncWebClient, app_token: str, base_url: str, action_id: str) -> None:
        app = AsyncApp(
            client=client,
            process_before_response=True,
            request_verification_enabled=False,
            logger=getLogger("slack_bolt"),
        )
        app.action(action_id)(self._clicked)
        self._socket = SocketMode(app, app_token, base_url)
        self._waiting: asyncio.Queue[Click] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        await self._socket.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def next(self) -> Click:
        """The next click, whenever it comes."""
        return await self._waiting.get()

    async def _clicked(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self._waiting.put_nowait(Click(body["user"]["id"], body["trigger_id"]))
