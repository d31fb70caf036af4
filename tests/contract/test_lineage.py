"""Evidence, comparisons, explanations and histories read from a real MLflow, by a whole bot.

The registered model has a name of all the signs that MLflow takes, because people give such names.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import running
from bot.domain import RunKey, RunState, TaskState
from bot.following.tracker import Tracker
from bot.promoting.evidence import Evidence, digest
from bot.promoting.gathering import gather
from bot.promoting.moves import moved
from bot.registry import MlflowRegistry
from demo.slack.standin import StandIn
from tests.app.conftest import DANA, OMAR, PIPELINE, TRAINING, VERA, World, settings_for
from tests.contract.registries import MlflowStage
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry
from tests.fakes.specs import FakeSpecs
from tests.station import MlflowServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.mlflow]

CONFIG = """
access: {{viewers: [everyone], runners: [S0DATASCI], approvers: [S0MLLEADS]}}
schedules: {{store: folder, path: {folder}}}
models:
  delays:
    dag: train_delays
    registered_model: "{registered}"
    metrics: {{auc: higher}}
    promotion:
      gates: {{auc: {{at_least: 0.65, min_gain: 0.01}}}}
      required_tags: {{k: v}}
      min_rows: 30000
"""
COMMIT = "4be1c02f0a3d5c6b7a8990a1b2c3d4e5f6071829"


@dataclass
class Lab:
    """A bot whose Airflow is in memory and whose MLflow is real, with two versions: v1 in production, v2 better."""

    world: World
    stage: MlflowStage
    registered: str

    async def train(self, person: str, auc: float) -> RunKey:
        """A version that this person trains by the command, from Slack to the registry."""
        world, known = self.world, len(self.world.started())
        await world.type(person, "run delays --yes")
        await world.slack.wait_for(lambda: len(world.started()) > known, 20)
        key = await world.run_key()
        await world.has_card(key)
        world.airflow.set_task(key, "train", TaskState.RUNNING)
        names = {"airflow.dag_id": key.dag_id, "airflow.run_id": key.run_id, "airflow.task_id": "train"}
        run_id = await self.stage.train(names | {"mlflow.source.git.commit": COMMIT}, {"auc": auc})
        await self.stage.publish(self.registered, {"model.pkl": f"{auc}".encode()}, run_id=run_id)
        world.airflow.finish(key)
        await world.tracker.tick()
        await world.ended(key, RunState.SUCCESS)
        return key

    async def evidence(self, word: str = "v2") -> Evidence:
        """The evidence for v2, proposed by Dana."""
        model = await self.world.station.catalogue.find("delays")
        person = await self.world.station.people.person(DANA)
        return await gather(self.world.station, model, word, "production", person)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def lab(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The bot, running, and its two versions."""
    folder: Path = tmp_path_factory.mktemp("lab")
    config, registered = folder / "stationmaster.yaml", f"late flights 100% v1.5 {uuid.uuid4().hex[:6]}"
    config.write_text(CONFIG.format(folder=folder, registered=registered), encoding="utf-8")
    airflow, specs, registry = FakeOrchestrator(), FakeSpecs(), MlflowRegistry(mlflow_server.url)
    airflow.add_dag(PIPELINE)
    async with (
        StandIn() as slack,
        running(settings_for(slack, folder, config), airflow, registry, specs) as station,
    ):
        await station.catalogue.refresh()
        world = World(slack, airflow, FakeRegistry(), station, Tracker(station), config, specs)
        made = Lab(world, MlflowStage(mlflow_server.url), registered)
        await made.train(OMAR, 0.671)
        await made.stage.alias(registered, "production", "1")
        await made.train(DANA, 0.712)
        yield made


async def test_the_evidence_is_gathered_and_what_moves_is_noticed(lab: Lab) -> None:
    """Origin, files, data, gates and champion; then a file and the alias move, and are named."""
    found = await lab.evidence()
    assert (found.unknown, found.trained_by, found.commit, found.needed) == ("", "Dana", COMMIT, 1)
    assert found.artifacts == {"model.pkl": f"sha256:{hashlib.sha256(b'0.712').hexdigest()}"}
    assert [(data.context, data.rows) for data in found.datasets] == [("evaluation", 30_211)]
    assert found.champion is not None
    assert (found.champion.version, found.champion.comparable, found.champion.metrics) == ("1", True, {"auc": 0.671})
    assert [(result.gate.subject, result.passed) for result in found.gates] == [
        ("auc", True),
        ("auc", True),
        ("the tag k", True),
        ("evaluation rows", True),
    ]
    assert digest(await lab.evidence("latest")) == digest(found)
    await lab.stage.overwrite(lab.registered, "2", {"model.pkl": b"something else"})
    assert moved(found, await lab.evidence()) == ("the file model.pkl changed",)
    await lab.stage.overwrite(lab.registered, "2", {"model.pkl": b"0.712"})
    await lab.stage.alias(lab.registered, "production", "2")
    assert "production moved from v1 to v2" in moved(found, await lab.evidence())
    await lab.stage.alias(lab.registered, "production", "1")
    assert moved(found, await lab.evidence()) == ()


async def test_two_versions_are_compared(lab: Lab) -> None:
    """By alias and latest, with a link to MLflow's own comparison."""
    await lab.world.type(VERA, "compare delays @production latest")
    said = (await lab.world.told(VERA, "v2 beside v1")).text
    assert said.startswith("delays: v2 beside v1, better on 1 of 1 metric")
    blocks = lab.world.blocks(VERA)
    assert "compare-runs" in blocks
    assert "equal: 1 parameter, the evaluation data" in blocks


async def test_a_version_is_explained(lab: Lab) -> None:
    """From the record of the bot, Airflow and MLflow together."""
    await lab.world.type(VERA, "explain delays@v2")
    said = (await lab.world.told(VERA, "delays v2 holds no alias: trained by Dana")).text
    assert "*Origin*  known: Airflow confirms" in said
    assert f"commit {COMMIT[:12]}" in said
    assert "scored on flights (0a1b2c3d, 30,211 rows)" in said


async def test_a_history_is_drawn(lab: Lab) -> None:
    """A point for each version."""
    await lab.world.type(VERA, "history delays")
    shown = await lab.world.told(VERA, "production is v1 with auc 0.671")
    (drawn,) = [block for block in shown.blocks if block["type"] == "data_visualization"]
    assert drawn["chart"]["axis_config"]["categories"] == ["★ v1", "v2"]
    assert lab.world.slack.ephemerals(VERA, TRAINING)
