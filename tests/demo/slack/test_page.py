import re
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from demo.slack.blocks import complete_ids
from demo.slack.content import Content
from tests.browser import needs_chromium
from tests.demo.slack import cards, gallery

DELAYS = "C0DELAYS"


async def fetch(url: str) -> str:
    async with ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        return await response.text()


EVIL = "<script>alert(1)</script>\"'>"
# What says how something is built; everything else is replaced.
BUILT = {"type", "status", "style", "level", "width", "icon", "format", "range", "user_id", "channel_id",
         "usergroup_id", "initial_user", "initial_conversation", "initial_date", "initial_time", "align",
         "initial_channels", "action_id", "block_id"}  # fmt: skip


def poisoned(value: Any, key: str = "") -> Any:
    """The blocks with something hostile in every place for text, and no web's address in every place for one."""
    if isinstance(value, dict):
        return {inner: each if inner in BUILT and isinstance(each, str) else poisoned(each, inner)
                for inner, each in value.items()}  # fmt: skip
    if isinstance(value, list):
        return value if key in BUILT else [poisoned(each, key) for each in value]
    if not isinstance(value, str):
        return value
    return "javascript:alert(1)" if key.endswith("url") else f"{EVIL} <javascript:alert(1)|x> [y](javascript:alert(1))"


async def test_what_is_sent_is_never_markup(slack: StandIn) -> None:
    """Hostile text in every place that is drawn appears as text; addresses that are no web's are left out."""
    backend = slack.backend
    shown = [gallery.text_blocks(), gallery.data_blocks(), gallery.task_blocks(), gallery.card_blocks()]
    for blocks in (*shown, gallery.interactive(), *gallery.charts()):
        message = backend.workspace.post(DELAYS, "U0STATION", Content(EVIL, complete_ids(blocks)))
        message.blocks = poisoned(blocks)
    backend.views.publish("U0DANA", gallery.home())["blocks"] = poisoned(complete_ids(gallery.home()["blocks"]))
    view = backend.views.open("U0DANA", gallery.every_input())
    view |= {"blocks": poisoned(view["blocks"]), "title": cards.plain(EVIL), "submit": cards.plain(EVIL)}
    for address in (f"channel={DELAYS}", "channel=D0DANA&tab=home"):
        html = await fetch(f"{slack.url}/?user=U0DANA&{address}")
        assert re.findall(r"<script[^>]*>", html) == ['<script type="module" src="/static/page.js">']
        assert not re.search(r"""(?:href|src)="javascript:""", html)
        assert html.count("&lt;script&gt;") > 50


async def test_each_reader_sees_their_own_page(client: AsyncWebClient, slack: StandIn) -> None:
    """Ephemerals and times differ by reader; a channel one is not in stays closed."""
    await client.chat_postEphemeral(channel=DELAYS, user="U0DANA", text="for Dana alone")
    await client.chat_postMessage(channel=DELAYS, text="<!date^1795000000^{time}|then>")
    dana = await fetch(f"{slack.url}/?user=U0DANA&channel={DELAYS}")
    omar = await fetch(f"{slack.url}/?user=U0OMAR&channel={DELAYS}")
    gus = await fetch(f"{slack.url}/?user=U0GUS&channel={DELAYS}")
    assert "for Dana alone" in dana
    assert "Only visible to you" in dana
    assert ">12:06<" in dana
    assert "for Dana alone" not in omar
    assert ">6:06 AM<" in omar
    assert "not a member" in gus
    assert "6:06" not in gus


async def test_strange_requests_are_refused(slack: StandIn) -> None:
    """Nobody by that name is 404; a form of another site cannot post in someone's name."""
    async with ClientSession() as session:
        async with session.get(f"{slack.url}/?user=U0NOBODY") as response:
            assert response.status == 404
        async with session.post(f"{slack.url}/do/say", data={"user": "U0DANA", "text": "x"}) as response:
            assert response.status == 415
        async with session.post(f"{slack.url}/do/act", json={"user": "U0DANA"}) as response:
            assert response.status == 400
        hidden = (await slack.as_user("U0DANA").say(DELAYS, "hidden from Gus")).ts
        async with session.get(f"{slack.url}/raw?user=U0GUS&channel={DELAYS}&ts={hidden}") as response:
            assert response.status == 404
    assert slack.messages("C0TRAINING") == []


async def test_nothing_is_missed_between_a_page_and_its_news(slack: StandIn) -> None:
    """What was said after the page was drawn and before its stream opened comes first in the stream."""
    html = await fetch(f"{slack.url}/?user=U0DANA&channel={DELAYS}")
    seen = re.search(r'data-seen="(\d+)"', html)
    assert seen is not None
    await slack.as_user("U0OMAR").say(DELAYS, "in between")
    news = f"{slack.url}/events?user=U0DANA&channel={DELAYS}&after={seen[1]}"
    async with ClientSession() as session, session.get(news) as response:
        lines = [await response.content.readline() for _ in range(3)]
    assert b"in between" in lines[2]


async def open_page(browser: Browser, slack: StandIn, user: str = "U0DANA") -> Page:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{slack.url}/?user={user}&channel={DELAYS}")
    return page


@needs_chromium
@pytest.mark.browser
async def test_a_person_types_watches_and_clicks(
    app: AsyncApp, slack: StandIn, client: AsyncWebClient, browser: Browser
) -> None:
    """Typing a command posts a card, an edit redraws it in place, a confirmed click reaches the app."""
    clicks: list[str] = []

    @app.command("/train")
    async def train(ack: AsyncAck) -> None:
        await ack()
        await client.chat_postMessage(channel=DELAYS, text="card", blocks=cards.running())

    @app.action("cancel")
    async def cancel(ack: AsyncAck, body: dict[str, Any]) -> None:
        clicks.append(body["actions"][0]["value"])
        await ack()

    page, errors = await open_page(browser, slack), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    box = page.get_by_role("textbox", name="Message #delays")
    await box.fill("/tr")
    await expect(page.get_by_role("button", name="/train")).to_be_visible()
    await box.press("Tab")
    await box.press_sequentially("run delays")
    await box.press("Enter")
    card = page.get_by_role("article", name="Stationmaster")
    await expect(card.get_by_text("about 4 min left")).to_be_visible()

    await card.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Keep it").click()
    await card.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Cancel the run").click()
    await slack.wait_for(lambda: clicks == ["run-1"])

    ts = slack.messages(DELAYS)[0].ts
    await client.chat_update(channel=DELAYS, ts=ts, text="card", blocks=cards.finished())
    await expect(card.get_by_role("cell", name="0.712")).to_be_visible()
    await client.chat_postMessage(channel=DELAYS, thread_ts=ts, text="<@U0DANA> ready")
    await card.get_by_role("link", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("@Dana")).to_be_visible()
    await thread.get_by_role("textbox").fill("thanks")
    await thread.get_by_role("textbox").press("Enter")
    await expect(thread.get_by_text("thanks")).to_be_visible()
    await client.chat_delete(channel=DELAYS, ts=ts)
    await expect(page.locator(f"[id='m-{ts}']")).to_have_count(0)
    assert errors == []


@needs_chromium
@pytest.mark.browser
async def test_a_click_that_nobody_hears_shows_a_warning(
    slack: StandIn, client: AsyncWebClient, browser: Browser
) -> None:
    """Without an app a button shows a warning sign beside its message."""
    await client.chat_postMessage(channel=DELAYS, text="card", blocks=cards.failed())
    page = await open_page(browser, slack)
    await page.get_by_role("button", name="Retry").click()
    await expect(page.get_by_role("alert")).to_contain_text("did not respond")
