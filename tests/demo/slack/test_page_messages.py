"""Messages on the page, in Chromium: what people see, click and choose."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from demo.slack.content import Content
from tests.browser import needs_chromium
from tests.demo.slack import cards, gallery
from tests.demo.slack.cards import CONFIRM, actions, button, section
from tests.demo.slack.desk import DANA, DELAYS, HOME, OMAR, PHONE, TRAINING, Desk, message, open_desk

pytestmark = [needs_chromium, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Desk]:
    async with open_desk() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared: Desk) -> AsyncIterator[Desk]:
    yield shared
    await shared.clean()


async def test_a_confirmed_click(desk: Desk) -> None:
    """A dialog asks first, in the app's words; only a yes is sent."""
    ts = await desk.post(actions(button("Cancel", value="run-1", confirm=CONFIRM)))
    page = await desk.page()
    press = message(page, ts).get_by_role("button", name="Cancel")
    await press.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("What it has trained so far is lost.")
    await dialog.get_by_role("button", name="Keep it").click()
    await press.click()
    await page.keyboard.press("Escape")
    await press.click()
    await dialog.get_by_role("button", name="Cancel the run").click()
    assert (await desk.hear("block_actions"))["actions"][0]["value"] == "run-1"
    assert desk.heard == []


async def test_choices_in_a_message(desk: Desk) -> None:
    """Menus, checkboxes, pickers and an overflow each send what was chosen."""
    made = gallery.elements()
    overflow = {"type": "overflow", "action_id": "more", "options": gallery.LETTERS}
    kinds = ("static_select", "checkboxes", "datepicker", "users_select")
    ts = await desk.post(actions(*(made[kind] for kind in kinds), overflow))
    page = await desk.page()
    card = message(page, ts)

    async def sent(key: str) -> Any:
        return (await desk.hear("block_actions"))["actions"][0][key]

    await card.get_by_role("combobox", name="Choose one").click()
    await card.get_by_role("option", name="Beta").click()
    assert (await sent("selected_option"))["value"] == "beta"
    await expect(card.get_by_role("combobox", name="Choose one")).to_have_value("Beta")
    await card.get_by_role("checkbox", name="Gamma").check()
    assert [each["value"] for each in await sent("selected_options")] == ["alpha", "gamma"]
    await card.locator("input[type=date]").fill("2026-12-24")
    assert await sent("selected_date") == "2026-12-24"
    await card.get_by_role("button", name="Clear").last.click()
    assert await sent("selected_user") is None
    await card.get_by_label("More actions", exact=True).click()
    await card.get_by_role("menuitem", name="Gamma").click()
    assert (await sent("selected_option"))["value"] == "gamma"


async def test_a_message_s_own_menu(desk: Desk) -> None:
    """It offers the app's shortcuts and shows what was sent, as JSON."""
    ts = await desk.post(section("a card"), text="plain words")
    page = await desk.page()
    await message(page, ts).hover()
    await message(page, ts).get_by_label("More actions for this message").click()
    await page.get_by_role("menuitem", name="Explain this run").click()
    heard = await desk.hear("message_action")
    assert (heard["callback_id"], heard["message"]["ts"]) == ("explain_run", ts)
    await message(page, ts).get_by_label("More actions for this message").click()
    await page.get_by_role("menuitem", name="Show what was sent").click()
    raw = page.get_by_role("dialog", name="What was sent")
    shown = json.loads(await raw.locator("pre").inner_text())
    assert (shown["text"], shown["blocks"][0]["type"], shown["bot_id"]) == ("plain words", "section", "B0STATION")
    await raw.get_by_role("button", name="Close").click()


async def test_a_thread(desk: Desk) -> None:
    """A reply is written in the panel; the count below its parent follows; a permalink leads into the thread."""
    ts = await desk.post(text="the parent")
    page = await desk.page()
    await message(page, ts).hover()
    await message(page, ts).get_by_role("link", name="Reply in thread").click()
    thread = page.get_by_role("complementary", name="Thread")
    await thread.get_by_role("textbox").fill("in the thread")
    await thread.get_by_role("textbox").press("Enter")
    await expect(thread.get_by_text("in the thread")).to_be_visible()
    await expect(message(page, ts).get_by_role("link", name="1 reply")).to_be_visible()
    await thread.get_by_role("textbox").fill("/train status")
    await thread.get_by_role("textbox").press("Enter")
    await expect(thread.get_by_role("alert")).to_contain_text("not supported in threads")
    await thread.get_by_role("link", name="Close the thread").click()
    await expect(thread).to_have_count(0)

    reply = desk.slack.replies(DELAYS, ts)[0].ts
    link = (await desk.client.chat_getPermalink(channel=DELAYS, message_ts=reply))["permalink"]
    told = await desk.post(text=f"see <{link}|there>", channel=TRAINING)
    await page.get_by_role("link", name="training").click()
    await message(page, told).get_by_role("link", name="there").click()
    await expect(thread.locator(".aimed")).to_contain_text("in the thread")


