"""A few kills with the real Airflow and MLflow behind the bot: what the fakes on the wire promise holds there."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.orchestrator import AirflowOrchestrator
from demo.slack.standin import StandIn
from tests.chaos.fleet import Fleet
from tests.chaos.nest import Nest
from tests.chaos.people import CHANNEL, DANA, markers
from tests.chaos.settings import settings_of
from tests.station import AirflowServer, MlflowServer

pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.timeout(600)]
KILLS, A_SECOND = 10, 4.0
DAG = "idle"  # its one task costs nothing
CONFIG = f"""
access: {{viewers: [everyone], runners: [{DANA}]}}
models: {{{DAG}: {{channel: C0DELAYS}}}}
"""
ACCEPTED_WITHIN = 15.0  # seconds from one kill to the next request that is accepted
CALM_WITHIN = 240.0  # seconds, on a machine that runs Airflow as well


@dataclass
class Station:
    """The bots, and everything around them that is not one of theirs."""

    slack: StandIn
    airflow: AirflowOrchestrator
    fleet: Fleet
    asked: int = 0
    accepted: set[str] = field(default_factory=set)

    async def ask(self) -> None:
        """Type for ever, without waiting for answers."""
        async with asyncio.TaskGroup() as requests:
            while True:
                self.asked += 1
                requests.create_task(self._run(f"run-{self.asked:05d}"))
                await asyncio.sleep(1 / A_SECOND)

    async def _run(self, marker: str) -> None:
        outcome = await self.slack.as_user(DANA).slash(CHANNEL, f"/train run {DAG} label={marker}")
        if outcome.acked and not outcome.payload:
            self.accepted.add(marker)

    async def known(self) -> None:
        """Wait until the bot knows the DAG."""
        async with asyncio.timeout(CALM_WITHIN):
            while "ready" not in str(self.slack.ephemerals(DANA, CHANNEL)[-1:]):
                await self.slack.as_user(DANA).slash(CHANNEL, f"/train models {DAG}")
                await asyncio.sleep(1)

    async def left(self) -> tuple[Counter[str], Counter[str], Counter[str]]:
        """By marker: runs at Airflow, cards, and what the threads of cards tell of the runs' ends."""
        runs = [
            run for run in await self.airflow.recent_runs([DAG], 1_000) if run.conf.get("label", "").startswith("run-")
        ]
        cards = [message for message in self.slack.messages(CHANNEL) if message.bot_id]
        ends: Counter[str] = Counter()
        for card in cards:
            told = [reply for reply in self.slack.replies(CHANNEL, card.ts) if "your run of" in reply.text]
            ends.update({marker: len(told) for marker in markers(card)})
        by_marker = Counter(marker for card in cards for marker in markers(card))
        return Counter(run.conf["label"] for run in runs), by_marker, ends


@pytest.fixture
async def station(tmp_path: Path, airflow_server: AirflowServer, mlflow_server: MlflowServer) -> AsyncIterator[Station]:
    """One bot between the stand-in Slack and the real servers; it knows the DAG."""
    airflow = AirflowOrchestrator(
        airflow_server.url, username=airflow_server.username, password=airflow_server.password, read_timeout=30
    )
    urls = {"airflow": airflow_server.url, "mlflow": mlflow_server.url}
    async with StandIn(rate_limits=False) as slack, Nest(tmp_path / "bots.log") as nest:
        settings = dict(settings_of(slack, urls, f"sqlite:///{tmp_path}/bot.db", tmp_path, 5.0, CONFIG))
        login: dict[str, Any] = {
            "AIRFLOW_TOKEN": "",
            "AIRFLOW_USERNAME": airflow_server.username,
            "AIRFLOW_PASSWORD": airflow_server.password,
        }
        fleet = Fleet(nest, settings | login, 1, Random(1))
        await fleet.fill()
        found = Station(slack, airflow, fleet)
        await found.known()
        yield found
        await fleet.end()
    await airflow.close()


async def test_real_servers_lose_nothing_and_do_nothing_twice(station: Station) -> None:
    """Each accepted run is there once, with one card, and one reply when it has ended."""
    chance = Random(7)
    asking = asyncio.create_task(station.ask())
    for _ in range(KILLS):
        before, deadline = len(station.accepted), time.monotonic() + ACCEPTED_WITHIN
        while len(station.accepted) == before and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0.0, 1.0))
        await station.fleet.kill_one()
    asking.cancel()
    await asyncio.wait([asking])
    async with asyncio.timeout(CALM_WITHIN):
        while True:
            runs, cards, ends = await station.left()
            if station.accepted <= set(runs) == set(cards) and all(ends[marker] for marker in runs):
                break
            await asyncio.sleep(1)
    assert len(station.accepted) >= KILLS / 2
    assert {*runs.values(), *cards.values(), *ends.values()} == {1}
