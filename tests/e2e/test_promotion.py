"""A promotion by two people in two windows, on a real Airflow and a real MLflow, and the way back."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from airflow_client.client import TaskInstanceApi
from playwright.async_api import Page, expect

from bot.store import Store
from demo.slack.messages import Message
from tests.browser import needs_chromium, open_browser
from tests.contract.registries import MlflowStage
from tests.e2e.conftest import Whole

pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.browser, pytest.mark.timeout(600), needs_chromium]
SLOW = 120_000  # milliseconds
MODEL = "late flights, 100% tiny"
CONFIG = f"""
access:
  viewers: [everyone]
  runners: [U0DANA, U0OMAR]
  approvers: [S0MLLEADS]
models:
  tiny:
    registered_model: "{MODEL}"
    owners: [U0OMAR]
    metrics: {{auc: higher}}
    promotion:
      gates: {{auc: {{at_least: 0.6}}}}
      deploy: deploy_tiny
"""


async def trained(whole: Whole, shelf: MlflowStage, auc: float) -> str:
    """Dana runs the pipeline; what its task would have left in MLflow is registered: the version's number."""
    before = _finished(whole)
    await whole.type(f"run tiny label=auc-{auc}")
    await whole.slack.wait_for(lambda: _finished(whole) > before, 180)
    run = max(await whole.runs("tiny"), key=lambda each: str(each["queued_at"]))
    tags = {"airflow.dag_id": "tiny", "airflow.run_id": run["dag_run_id"], "airflow.task_id": "training.fit"}
    begun = await asyncio.to_thread(_began, whole, run["dag_run_id"])
    return await asyncio.to_thread(_register, shelf, tags, begun, auc)


def _finished(whole: Whole) -> int:
    """How many runs have; a card names the version once it is drawn again after that was registered."""
    return sum(bool(re.search(r"tiny (has finished|v\d+ is ready)", text)) for text in _texts(whole))


def _texts(whole: Whole) -> list[str]:
    return [each.text for each in whole.slack.messages("C0TRAINING")]


def _began(whole: Whole, run_id: str) -> int:
    """When the task that trains began, in milliseconds."""
    answer = TaskInstanceApi(whole.client()).get_task_instance_without_preload_content("tiny", run_id, "training.fit")
    return int(datetime.fromisoformat(json.loads(answer.data)["start_date"]).timestamp() * 1000)


def _register(shelf: MlflowStage, tags: dict[str, str], begun: int, auc: float) -> str:
    client = shelf.client()
    experiment = client.get_experiment_by_name("promotion") or client.get_experiment(
        client.create_experiment("promotion")
    )
    run_id = client.create_run(experiment.experiment_id, start_time=begun, tags=tags).info.run_id
    client.log_metric(run_id, "auc", auc)
    client.log_text(run_id, f"trees of {auc}", "model/MLmodel")
    client.set_terminated(run_id)
    shelf.ensure(MODEL)
    made = client.create_model_version(MODEL, f"runs:/{run_id}/model", run_id=run_id, await_creation_for=0)
    return str(made.version)