async def test_a_direct_message(desk: Desk) -> None:
    """What is written to the app reaches it; what it answers is there."""
    page = await desk.page(channel=HOME)
    box = page.get_by_role("textbox", name="Message Stationmaster")
    await box.fill("status :train: @omar")
    await box.press("Enter")
    heard = await desk.hear("message")
    assert (heard["channel_type"], heard["text"]) == ("im", "status :train: <@U0OMAR>")
    await desk.client.chat_postMessage(channel=DANA, text="all is well")
    await expect(page.get_by_text("all is well")).to_be_visible()


async def test_two_people_write_to_each_other(desk: Desk) -> None:
    """A direct message without the app: the other sees it, counted, under the writer's name."""
    dana, omar = await desk.page(), await desk.page(OMAR)
    await dana.get_by_text("New message").click()
    await dana.get_by_role("link", name="Omar").click()
    await dana.get_by_role("textbox", name="Message Omar").fill("between us")
    await dana.keyboard.press("Enter")
    await expect(dana.get_by_role("article").get_by_text("between us")).to_be_visible()
    await omar.reload()
    await expect(omar.get_by_role("link", name="Dana 1")).to_be_visible()
    await omar.get_by_role("link", name="Dana 1").click()
    await expect(omar.get_by_role("article").get_by_text("between us")).to_be_visible()
    assert desk.heard == []


async def test_files_and_previews(desk: Desk) -> None:
    """An uploaded file is there to open, a link's preview stands below its message."""
    backend = desk.slack.backend
    path, file_id = backend.files.ask("log.txt", 5)
    backend.files.receive(path, b"lines")
    files = backend.files.complete([(file_id, "The log")], DANA, backend.url)
    backend.workspace.post(DELAYS, DANA, Content("", []), files=files)
    domain = backend.world.app.unfurl_domains[0]
    said = await desk.slack.as_user(DANA).say(DELAYS, f"see https://{domain}/runs/7")
    preview = {"from_url": f"https://{domain}/runs/7", "blocks": [section("*delays* run 7 is fine")]}
    backend.workspace.attach(said, [preview])
    page = await desk.page()
    link = page.get_by_role("link", name="The log")
    assert f"/files/{file_id}/log.txt" in str(await link.get_attribute("href"))
    await expect(message(page, said.ts).locator(".attachment")).to_have_text("delays run 7 is fine")
    await desk.hear("link_shared")


async def test_what_is_unread(desk: Desk) -> None:
    """Each person has their own marks: bold for something new, a number for mentions, none once it is read."""
    dana, omar = await desk.page(channel=TRAINING), await desk.page(OMAR, channel=TRAINING)
    for page in (dana, omar):
        await page.get_by_role("link", name="delays").click()
        await expect(page.get_by_role("heading", name="# delays")).to_be_visible()
        await page.get_by_role("link", name="training").click()
        await expect(page.get_by_role("heading", name="# training")).to_be_visible()
        await expect(page.locator(".unread", has_text="delays")).to_have_count(0)
    ts = await desk.post(text="news")
    await desk.post(text="<@U0DANA> look", thread_ts=ts)
    for page, count in ((dana, "1"), (omar, "")):
        await expect(page.locator(".unread .name", has_text="delays")).to_be_visible()
        badge = page.locator("[data-entry=C0DELAYS] .count")
        await (expect(badge).to_have_text(count) if count else expect(badge).to_be_hidden())
    await dana.reload()
    await expect(dana.locator("[data-entry=C0DELAYS] .count")).to_have_text("1")
    await dana.get_by_role("link", name="delays").click()
    await expect(dana.locator(".unread", has_text="delays")).to_have_count(0)
    await expect(omar.locator(".unread .name", has_text="delays")).to_be_visible()


async def test_marks_of_a_message(desk: Desk) -> None:
    """An edit says so, a mention of the reader stands out, an ephemeral says who sees it."""
    plain_ts, told = await desk.post(text="first"), await desk.post(text="<!subteam^S0DATASCI> hello")
    await desk.client.chat_update(channel=DELAYS, ts=plain_ts, text="second")
    await desk.client.chat_postEphemeral(channel=DELAYS, user=DANA, text="whisper")
    page = await desk.page()
    await expect(message(page, plain_ts)).to_contain_text("(edited)")
    await expect(page.locator(".mentions-me .mention.mine", has_text="@data-scientists").last).to_be_visible()
    await expect(page.locator(".only-you", has_text="whisper")).to_contain_text("Only visible to you")
    assert await page.locator(f"[id='m-{told}'].mentions-me").count() == 1


