"""The whole bot as probes, Prometheus and an operator see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from bot.app import running
from bot.errors import ConfigError, ServiceDown
from bot.following.tracker import Tracker
from bot.observing import health
from demo.slack.standin import StandIn
from demo.station.ports import HOST, free_port
from tests.app.conftest import DANA, PIPELINE, ROOT, World, settings_for
from tests.bot.jobs_kit import execute
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry
from tests.until import until


@dataclass
class Seen:
    """The bot, and where it is looked at."""

    world: World
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def ready(self) -> tuple[int, dict[str, Any]]:
        status, text = await self.get("/readyz")
        return status, json.loads(text)["dependencies"]

    async def metric(self, line: str) -> float:
        """The value of the metric with this name and these labels."""
        _, text = await self.get("/metrics")
        found = [each.rpartition(" ")[2] for each in text.splitlines() if each.startswith(f"{line} ")]
        return float(found[0]) if found else 0.0

    async def reaches(self, line: str, value: float) -> None:
        """Returns once the metric has this value."""

        async def there() -> bool:
            return await self.metric(line) == value

        await until(there)


@asynccontextmanager
async def seeing(folder: Path) -> AsyncIterator[Seen]:
    airflow, mlflow, port = FakeOrchestrator(), FakeRegistry(), free_port()
    airflow.add_dag(PIPELINE)
    config = ROOT / "demo" / "stationmaster.yaml"
    async with (
        StandIn() as slack,
        aiohttp.ClientSession() as session,
        running(settings_for(slack, folder, config, PORT=str(port)), airflow, mlflow) as station,
    ):
        await station.catalogue.refresh()
        world = World(slack, airflow, mlflow, station, Tracker(station), config)
        yield Seen(world, f"http://{HOST}:{port}", session)


@pytest.fixture
async def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Seen]:
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr("bot.observing.routes.MEASURED_EVERY", 0.0)
    async with seeing(tmp_path) as one:
        yield one


async def test_over_a_socket_it_listens_too(seen: Seen) -> None:
    """It lives, and all that it needs is there."""
    assert await seen.get("/healthz") == (200, '{"alive": true, "why": ""}')
    status, found = await seen.ready()
    assert (status, [name for name, each in found.items() if each["ok"]]) == (
        200,
        ["database", "slack", "airflow", "mlflow"],
    )
    assert (await seen.get("/slack/events"))[0] == 404, "Slack's door is there over HTTP only"


async def test_without_airflow_and_mlflow_it_is_ready_and_says_so(seen: Seen) -> None:
    """What people ask for is kept meanwhile."""
    seen.world.airflow.fail_with(ServiceDown("Airflow", "away"), on="check")
    seen.world.mlflow.fail_with(ServiceDown("MLflow", "away"), on="check")
    status, found = await seen.ready()
    assert status == 200
    assert {name: each["why"] for name, each in found.items() if not each["ok"]} == {
        "airflow": "Airflow doesn't answer right now.",
        "mlflow": "MLflow doesn't answer right now.",
    }


async def test_without_its_database_it_is_not_ready(seen: Seen) -> None:
    """But lives: a restart would not help."""
    await execute(seen.world.station.store, sa.text("ALTER TABLE job RENAME TO elsewhere"))
    status, found = await seen.ready()
    assert (status, found["database"]["ok"], found["slack"]["ok"]) == (503, False, True)
    assert (await seen.get("/healthz"))[0] == 200
    _, text = await seen.get("/metrics")
    assert 'stationmaster_jobs{state="dead"} NaN' in text, "what isn't known is not told as it was"
    await execute(seen.world.station.store, sa.text("ALTER TABLE elsewhere RENAME TO job"))


async def test_without_slack_it_is_not_ready(seen: Seen) -> None:
    """Nothing that is asked could reach it."""
    seen.world.slack.faults.fail("auth.test", times=2)
    status, found = await seen.ready()
    assert (status, found["slack"]["why"]) == (503, "Slack doesn't answer right now.")


async def test_what_people_do_is_counted(seen: Seen) -> None:
    """By command and outcome; acknowledgements and calls of services are timed."""
    requests = 'stationmaster_requests_total{name="%s",outcome="%s"}'
    await seen.world.type(DANA, "help")
    await seen.world.type(DANA, "run delays learning_rate=0.1")
    await seen.world.type(DANA, "run delays learning_rate=7")
    await seen.world.type("U0NOOR", "run delays learning_rate=0.1")
    await seen.world.type(DANA, "sing")
    await seen.world.has_card(await seen.world.run_key())
    await seen.reaches(requests % ("help", "answered"), 1)
    await seen.reaches(requests % ("run", "accepted"), 1)
    await seen.reaches(requests % ("run", "refused"), 1)
    await seen.reaches(requests % ("run", "denied"), 1)
    await seen.reaches(requests % ("unknown", "refused"), 1)
    await seen.reaches('stationmaster_acknowledgement_seconds_count{kind="command"}', 5)
    await seen.reaches('stationmaster_service_calls_total{call="start",outcome="ok",service="airflow"}', 1)
    assert await seen.metric('stationmaster_service_calls_total{call="post",outcome="ok",service="slack"}') == 1
    await seen.reaches("stationmaster_tracker_holder", 1)
    assert 0 <= await seen.metric("stationmaster_tracker_lag_seconds") < 30
    assert await seen.metric("stationmaster_audit_unsealed_rows") > 0
    assert 0 < await seen.metric("stationmaster_slack_edits_left") <= 50


async def test_a_port_in_use_is_said_at_the_start(tmp_path: Path) -> None:
    """By the settings' names, and what to give instead."""
    async with StandIn() as slack:
        port = await asyncio.start_server(lambda *_: None, HOST, 0)
        taken = port.sockets[0].getsockname()[1]
        settings = settings_for(slack, tmp_path, ROOT / "demo" / "stationmaster.yaml", PORT=str(taken))
        with pytest.raises(ConfigError, match=f"BIND_ADDRESS, PORT: can't listen on {HOST}:{taken}: .*or 0 for any"):
            async with running(settings, FakeOrchestrator(), FakeRegistry()):
                pass
        port.close()
        await port.wait_closed()
