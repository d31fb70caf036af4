"""From the typed words to a real model's metrics, and whatever may come between."""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from demo.slack.messages import Message
from tests.browser import needs_chromium, open_browser
from tests.e2e.conftest import STOPPED, Whole

pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.timeout(400)]


async def test_a_real_model_is_trained_and_compared(whole: Whole) -> None:
    """Two runs of `delays`: the first has nothing to compare with, the second stands beside the champion, verified."""
    from mlflow import MlflowClient

    await whole.knows("delays")
    await whole.type("run delays learning_rate=0.1 max_iter=30")
    first = await whole.card("is ready", within=240)
    version = first.text.split()[2]
    assert "unverified" not in json.dumps(first.blocks)
    assert {block["type"] for block in first.blocks} >= {"table", "actions"}
    replies = await whole.slack.wait_for(lambda: whole.slack.replies("C0TRAINING", first.ts))
    assert replies[0].text == f"<@U0DANA> your run of delays is ready: {version}."
    client = MlflowClient(whole.mlflow.url)
    await asyncio.to_thread(client.set_registered_model_alias, "delays", "production", version.removeprefix("v"))
    await whole.type("run delays learning_rate=0.2 max_iter=31", person="U0OMAR")
    second = await whole.card("better than production on", within=240)
    assert "of 4 metrics" in second.text
    assert "same holdout" in json.dumps(second.blocks)
    run = next(run for run in await whole.runs("train_delays") if run["conf"].get("max_iter") == 31)
    assert run["conf"]["stationmaster"]["name"] == "Omar"
    await whole.type("model delays")
    assert "✓ Airflow" in json.dumps((await whole.told("delays:")).blocks, ensure_ascii=False)


async def test_typed_values_arrive_as_they_were_meant(whole: Whole) -> None:
    """JSON types, quotes, templates and markup reach the run's conf verbatim; the summaries come back to the card."""
    await whole.knows("tiny")
    await whole.type("run tiny label=“{{ 6*7 }} <!channel> it’s” rounds=5 airports=JFK,EWR seed=none shuffle=no")
    done = await whole.card("tiny has finished")
    conf = next(run["conf"] for run in await whole.runs("tiny") if run["conf"]["label"].startswith("{{"))
    assert conf["label"] == "{{ 6*7 }} <!channel> it's"
    assert (conf["rounds"], conf["airports"], conf["seed"], conf["shuffle"]) == (5, ["JFK", "EWR"], None, False)
    assert "<!channel>" not in json.dumps(done.blocks)
    assert "no MLflow run is tagged" in json.dumps(done.blocks)


async def test_prices_are_made_of_airflows_own_records(whole: Whole) -> None:
    """What a run did cost, and what the next one will, computed here from the times that Airflow's own API tells."""
    await whole.knows("tiny")
    for number in (1, 2):
        await whole.type(f"run tiny label=price-{number}")
        await whole.slack.wait_for(partial(_have_finished, whole, "tiny", number), 120)
    spent = [_dollars(r"took [^·]+ · \$([\d.,]+)", card) for card in _finished(whole, "tiny")]
    runs = await whole.all_runs("tiny")
    taken = [_seconds(run) for run in runs for number in (1, 2) if run["conf"].get("label") == f"price-{number}"]
    assert sorted(spent) == pytest.approx(sorted(taken), abs=0.0051)  # at a dollar a second
    await whole.type("run tiny label=price-next")
    card = await whole.slack.wait_for(
        lambda: next(
            (each for each in whole.slack.messages("C0TRAINING") if "reserved" in json.dumps(each.blocks)), None
        )
    )
    over = [run for run in runs if run["state"] == "success"]
    on_it = [
        run for run in over if ((run["conf"].get("stationmaster") or {}).get("compute") or {}).get("name") == "dear"
    ]
    seconds = [_seconds(run) for run in (on_it if len(on_it) >= 5 else over)]
    p90 = statistics.quantiles(seconds, n=10, method="inclusive")[8]
    assert _dollars(r"reserved \$([\d.,]+) \(p90", card) == pytest.approx(p90, abs=0.0101)


def _have_finished(whole: Whole, model: str, many: int) -> bool:
    return len(_finished(whole, model)) == many


def _finished(whole: Whole, model: str) -> list[Message]:
    return [each for each in whole.slack.messages("C0TRAINING") if f"{model} has finished" in each.text]


def _dollars(pattern: str, card: Message) -> float:
    found = re.search(pattern, json.dumps(card.blocks, ensure_ascii=False))
    assert found, card.blocks
    return float(found[1].rstrip(".").replace(",", ""))


def _seconds(run: dict[str, Any]) -> float:
    started, ended = (datetime.fromisoformat(run[name]) for name in ("start_date", "end_date"))
    return (ended - started).total_seconds()


