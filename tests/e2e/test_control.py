"""Runs that people look into, stop and set going again, in a real Airflow."""

from __future__ import annotations

import json

import pytest

from demo.slack.messages import Message
from tests.e2e.conftest import Whole

pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.timeout(400)]


async def click(whole: Whole, card: Message, label: str) -> None:
    """Click this button of the card as it stands now."""
    now = next(each for each in whole.slack.messages("C0TRAINING") if each.ts == card.ts)
    elements = [element for block in now.blocks if block["type"] == "actions" for element in block["elements"]]
    action = next(element["action_id"] for element in elements if element["text"]["text"] == label)
    await whole.slack.as_user("U0DANA").click("C0TRAINING", card.ts, action)


async def test_a_run_is_cancelled_and_retried_from_its_card(whole: Whole) -> None:
    """Airflow's own API shows it stopped, then queued anew; the same card follows both."""
    await whole.knows("slow")
    await whole.type("run slow seconds=60")
    card = await whole.card("slow is training")
    await whole.slack.wait_for(lambda: '"in_progress"' in json.dumps(card.blocks), 60)
    await click(whole, card, "Cancel")
    assert (await whole.card("slow was cancelled by Dana")).ts == card.ts
    (stopped,) = await whole.runs("slow")
    assert stopped["state"] == "failed"
    await click(whole, card, "Retry")
    assert (await whole.card("slow is training")).ts == card.ts
    (again,) = await whole.runs("slow")
    assert again["state"] in {"queued", "running"}
    assert again["queued_at"] != stopped["queued_at"]
    await click(whole, card, "Cancel")
    assert (await whole.card("slow was cancelled by Dana")).ts == card.ts


async def test_a_failed_tasks_log_is_read_and_sent_whole(whole: Whole) -> None:
    """Its own words, without Airflow's about where they are kept, and without the password in them; and the file."""
    await whole.knows("breaks")
    await whole.type("run breaks --yes")
    await click(whole, await whole.card("breaks failed at"), "Show log")
    log = await whole.told("breaks · check rows")
    said = json.dumps(log.blocks, ensure_ascii=False)
    assert "ValueError: 3 of 14 checks failed: visib has 4.2% nulls" in said
    assert "password=••• on the second line" in said
    button = next(element for block in log.blocks if block["type"] == "actions" for element in block["elements"])
    await whole.slack.as_user("U0DANA").click("C0TRAINING", log.ts, button["action_id"])
    await whole.told("The whole log is in our direct messages")
    completed = next(call for call in whole.slack.calls if call.method == "files.completeUploadExternal")
    file = next(
        each for message in whole.slack.messages(str(completed.arguments["channel_id"])) for each in message.files
    )
    content = (whole.slack.backend.files.read(file["id"]) or b"").decode()
    assert "ValueError: 3 of 14 checks failed" in content
    assert "hunter2" not in content