async def test_several_people_side_by_side(desk: Desk) -> None:
    """One window, a pane for each person, each with their own view and in their own zone."""
    page = await desk.browser.new_page()
    await page.goto(f"{desk.slack.url}/?users={DANA},{OMAR}&channel={DELAYS}")
    dana, omar = page.frame_locator("[title=Dana]"), page.frame_locator("[title=Omar]")
    box = dana.get_by_role("textbox", name="Message #delays")
    await box.fill("hello from Dana")
    await box.press("Enter")
    await expect(omar.get_by_text("hello from Dana")).to_be_visible()
    await desk.post(text="<!date^1795000000^{time}|then>")
    await expect(dana.get_by_text("12:06")).to_be_visible()
    await expect(omar.get_by_text("6:06 AM").first).to_be_visible()


async def test_a_table_of_several_pages(desk: Desk) -> None:
    """Its rows are turned page by page, to the last and back."""
    rows = [[{"type": "raw_text", "text": text}] for text in ("head", "a", "b", "c")]
    table = {"type": "data_table", "caption": "Letters", "page_size": 2, "rows": rows}
    ts = await desk.post(table)
    page = await desk.page()
    card = message(page, ts)
    await expect(card.get_by_role("cell")).to_have_text(["a", "b"])
    await card.get_by_role("button", name="Next rows").click()
    await expect(card.get_by_role("cell")).to_have_text(["c"])
    await expect(card.get_by_text("3–3 of 3")).to_be_visible()
    await expect(card.get_by_role("button", name="Next rows")).to_be_disabled()
    await card.get_by_role("button", name="Previous rows").click()
    await expect(card.get_by_role("cell")).to_have_text(["a", "b"])


async def test_elements_inside_other_blocks(desk: Desk) -> None:
    """A button of a card in a carousel, or of a container, is its own: two alike are told apart."""
    ts = await desk.post(*gallery.card_blocks())
    page = await desk.page()
    card = message(page, ts)
    await card.locator(".carousel .card").nth(1).get_by_role("button", name="Compare").click()
    sent = (await desk.hear("block_actions"))["actions"][0]
    stored = desk.slack.messages(DELAYS)[-1].blocks[1]["elements"][1]
    assert (sent["action_id"], sent["block_id"]) == ("compare", stored["block_id"])
    await card.get_by_role("button", name="Look").click()
    assert (await desk.hear("block_actions"))["actions"][0]["action_id"] == "look"


async def test_without_a_mouse(desk: Desk) -> None:
    """Tab reaches a message's menu and buttons, arrows move in lists, Enter acts, Escape leaves."""
    made = gallery.elements()["static_select"]
    menu = {"type": "overflow", "action_id": "more", "options": gallery.LETTERS}
    ts = await desk.post(actions(button("First"), made, menu))
    page = await desk.page()
    keys = page.keyboard
    await message(page, ts).get_by_role("button", name="First").focus()
    await keys.press("Enter")
    assert (await desk.hear("block_actions"))["actions"][0]["action_id"] == "first"
    await keys.press("Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        await keys.press(key)
    assert (await desk.hear("block_actions"))["actions"][0]["selected_option"]["value"] == "beta"
    await keys.type("gam")
    await keys.press("Escape")
    await expect(message(page, ts).get_by_role("combobox")).to_have_value("Beta")
    await keys.press("Tab")
    for key in ("Enter", "ArrowDown", "ArrowDown", "Enter"):
        await keys.press(key)
    assert (await desk.hear("block_actions"))["actions"][0]["selected_option"]["value"] == "beta"


async def test_on_a_phone(desk: Desk) -> None:
    """At 390 px nothing sticks out; the channels are in a drawer; a thread and a modal fill the screen."""
    for card in cards.ALL.values():
        await desk.post(*card())
    ts = await desk.post(*gallery.data_blocks(), actions(button("Go")))
    await desk.post(text="a reply", thread_ts=ts)
    page = await desk.page(size=PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await expect(page.get_by_role("link", name="training")).not_to_be_visible()
    await page.get_by_role("button", name="Channels", exact=True).click()
    await page.get_by_role("link", name="training").click()
    await expect(page.get_by_role("heading", name="# training")).to_be_visible()
    await page.goto(f"{desk.slack.url}/?user={DANA}&channel={DELAYS}&thread={ts}")
    box = await page.get_by_role("complementary", name="Thread").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    await desk.open_modal(gallery.modal(section("words")))
    box = await page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["width"] == 366
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_the_gallery(desk: Desk) -> None:
    """Nothing that can be sent is drawn as unsupported, and nothing needs more than the page's width."""
    messages = [
        gallery.text_blocks(),
        gallery.data_blocks(),
        gallery.task_blocks(),
        gallery.card_blocks(),
        gallery.interactive(),
    ]
    for blocks in (*messages, *gallery.charts()):
        last = await desk.post(*blocks, channel=TRAINING)
    page = await desk.page(channel=TRAINING)
    await expect(message(page, last)).to_be_visible()
    assert await page.locator(".unsupported").count() == 0
    assert await page.locator(".chart svg").count() == 8
    await expect(page.get_by_role("group", name="Chart: AUC by version").locator("table")).to_contain_text("0.84")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await page.evaluate("document.querySelector('#messages').scrollWidth") == 390
