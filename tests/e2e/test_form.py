"""A form filled in by hand, in a browser, and what arrives of it in a real Airflow."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import needs_chromium, open_browser
from tests.e2e.conftest import Whole

pytestmark = [
    pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.browser, pytest.mark.timeout(400), needs_chromium,
]  # fmt: skip

SLOW = 30_000  # milliseconds, for what a busy machine does


async def form_of(page: Page, model: str) -> Locator:
    """The form that the command opens."""
    composer = page.get_by_role("textbox").first
    await composer.fill(f"/train run {model}")
    await composer.press("Enter")
    modal = page.locator("#modal[open] > .view:not([hidden])")
    await modal.wait_for(timeout=SLOW)
    return modal


async def turned_to(modal: Locator, wanted: Locator) -> Locator:
    """This field or button, on whichever of the following pages it is."""
    while not await wanted.count():
        at = await modal.get_by_text("page ").first.inner_text()
        await modal.get_by_role("button", name="Next").click()
        await expect(modal.get_by_text("page ").first).not_to_have_text(at, timeout=SLOW)
    return wanted


async def choose(modal: Locator, label: str, name: str) -> None:
    field = modal.get_by_role("combobox", name=label, exact=True)
    await field.fill(name)
    await modal.get_by_role("option", name=name, exact=True).first.click(timeout=SLOW)


async def started(whole: Whole, page: Page, model: str) -> dict[str, Any]:
    """The conf of the one run that Airflow has of this model, once its card is there; without what is the bot's."""
    await page.get_by_text(model).first.wait_for(timeout=SLOW)
    await whole.card(model)
    [run] = await whole.runs(model)
    return {name: value for name, value in run["conf"].items() if name != "stationmaster"}


async def test_a_form_filled_in_by_hand_arrives_with_its_types(whole: Whole) -> None:
    """Texts, numbers, truths, choices (one of hundreds), lists, dates; a wrong value is refused at its field."""
    await whole.knows("every_kind")
    async with open_browser() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(f"{whole.slack.url}/?user=U0DANA&channel=C0TRAINING")
        modal = await form_of(page, "every_kind")
        await modal.get_by_label("A short text", exact=True).fill("muchtoolong")
        await modal.get_by_label("needed", exact=True).fill("{{ 6*7 }}")
        await modal.get_by_label("whole", exact=True).fill("7")
        await modal.get_by_role("button", name="Next").click()
        await modal.get_by_text("too long").wait_for(timeout=SLOW)
        await modal.get_by_label("A short text", exact=True).fill("short")
        await turned_to(modal, modal.get_by_role("combobox", name="hundreds", exact=True))
        await choose(modal, "pick", "log_loss")
        await choose(modal, "hundreds", "code 299")
        await modal.get_by_role("radiogroup", name="flag").get_by_label("No", exact=True).check()
        await modal.get_by_label("numbers", exact=True).fill("3\n4.5")
        day = await turned_to(modal, modal.get_by_label("day", exact=True))
        await day.fill("2026-12-24")
        await (await turned_to(modal, modal.get_by_role("button", name="Start"))).click()
        assert await started(whole, page, "every_kind") == {
            "bounded": "short", "needed": "{{ 6*7 }}", "whole": 7, "pick": "log_loss", "hundreds": "code 299",
            "flag": False, "numbers": [3, 4.5], "day": "2026-12-24",
        }  # fmt: skip


CHANGING = """
from airflow.sdk import dag, task

@task
def tell(): ...

@dag(dag_id="changing", schedule=None, params={params}, tags=["stationmaster"])
def changing():
    tell()

changing()
"""


async def shows(whole: Whole, model: str, words: str) -> None:
    """Returns once the bot's page of the model has these words: it reads Airflow every 20 s."""
    for _ in range(60):
        await whole.type(f"model {model}")
        if words in json.dumps(whole.slack.ephemerals("U0DANA", "C0TRAINING")[-1].blocks):
            return
        await asyncio.sleep(2)
    raise TimeoutError(f"{words} never came: {whole.bot.log}")


async def test_a_dag_that_changes_while_its_form_is_open(whole: Whole) -> None:
    """The form comes back filled in, with the new parameter and a word about it; then the run starts as it says."""
    file = whole.airflow.folder / "changing.py"
    file.write_text(CHANGING.replace("{params}", "{'rate': 0.5}"), encoding="utf-8")
    await whole.knows("changing")
    async with open_browser() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await page.goto(f"{whole.slack.url}/?user=U0DANA&channel=C0TRAINING")
        modal = await form_of(page, "changing")
        await modal.get_by_label("rate", exact=True).fill("0.25")
        file.write_text(CHANGING.replace("{params}", "{'rate': 0.5, 'depth': 3}"), encoding="utf-8")
        await shows(whole, "changing", "depth")
        await modal.get_by_role("button", name="Start").click()
        await modal.get_by_text("changed meanwhile").wait_for(timeout=SLOW)
        await modal.get_by_label("depth", exact=True).fill("4")
        await modal.get_by_role("button", name="Start").click()
        assert await started(whole, page, "changing") == {"rate": 0.25, "depth": 4}
