"""The bot as people run it: `stationmaster serve`, started, stopped and killed by a test."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow_client.client import ApiClient, Configuration, DagRunApi

from demo.slack import StandIn
from demo.slack.messages import Message
from tests.station import AirflowServer, MlflowServer

CONFIG = """
access:
  viewers: [everyone]
  runners: [U0DANA, U0OMAR]
compute:
  dear: {backend: local, price: 3600}   # a dollar a second, so that cents tell times apart
models:
  delays:
    dag: train_delays
    channel: C0DELAYS
    metrics: {auc: higher, log_loss: lower, brier: lower, recall_at_5pct: higher}
  tiny: {compute: [dear]}
  breaks: {}
  slow: {}
  idle: {}
  every_kind: {}
  changing: {}
  paused_one: {}
  broken: {}
"""
READY, STOPPED = 90, 10  # seconds


@dataclass
class BotProcess:
    """`stationmaster serve` in a folder of its own, with what it needs in its environment."""

    folder: Path
    env: dict[str, str]
    child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything it has logged since its last start."""
        return (self.folder / "bot.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it; it is not ready yet."""
        with (self.folder / "bot.log").open("wb") as log:
            words = [str(Path(sys.executable).with_name("stationmaster")), "serve"]
            self.child = subprocess.Popen(words, cwd=self.folder, env=self.env, stdout=log, stderr=log)

    async def ready(self) -> None:
        """Returns once it says that it is."""
        deadline = time.monotonic() + READY
        while '"event": "ready"' not in self.log:
            assert self.child, "it was never started"
            assert self.child.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.child
        self.child.kill()
        self.child.wait()

    async def stop(self) -> tuple[int, float]:
        """SIGTERM; its exit status, and how many seconds it took."""
        assert self.child
        begun = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(self.child.wait, STOPPED + 5)
        return status, time.monotonic() - begun


@dataclass
class Whole:
    """All the parts, and what tests ask of them."""

    slack: StandIn
    bot: BotProcess
    airflow: AirflowServer
    mlflow: MlflowServer
    _client: ApiClient | None = field(default=None)

    async def type(self, text: str, *, person: str = "U0DANA", channel: str = "C0TRAINING") -> bool:
        """Type `/train text`; True where Slack was acknowledged."""
        return (await self.slack.as_user(person).slash(channel, f"/train {text}")).acked

    async def card(self, words: str, *, within: float = 120, channel: str = "C0TRAINING") -> Message:
        """The first message in the channel with these words."""
        try:
            return await self.slack.wait_for(
                lambda: next((each for each in self.slack.messages(channel) if words in each.text), None), within
            )
        except TimeoutError:
            texts = [each.text for each in self.slack.messages(channel)]
            raise TimeoutError(f"no message says {words!r}; there are {texts}; the bot logged {self.bot.log}") from None

    async def told(self, words: str, *, person: str = "U0DANA", within: float = 30) -> Message:
        """What only this person sees, with these words."""
        return await self.slack.wait_for(
            lambda: next((each for each in self.slack.ephemerals(person, "C0TRAINING") if words in each.text), None),
            within,
        )

    async def knows(self, model: str) -> None:
        """Returns once the bot's catalogue has this model ready to run."""
        for _ in range(120):
            await self.type(f"models {model}")
            if "ready" in json.dumps(self.slack.ephemerals("U0DANA", "C0TRAINING")[-1].blocks):
                return
            await asyncio.sleep(1)
        raise TimeoutError(f"{model} is not ready: {self.bot.log}")

    async def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The DAG's runs that were started from Slack, as Airflow's own API tells."""
        return [run for run in await self.all_runs(dag_id) if run["dag_run_id"].startswith("slack__")]

    async def all_runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The DAG's runs, whoever started them, as Airflow's own API tells."""
        return await asyncio.to_thread(self._runs, dag_id)

    def client(self) -> ApiClient:
        """Airflow's own client."""
        if self._client is None:
            self._client = ApiClient(Configuration(host=self.airflow.url, access_token=_token(self.airflow)))
        return self._client

    def _runs(self, dag_id: str) -> list[dict[str, Any]]:
        answer = DagRunApi(self.client()).get_dag_runs_without_preload_content(dag_id, limit=100)
        found: list[dict[str, Any]] = json.loads(answer.data)["dag_runs"]
        return found


def _token(server: AirflowServer) -> str:
    from urllib.request import Request, urlopen

    body = json.dumps({"username": server.username, "password": server.password}).encode()
    request = Request(f"{server.url}/auth/token", body, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=10) as answer:  # noqa: S310  # loopback, this test run's own Airflow
        return str(json.load(answer)["access_token"])


@pytest.fixture
async def whole(tmp_path: Path, airflow_server: AirflowServer, mlflow_server: MlflowServer) -> AsyncIterator[Whole]:
    """Everything up, the bot ready."""
    config = tmp_path / "stationmaster.yaml"
    kept = f"schedules: {{store: folder, name: e2e, path: {airflow_server.folder}}}\n"
    config.write_text(CONFIG + kept, encoding="utf-8")
    async with StandIn(rate_limits=False) as slack:
        env = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        env |= {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "BIND_ADDRESS": "127.0.0.1",
            "PORT": "0",
            "AIRFLOW_URL": airflow_server.url,
            "AIRFLOW_USERNAME": airflow_server.username,
            "AIRFLOW_PASSWORD": airflow_server.password,
            "MLFLOW_TRACKING_URI": mlflow_server.url,
            "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db",
            "STATIONMASTER_CONFIG": str(config),
        }
        bot = BotProcess(tmp_path, env)
        bot.start()
        try:
            await bot.ready()
            yield Whole(slack, bot, airflow_server, mlflow_server)
        finally:
            if bot.child and bot.child.poll() is None:
                bot.kill()
