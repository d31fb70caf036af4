"""The processes that are measured: the bot as an installer starts it, and the least Bolt app, on stand-in Slacks."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.domain import Parameter, Pipeline, TaskSpec
from bot.store import CatalogueEntry, Store
from demo.slack.standin import StandIn
from demo.station.ports import HOST, free_port

ROOT = Path(__file__).resolve().parents[1]
START_WITHIN = 30.0  # seconds
PERSON, CHANNEL = "U0DANA", "C0TRAINING"  # who may run the demo's model, and where
BOT = ("bot", "serve")
BOLT = ("bench.bolt",)
BOLT_DEFAULT = ("bench.bolt", "--default")

_PIPELINE = Pipeline(
    dag_id="train_delays",
    description="Predict late flights",
    parameters=(
        Parameter(name="learning_rate", rule={"type": "number", "minimum": 0.001, "maximum": 1}, default=0.05),
        Parameter(name="max_iter", rule={"type": "integer", "minimum": 10, "maximum": 2000}, default=200),
    ),
    tasks=tuple(TaskSpec(task_id=name, title=name) for name in ("take_features", "train", "register")),
)


@dataclass(frozen=True)
class Contender:
    """A running app on a Slack of its own; `seconds` is from starting the process to its open socket."""

    slack: StandIn
    process: psutil.Process
    log: Path
    seconds: float


@asynccontextmanager
async def running(words: tuple[str, ...], folder: Path, database: str = "") -> AsyncIterator[Contender]:
    """`python -m WORDS`, connected; what it writes goes into `folder`. TimeoutError where it doesn't connect.

    `database` is a URL; a SQLite file in the folder without one.
    """
    async with StandIn(rate_limits=False) as slack:
        name = "-".join(words)
        await _fill_catalogue(database := database or f"sqlite:///{folder}/{name}.db")
        log, begun = folder / f"{name}-{database.partition(':')[0]}.log", time.perf_counter()
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *words, env=_environment(slack, database), cwd=ROOT, stdout=output, stderr=output
            )
        try:
            await slack.wait_for(lambda: slack.backend.sockets.connected, START_WITHIN)
            yield Contender(slack, psutil.Process(process.pid), log, time.perf_counter() - begun)
        finally:
            await _end(process)


def _environment(slack: StandIn, database: str) -> Mapping[str, str]:
    """The bot's settings. Nothing listens where Airflow and MLflow should be: they are not what is measured."""
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "BIND_ADDRESS": "127.0.0.1",
        "PORT": "0",
        "AIRFLOW_URL": f"http://{HOST}:{free_port()}",
        "AIRFLOW_TOKEN": "not-used",
        "MLFLOW_TRACKING_URI": f"http://{HOST}:{free_port()}",
        "DATABASE_URL": database,
        "STATIONMASTER_CONFIG": str(ROOT / "demo" / "stationmaster.yaml"),
    }


async def _fill_catalogue(url: str) -> None:
    """What an earlier look at Airflow would have left."""
    store = await Store.open(url)
    entry = CatalogueEntry(model=_PIPELINE.dag_id, entry=_PIPELINE.model_dump(mode="json"), digest="bench")
    await store.catalogue.replace([entry])
    await store.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 12)
    except TimeoutError:
        process.kill()
        await process.wait()
