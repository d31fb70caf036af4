"""Aliases moved with MLflow's own client, behind the bot's back, on a real MLflow."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bot.app import mlflow, running
from bot.promoting.watching import Watching
from bot.station import Station
from demo.slack.standin import StandIn
from tests.app.conftest import DELAYS, PIPELINE, settings_for
from tests.fakes import FakeOrchestrator
from tests.station import MlflowServer

pytestmark = pytest.mark.mlflow
CONFIG = """
access: {{viewers: [everyone]}}
models:
  delays:
    dag: train_delays
    registered_model: '{registered}'
    channel: C0DELAYS
"""


@dataclass
class Outside:
    """A bot beside an MLflow in which somebody else works too."""

    slack: StandIn
    station: Station
    client: MlflowClient
    model: str

    async def does(self, work: Callable[[MlflowClient], object]) -> None:
        """Somebody does this in MLflow, and the bot looks."""
        await asyncio.to_thread(work, self.client)
        await Watching(self.station).look()

    async def told(self, count: int) -> list[str]:
        """So many messages of the channel, once they are there, without what they all say."""
        await self.slack.wait_for(lambda: len(self.slack.messages(DELAYS)) >= count)
        return [each.text.partition(" Nobody")[0] for each in self.slack.messages(DELAYS)]


@pytest.fixture
async def outside(mlflow_server: MlflowServer, tmp_path: Path) -> AsyncIterator[Outside]:
    """The model has three versions; nothing holds its alias, and the bot has looked."""
    model = f"it's 100% late? #{uuid.uuid4().hex[:6]}"
    config = tmp_path / "stationmaster.yaml"
    config.write_text(CONFIG.format(registered=model.replace("'", "''")), encoding="utf-8")
    client = MlflowClient(tracking_uri=mlflow_server.url, registry_uri=mlflow_server.url)
    await asyncio.to_thread(versions, client, model)
    airflow = FakeOrchestrator()
    airflow.add_dag(PIPELINE)
    async with StandIn() as slack:
        settings = settings_for(slack, tmp_path, config, MLFLOW_TRACKING_URI=mlflow_server.url)
        async with running(settings, airflow, mlflow(settings)) as station:
            await station.catalogue.refresh()
            await Watching(station).look()
            yield Outside(slack, station, client, model)


def versions(client: MlflowClient, model: str) -> None:
    experiment = client.create_experiment(f"outside {uuid.uuid4().hex[:8]}")
    client.create_registered_model(model)
    for _ in range(3):
        run = client.create_run(experiment).info.run_id
        client.create_model_version(model, f"runs:/{run}/model", run_id=run, await_creation_for=0)


async def test_what_others_do_is_told(outside: Outside) -> None:
    """Given, moved, deleted, given again, taken: each once, in words, and in the ledger in that order."""
    model = outside.model
    for work in (
        lambda client: client.set_registered_model_alias(model, "production", "1"),
        lambda client: client.set_registered_model_alias(model, "production", "2"),
        lambda client: client.delete_model_version(model, "2"),
        lambda client: client.set_registered_model_alias(model, "production", "3"),
        lambda client: client.delete_registered_model_alias(model, "production"),
        lambda client: client.set_model_version_tag(model, "3", "k", "v"),
    ):
        await outside.does(work)
    assert await outside.told(5) == [
        "⚠️ production of delays was given to v1 in MLflow itself.",
        "⚠️ production of delays moved from v1 to v2 in MLflow itself.",
        "⚠️ production of delays holds nothing now: v2 was deleted in MLflow itself.",
        "⚠️ production of delays was given to v3 in MLflow itself.",
        "⚠️ production of delays was taken from v3 in MLflow itself, and holds nothing now.",
    ]
    kept = await outside.station.store.ledger.of_model(model)
    assert [(move.before, move.after, move.how, move.reason) for move in kept] == [
        (None, "1", "outside", ""),
        ("1", "2", "outside", ""),
        ("2", None, "outside", "v2 was deleted"),
        (None, "3", "outside", ""),
        ("3", None, "outside", ""),
    ]
    assert await outside.station.store.ledger.targets(model, "production") == []


async def test_a_model_that_is_deleted_is_told(outside: Outside) -> None:
    """With all its versions, one of which held the alias."""
    model = outside.model
    await outside.does(lambda client: client.set_registered_model_alias(model, "production", "1"))
    await outside.does(lambda client: client.delete_registered_model(model))
    assert (await outside.told(2))[1] == "⚠️ production of delays holds nothing now: v1 was deleted in MLflow itself."
