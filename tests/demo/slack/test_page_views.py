"""Modals and the home tab on the page, in Chromium: filled in, submitted, stacked, closed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser import needs_chromium
from tests.demo.slack import gallery
from tests.demo.slack.cards import CONFIRM, Block, actions, button, plain, section
from tests.demo.slack.desk import DANA, HOME, Desk, open_desk

pytestmark = [needs_chromium, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
MORE = {"type": "plain_text_input", "action_id": "text"}
FIELD = gallery.input_block(MORE, "Reason", optional=False)
FIELD_ID = "b_plain_text_input"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Desk]:
    async with open_desk() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared: Desk) -> AsyncIterator[Desk]:
    yield shared
    await shared.clean()


def modal_of(page: Page) -> Locator:
    """The topmost modal."""
    return page.locator("#modal[open] > .view:not([hidden])")


async def choose(modal: Locator, label: str, *names: str, typed: str = "") -> None:
    field = modal.get_by_role("combobox", name=label, exact=True)
    for name in names:
        await field.fill(typed or name[:3])
        await modal.get_by_role("option", name=name).first.click()


async def fill_all(modal: Locator) -> None:
    """Something new in every input of the gallery's modal."""
    texts = {"Plain text input": "a line", "Number input": "0.5", "Email text input": "dana@night-line.example",
             "Url text input": "https://mlflow.example/", "Datepicker": "2026-12-24", "Timepicker": "18:30",
             "Datetimepicker": "2026-12-24T18:30", "Rich text input": "more",
             "Long text": "three\nlong\nlines"}  # fmt: skip
    for label, text in texts.items():
        await modal.get_by_label(label, exact=True).fill(text)
    await modal.get_by_role("group", name="Checkboxes").get_by_label("Gamma").check()
    await modal.get_by_role("radiogroup", name="Radio buttons").get_by_label("Gamma").check()
    await choose(modal, "Static select", "Gamma")
    await modal.get_by_role("button", name="Remove Alpha").click()
    await choose(modal, "Multi static select", "Vita")
    await choose(modal, "External select", "ab 1", typed="ab")
    await choose(modal, "Multi external select", "x 0", "x 2", typed="x")
    await choose(modal, "Users select", "Ada")
    await choose(modal, "Multi users select", "Dana", "Noor")
    await choose(modal, "Conversations select", "#training")
    await choose(modal, "Multi conversations select", "#delays", "Stationmaster")
    await choose(modal, "Channels select", "#general")
    await choose(modal, "Multi channels select", "#delays")
    upload: FilePayload = {"name": "rows.csv", "mimeType": "text/csv", "buffer": b"a,b"}
    async with modal.page.expect_response("**/do/upload*"):
        await modal.get_by_label("File input").set_input_files(upload)


def as_told(entry: dict[str, Any]) -> Any:
    """What an entry of `state.values` holds: the values of its options, or what else it has."""
    (held,) = [value for key, value in entry.items() if key != "type"]
    many = held if isinstance(held, list) else [held]
    values = [each["value"] if isinstance(each, dict) and "value" in each else each for each in many]
    return values if isinstance(held, list) else values[0]


async def test_every_input_is_told_exactly(desk: Desk) -> None:
    """Each kind of input, filled by hand, arrives in `state.values` as Slack gives it."""
    page = await desk.page()
    await desk.open_modal(gallery.every_input())
    modal = modal_of(page)
    await expect(modal.get_by_role("heading", name="Train a model")).to_be_visible()
    assert await page.locator(".unsupported").count() == 0
    await fill_all(modal)
    await modal.get_by_role("button", name="Start").click()
    await expect(modal).to_have_count(0)
    values = (await desk.hear("view_submission"))["view"]["state"]["values"]
    rich = values["b_rich_text_input"].pop("rich_text_input")["rich_text_value"]
    assert rich["elements"][0]["elements"] == [{"type": "text", "text": "more"}]
    (file,) = values["b_file_input"].pop("file_input")["files"]
    assert desk.slack.backend.files.read(file["id"]) == b"a,b"
    told = {action: as_told(entry) for block in values.values() for action, entry in block.items()}
    assert told == {
        "plain_text_input": "a line",
        "number_input": "0.5",
        "email_text_input": "dana@night-line.example",
        "url_text_input": "https://mlflow.example/",
        "datepicker": "2026-12-24",
        "timepicker": "18:30",
        "datetimepicker": 1_798_133_400,  # half past six in Amsterdam
        "checkboxes": ["alpha", "gamma"],
        "radio_buttons": "gamma",
        "static_select": "gamma",
        "multi_static_select": ["beta", "vita"],
        "external_select": "ab 1",
        "multi_external_select": ["x 0", "x 2"],
        "users_select": "U0ADA",
        "multi_users_select": ["U0DANA", "U0NOOR"],
        "conversations_select": "C0TRAINING",
        "multi_conversations_select": ["C0DELAYS", HOME],
        "channels_select": "C0GENERAL",
        "multi_channels_select": ["C0TRAINING", "C0DELAYS"],
        "long": "three\nlong\nlines",
    }


