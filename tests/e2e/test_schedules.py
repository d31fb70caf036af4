"""A schedule made in the stand-in Slack fires on a real Airflow, at the times that were shown."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from demo.slack.messages import Message
from tests.e2e.conftest import Whole

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.timeout(600)]
LABEL = "{{ 6*7 }} 'quoted' [[ 1 ]]"
FIRED = 2  # runs that are waited for
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


async def click(whole: Whole, message: Message, label: str) -> None:
    """Click the message's button that is called so."""
    [found] = [
        (block["block_id"], each["action_id"])
        for block in message.blocks
        for each in block.get("elements", ())
        if each.get("type") == "button" and each["text"]["text"] == label
    ]
    await whole.slack.as_user("U0DANA").click(message.channel, message.ts, found[1], block_id=found[0])


async def fired(whole: Whole, dag_id: str) -> list[dict[str, Any]]:
    """The schedule's own runs, oldest first, once there are as many as are waited for."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        runs = sorted(await whole.all_runs(dag_id), key=lambda run: str(run["run_after"]))
        if len(runs) >= FIRED:
            return runs
        await asyncio.sleep(2)
    raise TimeoutError(f"{dag_id} didn't fire; the bot logged {whole.bot.log}")


async def test_a_schedule_made_in_slack_fires_at_the_times_that_were_shown(whole: Whole) -> None:
    """Its runs begin at those minutes; what was typed arrives verbatim; its card names it; paused, it rests."""
    await whole.knows("tiny")
    await whole.type(f'schedule tiny * * * * * label="{LABEL}"')
    question = await whole.told("Train tiny every minute, Amsterdam time?")
    shown = re.search(r"Next: \w+ \d+ \w+ ([\d: ·]+)", json.dumps(question.blocks, ensure_ascii=False))
    assert shown
    minutes = shown[1].split(" · ")
    assert len(minutes) == 5
    begun = time.monotonic()
    await click(whole, question, "Create schedule")
    told = await whole.card("scheduled tiny: every minute (Amsterdam). First run", within=180)
    log.info("%.1f s from the click to the first run's time", time.monotonic() - begun)
    [schedule] = set(re.findall(r"pause (tiny-\w+)", json.dumps(told.blocks)))
    first = int(re.search(r"First run <!date\^(\d+)", told.text)[1])  # type: ignore[index]
    runs = await fired(whole, f"e2e__{schedule}")
    times = [datetime.fromisoformat(run["run_after"].replace("Z", "+00:00")) for run in runs]
    assert times[0].timestamp() == first
    passed = minutes.index(f"{times[0].astimezone(AMSTERDAM):%H:%M}")  # a minute may end before the click is done
    assert [f"{each.astimezone(AMSTERDAM):%H:%M}" for each in times][:FIRED] == minutes[passed : passed + FIRED]
    target = [run for run in await whole.all_runs("tiny") if run["dag_run_id"].startswith(f"e2e__{schedule}__")]
    assert target[0]["conf"]["label"] == LABEL
    assert target[0]["conf"]["stationmaster"]["schedule"]["id"] == schedule
    await whole.slack.wait_for(
        lambda: any("Dana's schedule, every minute" in str(each.blocks) for each in whole.slack.messages("C0TRAINING")),
        60,
    )
    await whole.type(f"pause {schedule}")
    await whole.card("Dana paused tiny")
    await whole.type(f"unschedule {schedule} --yes")
    await whole.card("Dana removed a schedule of tiny")
