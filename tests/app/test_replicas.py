"""Several bots on one database: any takes any delivery, each duty is one's, and who is gone is replaced."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import running
from bot.domain import RunState, TaskState
from bot.following import redrawing
from bot.following.tracker import HOLD, Tracker
from bot.jobs import Fenced
from bot.station import Station
from bot.store import Store
from bot.store.schema import hold
from demo.slack.standin import StandIn
from tests.app.conftest import DANA, PIPELINE, ROOT, TRAINING, World, settings_for
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry
from tests.until import until

LONG = 60.0


@dataclass
class Replica:
    """One bot, with its own view of the same Airflow."""

    station: Station
    airflow: FakeOrchestrator
    stack: AsyncExitStack

    def world(self, slack: StandIn, config: Path) -> World:
        """A test's world as this replica sees it."""
        return World(slack, self.airflow, FakeRegistry(), self.station, Tracker(self.station), config)


@dataclass
class Fleet:
    """What the replicas share."""

    slack: StandIn
    airflow: FakeOrchestrator
    config: Path
    database: str

    async def launch(self, folder: Path) -> Replica:
        """Start one more bot, by its settings."""
        airflow = copy.copy(self.airflow)  # the same DAGs and runs, a record of calls of its own
        airflow.calls = []
        stack = AsyncExitStack()
        settings = settings_for(self.slack, folder, self.config, DATABASE_URL=self.database)
        station = await stack.enter_async_context(running(settings, airflow, FakeRegistry()))
        await station.catalogue.refresh()
        return Replica(station, airflow, stack)