async def test_nothing_filled_in_keeps_what_the_app_set(desk: Desk) -> None:
    """Initial values are sent back as they were; what has none is null, or an empty list."""
    page = await desk.page()
    await desk.open_modal(gallery.every_input())
    await modal_of(page).get_by_role("button", name="Start").click()
    values = (await desk.hear("view_submission"))["view"]["state"]["values"]
    told = {action: as_told(entry) for block in values.values() for action, entry in block.items()}
    assert {key: value for key, value in told.items() if value not in (None, [])} == {
        "number_input": "0.05",
        "datepicker": "2026-11-23",
        "timepicker": "06:00",
        "datetimepicker": gallery.WHEN,
        "checkboxes": ["alpha"],
        "radio_buttons": "beta",
        "multi_static_select": ["alpha", "beta"],
        "users_select": "U0OMAR",
        "conversations_select": "C0DELAYS",
        "multi_channels_select": ["C0TRAINING"],
        "long": "two\nlines",
    }


async def test_errors_stand_at_their_fields(desk: Desk) -> None:
    """Those of the client without asking the app, those of the app after it; the field has the focus."""
    page = await desk.page()
    await desk.open_modal(gallery.modal(FIELD))
    modal, field = modal_of(page), page.get_by_label("Reason")
    await modal.get_by_role("button", name="Start").click()
    await expect(modal.get_by_role("alert")).to_have_text("Please complete this required field.")
    await expect(field).to_be_focused()
    assert desk.heard == []
    desk.answers = [{"response_action": "errors", "errors": {FIELD_ID: "Say <b>why</b>"}}]
    await field.fill("because")
    await field.press("Enter")
    await expect(modal.get_by_role("alert")).to_have_text("Say <b>why</b>")
    await expect(field).to_have_attribute("aria-invalid", "")
    await field.press("ControlOrMeta+Enter")
    await expect(modal).to_have_count(0)


async def test_a_stack_of_modals(desk: Desk) -> None:
    """A push goes on top, back returns to what was typed, an update keeps it, clear takes all away."""
    page = await desk.page()
    first = await desk.open_modal(gallery.modal(FIELD))
    modal = modal_of(page)
    second = gallery.modal(section("more questions"), FIELD, title=plain("Second"))
    desk.answers = [{"response_action": "push", "view": second}] * 2
    await page.get_by_label("Reason").fill("typed below")
    await modal.get_by_role("button", name="Start").click()
    await expect(modal.get_by_role("heading", name="Second")).to_be_visible()
    await modal.get_by_role("button", name="Back").click()
    await expect(modal.get_by_label("Reason")).to_have_value("typed below")
    changed = gallery.modal(section("now with words"), FIELD, title=plain("Changed"))
    await desk.client.views_update(view_id=first, view=changed)
    await expect(modal.get_by_role("heading", name="Changed")).to_be_visible()
    await expect(modal.get_by_label("Reason")).to_have_value("typed below")
    await modal.get_by_role("button", name="Start").click()
    await expect(modal.get_by_role("heading", name="Second")).to_be_visible()
    desk.answers = [{"response_action": "update", "view": second | {"title": plain("Third")}},
                    {"response_action": "clear"}]  # fmt: skip
    await modal.get_by_label("Reason").fill("x")
    await modal.get_by_role("button", name="Start").click()
    await expect(modal.get_by_role("heading", name="Third")).to_be_visible()
    await modal.get_by_role("button", name="Start").click()
    await expect(modal).to_have_count(0)


async def test_leaving_a_modal(desk: Desk) -> None:
    """Escape and its button close it, the cross closes all; the app hears of it where it asked to."""
    page = await desk.page()
    view = gallery.modal(section("words"), notify_on_close=True)
    for leave in ("Not now", "Close"):
        await desk.open_modal(view)
        await modal_of(page).get_by_role("button", name=leave).click()
        await expect(modal_of(page)).to_have_count(0)
        assert (await desk.hear("view_closed"))["is_cleared"] is (leave == "Close")
    for _ in range(2):  # a browser lets a page hold a dialog open once only
        await desk.open_modal(view)
        await expect(modal_of(page)).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(modal_of(page)).to_have_count(0)
        await desk.hear("view_closed")


async def test_an_app_that_does_not_answer(desk: Desk) -> None:
    """The modal stays, with what was typed and with Slack's words for it."""
    page = await desk.page()
    await desk.open_modal(gallery.modal(FIELD))
    await page.get_by_label("Reason").fill("kept")
    desk.answers = [{"response_action": "errors", "errors": {"nowhere": "x"}}]
    await modal_of(page).get_by_role("button", name="Start").click()
    await expect(modal_of(page).get_by_role("alert").first).to_have_text("We had some trouble connecting. Try again?")
    await expect(page.get_by_label("Reason")).to_have_value("kept")


