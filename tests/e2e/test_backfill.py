"""Past spans and later times on a real Airflow: a backfill by the DAG's own schedule; a run that never begins."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import datetime
from typing import Any

import pytest
from airflow_client.client import TaskInstanceApi

from demo.slack.messages import Message
from tests.e2e.conftest import Whole

pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.timeout(600)]
DAYS = ["2025-03-01", "2025-03-02", "2025-03-03"]
PASSED = 20.0  # seconds after a run's time in which Airflow would have begun it


async def click(whole: Whole, message: Message, label: str) -> None:
    """Click the button of the message, as it stands now, that is called so."""
    [found] = [
        (block["block_id"], each["action_id"])
        for block in message.blocks
        for each in block.get("elements", ())
        if each.get("type") == "button" and each["text"]["text"] == label
    ]
    await whole.slack.as_user("U0DANA").click(message.channel, message.ts, found[1], block_id=found[0])


def tasks_begun(whole: Whole, dag_id: str, run_id: str) -> list[str]:
    """The run's tasks that a process was ever started for, as Airflow's own API tells.

    Those that it marks as skipped at a cancellation get a start date, too: that says nothing.
    """
    answer = TaskInstanceApi(whole.client()).get_task_instances_without_preload_content(dag_id, run_id)
    return [task["task_id"] for task in json.loads(answer.data)["task_instances"] if task["pid"]]


async def backfilled(whole: Whole) -> list[dict[str, Any]]:
    """The runs of the days that were asked for, by date."""
    runs = [run for run in await whole.all_runs("daily") if run["run_type"] == "backfill"]
    return sorted((run for run in runs if run["logical_date"][:10] in DAYS), key=lambda run: str(run["logical_date"]))


async def cancelled(whole: Whole) -> tuple[str, float]:
    """A run of `tiny` for later, cancelled before it began: its id, and when it would have (epoch seconds)."""
    await whole.knows("tiny")
    await whole.type('run tiny label=later --at "in 2 minutes" --yes')
    card = await whole.card("tiny will train")
    [run] = [each for each in await whole.runs("tiny") if each["conf"].get("label") == "later"]
    due = datetime.fromisoformat(run["run_after"].replace("Z", "+00:00")).timestamp()
    await click(whole, card, "Cancel")
    assert (await whole.card("tiny was cancelled by Dana")).ts == card.ts
    assert time.time() < due, "it was cancelled too late for this test to say anything"
    return str(run["dag_run_id"]), due


async def backfill(whole: Whole) -> None:
    """Three days of `daily`, asked for, confirmed, and followed on one card until they are over."""
    await whole.knows("daily")
    await whole.type(f"backfill daily from {DAYS[0]} to {DAYS[-1]}")
    question = await whole.told(f"Train daily 3 times, for {DAYS[0]} to {DAYS[-1]}?")
    assert "Airflow runs them by the DAG's own schedule" in json.dumps(question.blocks)
    assert await backfilled(whole) == []
    await click(whole, question, "Start backfill")
    card = await whole.card("of 3 runs of a backfill are over")
    over = await whole.card("daily: 3 of 3 runs of a backfill are over", within=300)
    assert over.ts == card.ts
    assert over.text.startswith("✅")
    assert re.search(r"3 fine · \$\d", json.dumps(over.blocks, ensure_ascii=False))
    assert not [each for each in whole.slack.messages("C0TRAINING") if "daily" in each.text and each.ts != card.ts]


async def test_past_days_are_trained_and_a_cancelled_later_run_is_not(whole: Whole) -> None:
    """Airflow backfills the DAG by its own schedule: each run has its date, and the asker's name in its conf.

    A run for later was cancelled just before: at its time, and afterwards, none of its tasks has begun.
    """
    config = whole.bot.folder / "stationmaster.yaml"
    own = config.read_text(encoding="utf-8").replace("  tiny:", "  daily: {compute: [dear]}\n  tiny:")
    config.write_text(own, encoding="utf-8")
    never, due = await cancelled(whole)
    await backfill(whole)
    runs = await backfilled(whole)
    assert [(run["logical_date"][:10], run["state"]) for run in runs] == [(day, "success") for day in DAYS]
    assert {run["conf"]["stationmaster"]["name"] for run in runs} == {"Dana"}
    await asyncio.sleep(max(0.0, due + PASSED - time.time()))
    [now] = [each for each in await whole.runs("tiny") if each["dag_run_id"] == never]
    assert (now["state"], tasks_begun(whole, "tiny", never)) == ("failed", [])
