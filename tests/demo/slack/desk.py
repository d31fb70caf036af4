"""People in front of the page and an app behind it: a stand-in, a Bolt app that hears all, and Chromium."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Locator, Page
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from tests.browser import PATIENCE, open_browser
from tests.demo.slack.bolts import by_socket
from tests.demo.slack.cards import Block

DANA, OMAR = "U0DANA", "U0OMAR"
DELAYS, TRAINING, HOME = "C0DELAYS", "C0TRAINING", "D0DANA"
_ANY = re.compile(".*")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
Then = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Desk:
    """`heard` is what the app was sent; `answers` what it says to the next submissions; `then` what it does on
    actions and shortcuts, after it acknowledged; `errors` what went wrong in pages."""

    slack: StandIn
    app: AsyncApp
    browser: Browser
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    then: Then | None = None

    @property
    def client(self) -> AsyncWebClient:
        """The app's client."""
        return self.app.client

    async def page(
        self, user: str = DANA, channel: str = DELAYS, *, size: dict[str, int] | None = None, more: str = ""
    ) -> Page:
        """A person's page, in a window of its own."""
        page = await self.browser.new_page(viewport=size or WIDE)  # type: ignore[arg-type] # playwright wants a class
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(f"{self.slack.url}/?user={user}&channel={channel}{more}")
        return page

    async def post(self, *blocks: Block, channel: str = DELAYS, text: str = "card", **more: Any) -> str:
        """Post as the app; gives the ts."""
        answer = await self.client.chat_postMessage(channel=channel, text=text, blocks=blocks, **more)
        return str(answer["ts"])

    async def open_modal(self, view: Block, user: str = DANA) -> str:
        """Open a modal for somebody; gives its id."""
        trigger = self.slack.backend.triggers.issue(user)
        answer = await self.client.views_open(trigger_id=trigger, view=view)
        return str(answer["view"]["id"])

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next payload of that type, taken out of `heard`."""

        def found() -> dict[str, Any] | None:
            return next((body for body in self.heard if kind in (body.get("type"), body.get("event_type"))), None)

        body = await self.slack.wait_for(found)
        self.heard.remove(body)
        return body

    async def clean(self) -> None:
        """Close every page and modal, forget what was heard."""
        for context in self.browser.contexts:
            await context.close()
        for user in (DANA, OMAR):
            self.slack.backend.views.clear(user)
        self.heard.clear()
        self.answers.clear()
        self.then = None
        assert self.errors == []


def message(page: Page, ts: str) -> Locator:
    """A message in the channel's list."""
    return page.locator(f"[id='m-{ts}']")


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """A desk that is gone when the block is left."""
    async with StandIn(ack_seconds=2.0, rate_limits=False) as slack, by_socket(slack) as app, open_browser() as browser:
        desk = Desk(slack, app, browser)
        _listen(desk)
        yield desk


def _listen(desk: Desk) -> None:
    async def acted(ack: AsyncAck, body: dict[str, Any]) -> None:
        desk.heard.append(body)
        await ack()
        if desk.then is not None:
            await desk.then(body)

    async def submitted(ack: AsyncAck, body: dict[str, Any]) -> None:
        desk.heard.append(body)
        await ack(**(desk.answers.pop(0) if desk.answers else {}))

    async def asked(ack: AsyncAck, body: dict[str, Any]) -> None:
        desk.heard.append(body)
        found = [f"{body['value']} {at}" for at in range(3)]
        await ack(options=[{"text": {"type": "plain_text", "text": each}, "value": each} for each in found])

    async def told(body: dict[str, Any]) -> None:
        desk.heard.append(body["event"] | {"event_type": body["event"]["type"]})

    desk.app.action(_ANY)(acted)
    desk.app.shortcut(_ANY)(acted)
    desk.app.view(_ANY)(submitted)
    desk.app.view_closed(_ANY)(acted)
    desk.app.options(_ANY)(asked)
    for event in ("app_home_opened", "app_mention", "message", "link_shared"):
        desk.app.event(event)(told)