async def test_actions_inside_a_modal(desk: Desk) -> None:
    """A confirmed button and an input that dispatches are told with all that was typed; others stay silent."""
    page = await desk.page()
    loud: Block = gallery.elements()["static_select"]
    silent = gallery.elements()["radio_buttons"]
    blocks = (FIELD, gallery.input_block(loud, "Model", dispatch_action=True), gallery.input_block(silent, "Kind"),
              actions(button("Check", confirm=CONFIRM)))  # fmt: skip
    await desk.open_modal(gallery.modal(*blocks))
    modal = modal_of(page)
    await modal.get_by_label("Reason").fill("why not")
    await modal.get_by_label("Gamma").check()
    await choose(modal, "Model", "Beta")
    heard = await desk.hear("block_actions")
    assert heard["actions"][0]["selected_option"]["value"] == "beta"
    values = heard["view"]["state"]["values"]
    assert values[FIELD_ID]["text"]["value"] == "why not"
    assert values["b_radio_buttons"]["radio_buttons"]["selected_option"]["value"] == "gamma"
    await modal.get_by_role("button", name="Check").click()
    await page.get_by_role("button", name="Cancel the run").click()
    assert (await desk.hear("block_actions"))["actions"][0]["action_id"] == "check"
    assert desk.heard == []


async def test_text_that_dispatches(desk: Desk) -> None:
    """On Enter, or at each character, as its configuration says; a counter says what is left."""
    page = await desk.page()
    eager = MORE | {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}, "max_length": 5}
    blocks = [gallery.input_block(MORE, "Patient", dispatch_action=True),
              gallery.input_block(eager, "Eager", dispatch_action=True) | {"block_id": "b_eager"}]  # fmt: skip
    await desk.open_modal(gallery.modal(*blocks))
    modal = modal_of(page)
    await modal.get_by_label("Patient").press_sequentially("ab")
    await modal.get_by_label("Patient").press("Enter")
    assert (await desk.hear("block_actions"))["actions"][0]["value"] == "ab"
    await modal.get_by_label("Eager").press_sequentially("x")
    assert (await desk.hear("block_actions"))["actions"][0]["value"] == "x"
    await expect(modal.locator(".counter").last).to_have_text("4")
    assert desk.heard == []
    await expect(modal).to_be_visible()


async def test_suggestions(desk: Desk) -> None:
    """They come from the app once enough is typed, by arrows and Enter as well; without it the list says so."""
    page = await desk.page()
    await desk.open_modal(gallery.modal(gallery.input_block(gallery.elements()["external_select"], "Version")))
    modal = modal_of(page)
    field = modal.get_by_role("combobox")
    await field.press_sequentially("v")
    await expect(modal.get_by_role("status")).to_have_text("Type 2 letters or more")
    await field.press_sequentially("1")
    await expect(modal.get_by_role("option")).to_have_text(["v1 0", "v1 1", "v1 2"])
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        await field.press(key)
    assert await field.get_attribute("aria-activedescendant")
    await field.press("Enter")
    await expect(field).to_have_value("v1 2")
    await expect(modal.get_by_role("listbox")).to_be_hidden()


async def test_the_home_tab(desk: Desk) -> None:
    """Opening it tells the app, which publishes it; its buttons and menus work; a new one is drawn at once."""
    page = await desk.page(channel=HOME)
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_text("It has published nothing here yet")).to_be_visible()
    event = await desk.hear("app_home_opened")
    assert (event["tab"], event["user"]) == ("home", DANA)
    await desk.client.views_publish(user_id=DANA, view=gallery.home())
    await page.get_by_role("button", name="Approve").click()
    heard = await desk.hear("block_actions")
    assert (heard["view"]["type"], heard["actions"][0]["action_id"]) == ("home", "approve")
    await page.get_by_role("combobox").click()
    await page.get_by_role("option", name="Beta").click()
    assert (await desk.hear("block_actions"))["actions"][0]["selected_option"]["value"] == "beta"
    await desk.client.views_publish(user_id=DANA, view={"type": "home", "blocks": [section("nothing waits")]})
    await expect(page.get_by_text("nothing waits")).to_be_visible()
    await page.get_by_role("button", name="Show what was sent").click()
    await expect(page.get_by_role("dialog", name="What was sent")).to_contain_text("nothing waits")


async def test_a_modal_without_a_mouse(desk: Desk) -> None:
    """From a button in a message through the form and back: only keys."""
    page = await desk.page(channel="C0TRAINING")
    keys = page.keyboard

    async def open_form(body: dict[str, Any]) -> None:
        await desk.client.views_open(trigger_id=body["trigger_id"], view=gallery.modal(FIELD, menu))

    menu = gallery.input_block(gallery.elements()["static_select"], "Model")
    desk.then = open_form
    await desk.post(actions(button("Open the form")), channel="C0TRAINING")
    await page.get_by_role("button", name="Open the form").last.focus()
    await keys.press("Enter")
    await expect(modal_of(page).get_by_label("Reason")).to_be_focused()
    await keys.type("by keys")
    await keys.press("Tab")
    await keys.type("gam")
    await keys.press("Enter")
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.press("Enter")
    values = (await desk.hear("view_submission"))["view"]["state"]["values"]
    assert values[FIELD_ID]["text"]["value"] == "by keys"
    assert values["b_static_select"]["static_select"]["selected_option"]["value"] == "gamma"
    await expect(page.get_by_role("button", name="Open the form").last).to_be_focused()