@pytest.fixture
async def fleet(database: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    airflow, config = FakeOrchestrator(), tmp_path / "stationmaster.yaml"
    airflow.add_dag(PIPELINE)
    text = (ROOT / "demo" / "stationmaster.yaml").read_text(encoding="utf-8")
    config.write_text(text.replace("class_weight: {}", "balanced: {}"), encoding="utf-8")
    async with StandIn() as slack:
        yield Fleet(slack, airflow, config, database)


@asynccontextmanager
async def pair(fleet: Fleet, folder: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two bots that run."""
    async with AsyncExitStack() as stack:
        one, two = [await fleet.launch(folder) for _ in range(2)]
        for each in (one, two):
            stack.push_async_callback(each.stack.aclose)
        yield one, two


async def test_any_replica_takes_any_delivery(fleet: Fleet, tmp_path: Path) -> None:
    """Commands and the clicks on their cards reach either of two; each run is started once and gets one card."""
    async with pair(fleet, tmp_path) as (one, two):
        assert fleet.slack.backend.sockets.connected == 2
        world = one.world(fleet.slack, fleet.config)
        rates = [round(0.1 + number / 100, 2) for number in range(8)]
        for rate in rates:
            assert await world.type(DANA, f"run delays learning_rate={rate} --yes") == ""
        await fleet.slack.wait_for(lambda: len(fleet.slack.messages(TRAINING)) == len(rates), 20)
        started = one.airflow.count("start") + two.airflow.count("start")
        assert started == len(rates)
        assert len({message.ts for message in fleet.slack.messages(TRAINING)}) == len(rates)
        for answer in await asyncio.gather(*(world.type(DANA, "models") for _ in range(4))):
            assert "delays" in answer


async def test_each_duty_is_one_replicas_and_passes_on_when_that_one_stops(fleet: Fleet, tmp_path: Path) -> None:
    """Only one asks Airflow in the background; once it has stopped the other one goes on, with the same card."""
    async with pair(fleet, tmp_path) as (one, two):
        world = one.world(fleet.slack, fleet.config)
        await world.type(DANA, "run delays --yes")
        card = await world.card("delays")
        key = (await world.followed_card()).key
        await asyncio.sleep(3.5)
        looked = [each.airflow.count("changed_runs") > 0 for each in (one, two)]
        assert sorted(looked) == [False, True]
        holder, other = (one, two) if looked[0] else (two, one)
        assert other.airflow.count("pipelines") == 1  # the test's own
        await holder.stack.aclose()
        fleet.airflow.set_task(key, "train", TaskState.RUNNING)
        again = await world.card("is training", timeout=20)
        assert again.ts == card.ts
        assert other.airflow.count("changed_runs") > 0
        assert await other.world(fleet.slack, fleet.config).type(DANA, "models")


async def expire(station: Station, name: str = HOLD) -> None:
    """Let a hold have run out."""
    async with station.store.write() as tx:
        await tx.execute(hold.update().where(hold.c.name == name).values(until=0.0))


async def held(station: Station) -> Tracker:
    """A tracker that has taken the hold over."""
    await expire(station)
    fence = await station.jobs.hold(HOLD, LONG)
    assert fence
    tracker = Tracker(station)
    tracker._fence = fence
    return tracker


@asynccontextmanager
async def trackers(fleet: Fleet, folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two bots whose own trackers don't tick, with one run that trains."""
    patch.setattr("bot.app.TRACKER_EVERY", 3_600.0)
    async with pair(fleet, folder) as (one, two):
        world = one.world(fleet.slack, fleet.config)
        await world.type(DANA, "run delays --yes")
        await world.card("delays")
        key = (await world.followed_card()).key
        fleet.airflow.set_task(key, "train", TaskState.RUNNING)
        yield one, two


async def test_a_replica_that_has_lost_the_tracker_edits_no_card(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds out before the edit; the one that has it now shows what is so."""
    async with trackers(fleet, tmp_path, monkeypatch) as (one, two):
        sleeper, heir = await held(one.station), await held(two.station)
        before = fleet.slack.messages(TRAINING)[-1].text
        with pytest.raises(Fenced):
            await sleeper.tick()
        assert fleet.slack.messages(TRAINING)[-1].text == before
        await heir.tick()
        assert "is training" in fleet.slack.messages(TRAINING)[-1].text


class Sleepy(Tracker):
    """Finds the hold in order, and then sleeps until another replica has taken it and done its work."""

    heir: Tracker
    then: RunState | None = None

    async def _check_hold(self) -> None:
        await super()._check_hold()
        self.heir = await held(self.other)
        await self.meanwhile()

    async def meanwhile(self) -> None:
        """What the other replica does."""
        await self.heir.tick()

    def __init__(self, station: Station, other: Station) -> None:
        super().__init__(station)
        self.other = other


@pytest.mark.parametrize("ended", [False, True])
async def test_an_edit_that_was_one_too_many_is_put_right(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ended: bool
) -> None:
    """A replica wakes after its check and hides what was shown since: the card comes back, of an ended run too."""
    monkeypatch.setattr(redrawing, "AFTER", 0.2)
    async with trackers(fleet, tmp_path, monkeypatch) as (one, two):
        world = two.world(fleet.slack, fleet.config)
        (followed,) = await two.station.store.runs.followed()

        async def go_on() -> None:
            fleet.airflow.set_task(followed.key, "train", TaskState.SUCCESS)
            fleet.airflow.set_task(followed.key, "validate_model", TaskState.RUNNING)
            if ended:
                fleet.airflow.finish(followed.key)
            await sleeper.heir.tick()
            if ended:
                await world.ended(followed.key, RunState.SUCCESS)

        sleeper = Sleepy(one.station, two.station)
        sleeper._fence = (await held(one.station))._fence
        sleeper.meanwhile = go_on  # type: ignore[method-assign]
        with pytest.raises(Fenced):
            await sleeper.tick()

        def right() -> bool:
            text = json.dumps(fleet.slack.messages(TRAINING)[-1].blocks) + fleet.slack.messages(TRAINING)[-1].text
            return "has finished" in text if ended else plan(text) == "in_progress"

        async def looked() -> bool:
            if not ended:
                await sleeper.heir.tick()
            return right()

        await until(looked)
        await asyncio.sleep(0.3)
        assert right()


def plan(text: str) -> str:
    """The state that a card shows of the task `validate_model`."""
    blocks = json.loads(text[: text.rindex("]") + 1])
    tasks = next(block["tasks"] for block in blocks if block["type"] == "plan")
    return str(next(task["status"] for task in tasks if task["title"].startswith("validate model")))


async def test_a_killed_replica_is_replaced_within_its_lease(postgresql: str, tmp_path: Path) -> None:
    """Two processes of `stationmaster serve`; the one with the tracker gets a SIGKILL: the other has it in seconds.

    Its deliveries go to the other one, which takes commands throughout. Nothing listens where Airflow should be.
    """
    config = ROOT / "demo" / "stationmaster.yaml"
    async with StandIn() as slack, AsyncExitStack() as stack:
        store = await Store.open(postgresql)
        stack.push_async_callback(store.close)

        async def holder() -> str:
            async with store.database.read() as connection:
                row = (await connection.execute(sa.select(hold).where(hold.c.name == HOLD))).first()
            return row.owner if row and row.owner else ""

        async def serve() -> tuple[asyncio.subprocess.Process, str]:
            with (tmp_path / "log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot", "serve", cwd=ROOT, env=environment(slack, postgresql, config),
                    stdout=log, stderr=log,
                )  # fmt: skip
            stack.push_async_callback(_end, process)
            await slack.wait_for(lambda: slack.backend.sockets.connected > 0, 30)
            return process, await until(holder)

        first, name = await serve()
        await serve()
        await slack.wait_for(lambda: slack.backend.sockets.connected == 2, 30)
        assert await holder() == name
        first.kill()
        await slack.wait_for(lambda: slack.backend.sockets.connected == 1)
        outcome = await slack.as_user(DANA).slash(TRAINING, "/train help")
        assert outcome.acked

        async def heir() -> bool:
            return await holder() not in {name, ""}

        await until(heir, within=25)


def environment(slack: StandIn, database: str, config: Path) -> dict[str, str]:
    """The settings of a bot that is a process of its own."""
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "AIRFLOW_URL": "http://127.0.0.1:9",
        "AIRFLOW_TOKEN": "not-used",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "DATABASE_URL": database,
        "PORT": "0",
        "STATIONMASTER_CONFIG": str(config),
    }


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