async def test_a_failure_in_airflow_is_told_with_its_task_and_error(whole: Whole) -> None:
    """The failed task's title and the first line of its error, read from the task's log."""
    await whole.knows("breaks")
    await whole.type("run breaks --yes")
    failed = await whole.card("breaks failed at")
    assert "Error" in failed.text or "Failed" in failed.text
    assert "Traceback" not in json.dumps(failed.blocks)


async def test_what_airflow_cannot_run_is_listed_with_its_reason(whole: Whole) -> None:
    """A paused DAG, and one whose file has never been imported, are in the list and can't be started."""
    await whole.knows("idle")
    await whole.type("models")
    listed = json.dumps(whole.slack.ephemerals("U0DANA", "C0TRAINING")[-1].blocks, ensure_ascii=False)
    assert "paused in Airflow" in listed
    assert "no DAG broken has the tag stationmaster, and broken_import.py can't be imported" in listed
    await whole.type("run paused_one")
    assert "paused in Airflow" in (await whole.told("paused_one can't be trained now")).text


async def test_nothing_is_lost_and_nothing_done_twice_when_the_bot_is_killed(whole: Whole) -> None:
    """SIGKILL at random instants under commands: each accepted one has one run and one card, and no run has two."""
    await whole.knows("idle")
    accepted, typed, dice = set(), 0, random.Random(7)  # noqa: S311  # it chooses instants, not secrets
    for _ in range(6):
        killing = asyncio.create_task(_kill_after(whole, dice.uniform(0.05, 1.2)))
        for _ in range(4):
            typed += 1
            label = f"run-{typed}"
            if await whole.type(f"run idle label={label}"):
                accepted.add(label)
            await asyncio.sleep(dice.uniform(0, 0.2))
        await killing
        whole.bot.start()
        await whole.bot.ready()
    assert len(accepted) >= 6, "too few were accepted to show anything"
    await whole.slack.wait_for(lambda: len(_cards(whole)) >= len(accepted), 120)
    await asyncio.sleep(3)
    runs = await whole.runs("idle")
    labels = Counter(run["conf"]["label"] for run in runs)
    assert accepted <= set(labels), f"lost: {accepted - set(labels)}"
    assert max(labels.values()) == 1, f"twice in Airflow: {labels}"
    assert set(_cards(whole).values()) == {1}, f"twice in Slack: {_cards(whole)}"


async def _kill_after(whole: Whole, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await asyncio.to_thread(whole.bot.kill)


def _cards(whole: Whole) -> Counter[str]:
    """How many cards each run has, by the link to Airflow that they carry."""
    links = [
        element["url"]
        for message in whole.slack.messages("C0TRAINING")
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if "slack__" in element.get("url", "")
    ]
    return Counter(links)


async def test_a_stop_is_clean_and_unfinished_work_goes_on_afterwards(whole: Whole) -> None:
    """SIGTERM ends it within ten seconds; a run kept for an Airflow that was away starts after the next start."""
    await whole.knows("idle")
    status, seconds = await whole.bot.stop()
    assert status == 0
    assert seconds < STOPPED
    right = whole.bot.env["AIRFLOW_URL"]
    whole.bot.env["AIRFLOW_URL"] = "http://127.0.0.1:9"
    whole.bot.start()
    await whole.bot.ready()
    await whole.type("run idle label=kept")
    await whole.told("I keep your run of idle")
    assert (await whole.bot.stop())[1] < STOPPED
    assert not [run for run in await whole.runs("idle") if run["conf"]["label"] == "kept"]
    whole.bot.env["AIRFLOW_URL"] = right
    whole.bot.start()
    await whole.card("idle has finished", within=60)
    assert [run["conf"]["label"] for run in await whole.runs("idle")].count("kept") == 1


async def test_the_log_holds_no_secret(whole: Whole) -> None:
    """Neither the tokens nor the password are in what the bot logs, errors included."""
    await whole.type("run nothing")
    await whole.bot.stop()
    for secret in (whole.slack.bot_token, whole.slack.app_token, whole.airflow.password):
        assert secret not in whole.bot.log


@needs_chromium
@pytest.mark.browser
async def test_a_person_does_it_in_a_browser(whole: Whole) -> None:
    """Open the page, type the command, watch the card go to its end, and read the reply in its thread."""
    await whole.knows("idle")
    async with open_browser() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await page.goto(f"{whole.slack.url}/?user=U0DANA")
        composer = page.get_by_role("textbox").first
        await composer.fill("/train run idl")
        await composer.press("Enter")
        await page.get_by_text("Did you mean idle?").wait_for(timeout=20_000)
        await page.get_by_role("button", name="Run idle").click()
        await page.get_by_role("button", name="Start").click(timeout=20_000)
        await page.get_by_text("idle has finished").first.wait_for(timeout=90_000)
        await page.get_by_text("1 reply").first.click()
        await page.get_by_text("your run of idle is ready").first.wait_for(timeout=20_000)
