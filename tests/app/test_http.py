"""The whole bot, reached by Slack's signed requests instead of a socket."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.app import running
from bot.following.tracker import Tracker
from bot.observing.routes import HEALTH
from bot.slack.http import PATH
from demo.slack.standin import StandIn
from demo.station.ports import HOST, free_port
from tests.app.conftest import DANA, PIPELINE, ROOT, TRAINING, World, settings_for
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry
from tests.fakes.specs import FakeSpecs
from tests.until import until

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@dataclass
class Signing:
    """Slack, as it sends requests: signed, to one address."""

    url: str
    session: aiohttp.ClientSession
    world: World

    async def command(self, text: str, trigger: str, **headers: str) -> tuple[int, dict[str, Any]]:
        """Deliver `/train text`; status and answer."""
        return await self._send(
            {
                "command": "/train",
                "text": text,
                "team_id": "T0STATION",
                "user_id": DANA,
                "channel_id": TRAINING,
                "trigger_id": trigger,
                "response_url": f"{self.world.slack.url}/response/none",
            },
            headers,
        )

    async def click(self, action_id: str, value: str) -> tuple[int, dict[str, Any]]:
        """Deliver a click on a button."""
        payload = {
            "type": "block_actions",
            "team": {"id": "T0STATION"},
            "user": {"id": DANA},
            "channel": {"id": TRAINING},
            "container": {"type": "message", "message_ts": "1.0", "channel_id": TRAINING},
            "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
            "response_url": f"{self.world.slack.url}/response/none",
        }
        return await self._send({"payload": json.dumps(payload)}, {})

    async def _send(self, form: dict[str, str], more: dict[str, str]) -> tuple[int, dict[str, Any]]:
        body, when = urlencode(form).encode(), str(int(time.time()))
        digest = hmac.new(SECRET.encode(), f"v0:{when}:".encode() + body, "sha256").hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": when,
            "X-Slack-Signature": f"v0={digest}",
        }
        async with self.session.post(self.url, data=body, headers=headers | more) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else {}


@pytest.fixture
async def signing(tmp_path: Path) -> AsyncIterator[Signing]:
    """The bot, listening, with the model `delays` in its catalogue."""
    airflow, mlflow = FakeOrchestrator(), FakeRegistry()
    airflow.add_dag(PIPELINE)
    config = ROOT / "demo" / "stationmaster.yaml"
    port = free_port()
    http = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": SECRET, "BIND_ADDRESS": HOST, "PORT": str(port)}
    async with StandIn(signing_secret=SECRET) as slack, aiohttp.ClientSession() as session:
        settings = settings_for(slack, tmp_path, config, **http)
        async with running(settings, airflow, mlflow) as station:
            await station.catalogue.refresh()
            world = World(slack, airflow, mlflow, station, Tracker(station), config, FakeSpecs())
            url = f"http://{HOST}:{port}{PATH}"
            await slack.use_request_url(url)  # which sends a challenge
            yield Signing(url, session, world)


async def test_an_answer_comes_in_the_acknowledgement(signing: Signing) -> None:
    """As over a socket; and no socket is opened."""
    status, answer = await signing.command("help", "1.1")
    assert (status, answer["response_type"]) == (200, "ephemeral")
    assert "run" in answer["text"]
    assert signing.world.slack.backend.sockets.connected == 0


async def test_a_run_starts_once_however_often_it_is_delivered(signing: Signing) -> None:
    """At once, later, and marked as a retry: it is known by the delivery's own id."""
    retry = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}
    first = await asyncio.gather(*(signing.command("run delays learning_rate=0.1", "7.7") for _ in range(3)))
    again = await signing.command("run delays learning_rate=0.1", "7.7", **retry)
    assert [status for status, _ in [*first, again]] == [200] * 4
    assert again[1]["text"].startswith("That is already under way")
    await signing.world.run_key()
    await signing.world.card("delays")
    assert len(signing.world.started()) == 1
    assert len(await signing.world.audit("run")) == 2, "accepted and started, once each"


async def test_people_see_no_difference(signing: Signing) -> None:
    """A command and its answer, a mention delivered twice and its one run, the home tab."""
    world = signing.world
    assert "/train run" in await world.type(DANA, "help")
    world.slack.deliveries.events.duplicate_next()
    await world.slack.as_user(DANA).say(TRAINING, "@stationmaster run delays learning_rate=0.1")
    await world.has_card(await world.run_key())
    await world.slack.deliveries.events.settle()
    assert len(world.started()) == 1
    await world.slack.as_user(DANA).open_home()
    assert await world.slack.wait_for(lambda: world.slack.as_user(DANA).home)


async def test_a_click_comes_in_too(signing: Signing) -> None:
    """As a form that holds JSON; a second click on the same button is the same request."""
    for _ in range(2):
        assert await signing.click("say:run", "run delays --yes") == (200, {})
    await signing.world.run_key()
    assert len(signing.world.started()) == 1


async def test_the_process_stops_cleanly(tmp_path: Path) -> None:
    """`serve` listens once it is ready, and is gone within ten seconds of SIGTERM, with status 0."""
    async with StandIn() as slack, aiohttp.ClientSession() as session:
        port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": SECRET,
            "BIND_ADDRESS": HOST,
            "PORT": str(port),
            "SLACK_API_URL": slack.api_url,
            "AIRFLOW_URL": "http://127.0.0.1:9",
            "AIRFLOW_TOKEN": "not-used",
            "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
            "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db",
            "STATIONMASTER_CONFIG": str(ROOT / "demo" / "stationmaster.yaml"),
        }
        command = [sys.executable, "-m", "bot", "serve"]
        with (tmp_path / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        try:
            await _healthy(session, f"http://{HOST}:{port}{HEALTH}")
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert SECRET not in (tmp_path / "log").read_text(encoding="utf-8")


async def _healthy(session: aiohttp.ClientSession, url: str) -> None:
    async def alive() -> bool:
        try:
            async with session.get(url) as answer:
                return bool((await answer.json())["alive"])
        except aiohttp.ClientConnectionError:
            return False

    await until(alive)
