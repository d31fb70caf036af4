"""A stand-in Slack for each test, with slack_sdk's client and a small Bolt app in front of it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from tests.browser import open_browser
from tests.demo.slack.calls import Api

ACK_SECONDS = 1.5


class Clock:
    """A clock that tests turn by hand; it starts at a moment of 2026."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn(ack_seconds=ACK_SECONDS) as stand_in:
        yield stand_in


@pytest.fixture
def client(slack: StandIn) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture
async def api(slack: StandIn) -> AsyncIterator[Api]:
    """Calls without a client library in between."""
    async with ClientSession() as session:
        yield Api(session, slack)


@pytest.fixture
async def app(slack: StandIn, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A Bolt app, connected by Socket Mode; tests add the listeners."""
    bolt = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(
        bolt,
        app_token=slack.app_token,
        web_client=AsyncWebClient(slack.app_token, base_url=slack.api_url),
    )
    await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
    yield bolt
    await handler.close_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as chromium:
        yield chromium
