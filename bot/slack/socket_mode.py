"""Socket Mode: the bot connects outwards, and Slack's deliveries come over a web socket."""

from __future__ import annotations

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ServiceDown
from bot.slack.answers import TIMEOUT, translated


class SocketMode:
    """A socket for the deliveries of the app whose app-level token this is. The socket itself proves who sends."""

    def __init__(self, app: AsyncApp, app_token: str, base_url: str) -> None:
        client = AsyncWebClient(app_token, base_url=base_url, timeout=TIMEOUT)
        self._handler = AsyncSocketModeHandler(app, app_token, web_client=client)

    async def open(self) -> None:
        """Connect; the library connects again by itself when the socket drops."""
        await translated(self._handler.connect_async())  # type: ignore[no-untyped-call]  # Bolt has no types here

    async def check(self) -> None:
        """ServiceDown where the socket is closed at the moment."""
        if not await self._handler.client.is_connected():
            raise ServiceDown("Slack", "its socket is closed")

    async def close(self) -> None:
        """Take no more deliveries."""
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