async def look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to look at it."""
    if folder := os.environ.get("SCREENSHOTS"):
        width = (page.viewport_size or {"width": 0})["width"]
        await page.screenshot(path=Path(folder) / f"{name}-{width}.png")


async def typed(page: Page, text: str) -> None:
    composer = page.get_by_role("textbox").first
    await composer.fill(f"/train {text}")
    await composer.press("Enter")


async def card(whole: Whole, words: str) -> Message:
    return await whole.card(words, within=120)


async def test_one_asks_another_approves(whole: Whole) -> None:
    """In two windows; rejected, approved, deployed, rolled back; ledger, audit trail and MLflow agree afterwards."""
    (whole.bot.folder / "stationmaster.yaml").write_text(CONFIG, encoding="utf-8")
    shelf = MlflowStage(whole.mlflow.url)
    await whole.knows("tiny")
    first = await trained(whole, shelf, 0.671)
    async with open_browser() as browser:
        dana = await browser.new_page(viewport={"width": 1280, "height": 900})
        omar = await browser.new_page(viewport={"width": 390, "height": 844})
        for page, person in ((dana, "U0DANA"), (omar, "U0OMAR")):
            await page.goto(f"{whole.slack.url}/?user={person}&channel=C0TRAINING")
        await promoted(dana, omar, first, "nothing holds it yet")
        second = await trained(whole, shelf, 0.712)
        await rejected(dana, omar, second)
        await promoted(dana, omar, second, f"now v{first}")
        await rolled_back(whole, omar, first)
        await void(whole, shelf, dana, omar, first, second)
    await agree(whole, first, second)


async def promoted(dana: Page, omar: Page, version: str, now: str) -> None:
    """Dana asks, Omar approves, Airflow deploys, and the card says so in both windows."""
    asks = f"Dana asks to put tiny v{version} into production ({now})"
    await typed(dana, f'promote tiny v{version} --reason "rain is in it"')
    await dana.get_by_text(asks).first.wait_for(timeout=SLOW)
    await look(dana, f"request-{version}")
    await omar.get_by_text(asks).first.wait_for(timeout=SLOW)
    await omar.get_by_role("button", name="Approve").last.wait_for(timeout=SLOW)
    await look(omar, f"request-{version}")
    await omar.get_by_role("button", name="Approve").last.click()
    for page in (dana, omar):
        await page.get_by_text(f"scored 12 rows with v{version} of {MODEL}").first.wait_for(timeout=SLOW)
        await look(page, f"done-{version}")
    await expect(omar.get_by_role("button", name="Approve")).to_have_count(0)


async def rejected(dana: Page, omar: Page, version: str) -> None:
    """Omar is asked why not, and it stands on the card."""
    await typed(dana, f"promote tiny v{version}")
    await omar.get_by_role("button", name="Reject…").last.click(timeout=SLOW)
    modal = omar.locator("#modal[open] > .view:not([hidden])")
    await modal.get_by_role("textbox").fill("Recall at 5% is worse, and nobody says why")
    await look(omar, "reject")
    await modal.get_by_role("button", name="Reject").click()
    await dana.get_by_text(f"tiny v{version} was rejected for production").first.wait_for(timeout=SLOW)
    await look(dana, "rejected")


async def rolled_back(whole: Whole, omar: Page, version: str) -> None:
    """The button on the card asks in a dialog, then the alias goes back and the version is deployed again."""
    await omar.get_by_role("button", name=f"Roll back to v{version}").last.click(timeout=SLOW)
    await look(omar, "rollback-dialog")
    await omar.get_by_role("dialog").get_by_role("button", name=f"Roll back to v{version}").click()
    await whole.slack.wait_for(lambda: _says(whole, f"tiny v{version} is back in production", "Deployed"), 120)
    await omar.get_by_text(f"tiny v{version} is back in production").first.wait_for(timeout=SLOW)
    await look(omar, "rolled-back")


def _says(whole: Whole, *words: str) -> bool:
    return any(all(word in text for word in words) for text in _texts(whole))


async def void(whole: Whole, shelf: MlflowStage, dana: Page, omar: Page, first: str, second: str) -> None:
    """Somebody changes the version's metrics in MLflow while it waits: the approval is void, and says what moved."""
    await typed(dana, f"promote tiny v{second} --to staging")
    await card(whole, f"tiny v{second} into staging")
    version = shelf.client().get_model_version(MODEL, second)
    await asyncio.to_thread(shelf.client().log_metric, version.run_id or "", "auc", 0.65)
    await omar.get_by_role("button", name="Approve").last.click(timeout=SLOW)
    await whole.slack.wait_for(lambda: _says(whole, "This request is void", "auc changed from 0.712 to 0.650"), 60)
    await dana.get_by_role("button", name="Ask again with today's evidence").last.wait_for(timeout=SLOW)
    await look(dana, "void")
    assert first != second


async def agree(whole: Whole, first: str, second: str) -> None:
    """The ledger, the audit trail and MLflow's own tags tell the same."""
    from mlflow import MlflowClient

    store = await Store.open(f"sqlite:///{whole.bot.folder}/bot.db")
    try:
        moves = await store.ledger.of_model(MODEL)
        rows = [row for row in await store.audit.after(limit=10_000) if row.action in {"promote", "rollback"}]
        done = [each for each in await store.promotions.of_model("tiny") if each.state == "done"]
    finally:
        await store.close()
    assert [(move.before, move.after, move.how, move.state) for move in moves] == [
        (None, first, "promotion", "done"),
        (first, second, "promotion", "done"),
        (second, first, "rollback", "done"),
    ]
    outcomes = [(row.actor_name, row.outcome) for row in rows if row.outcome in {"approved", "rejected", "rolled back"}]
    assert outcomes == [("Omar", "approved"), ("Omar", "rejected"), ("Omar", "approved"), ("Omar", "rolled back"),
                        ("Omar", "approved")]  # fmt: skip
    client = MlflowClient(whole.mlflow.url)
    holder = await asyncio.to_thread(client.get_model_version_by_alias, MODEL, "production")
    assert str(holder.version) == first
    for promotion in done:
        tags: dict[str, Any] = (await asyncio.to_thread(client.get_model_version, MODEL, promotion.version)).tags
        assert tags["stationmaster.evidence"] == promotion.digest
        assert tags["stationmaster.approved_by"] == "Omar (U0OMAR)"
        assert tags["stationmaster.requested_by"] == "Dana (U0DANA)"
        assert re.match(r"v\d+ to production", tags["stationmaster.promoted"])
    model = await asyncio.to_thread(client.get_registered_model, MODEL)
    assert model.tags["stationmaster.rolled_back"] == f"production from v{second} to v{first} by Omar (U0OMAR)"
