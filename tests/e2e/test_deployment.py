"""The demo's training and deploy DAGs on a real Airflow and a real MLflow, asked as the bot asks them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from bot.domain import Run, RunKey, RunState, TaskState
from bot.errors import ServiceDown
from bot.orchestrator import AirflowOrchestrator
from bot.registry import MlflowRegistry
from tests.station import AirflowServer, MlflowServer

pytestmark = [pytest.mark.airflow, pytest.mark.mlflow, pytest.mark.timeout(1300)]
QUICK = {"months": "4", "airports": ["LGA"], "max_iter": 20, "max_missing_percent": 25}
PATIENCE = 420  # seconds for a run


@pytest.fixture
async def airflow(airflow_server: AirflowServer) -> AsyncIterator[AirflowOrchestrator]:
    orchestrator = AirflowOrchestrator(
        airflow_server.url, username=airflow_server.username, password=airflow_server.password
    )
    yield orchestrator
    await orchestrator.close()


@pytest.fixture
async def mlflow(mlflow_server: MlflowServer) -> AsyncIterator[MlflowRegistry]:
    registry = MlflowRegistry(mlflow_server.url)
    yield registry
    await registry.close()


async def ended(airflow: AirflowOrchestrator, dag_id: str, conf: dict[str, Any]) -> Run:
    """A run with this conf, once it is over."""
    key, run, deadline = RunKey(dag_id, f"slack__{uuid.uuid4().hex[:12]}"), None, time.monotonic() + PATIENCE
    while run is None or not run.state.over:
        assert time.monotonic() < deadline, f"{dag_id} goes on: {run}"
        with suppress(ServiceDown):  # a busy machine: to start it again is harmless
            run = await airflow.run(key) or await airflow.start(key, conf)
        await asyncio.sleep(1)
    return run


async def summaries(airflow: AirflowOrchestrator, run: Run) -> dict[str, str]:
    """What each task says of its result, or of its failure."""
    tasks = (await airflow.tasks([run.key]))[run.key]
    return {
        task.task_id: await airflow.summary(run.key, task)
        if task.state is TaskState.SUCCESS
        else await airflow.failure(run.key, task)
        for task in tasks
    }


async def test_a_promoted_version_is_deployed(airflow: AirflowOrchestrator, mlflow: MlflowRegistry) -> None:
    """Trained under the bot's gates, given the alias, deployed; without the alias it isn't."""
    gates = [{"kind": "at_least", "name": "auc", "bound": 0.5, "better": None}]
    trained = await ended(airflow, "train_delays", QUICK | {"stationmaster": {"gates": gates}})
    assert trained.state is RunState.SUCCESS, await summaries(airflow, trained)
    assert (await summaries(airflow, trained))["validate_model"].endswith(", 1 of 1 gates passed")
    [training] = await mlflow.trainings(trained.key)
    [version] = await mlflow.versions_of(training.run_id)
    assert {"MLmodel", "model.pkl"} <= set(await mlflow.artifacts(version))
    assert [dataset.rows for dataset in training.datasets if dataset.context == "evaluation"] != [None]

    conf = {"model": version.model, "version": version.version, "alias": "canary"}
    refused = await ended(airflow, "deploy_delays", conf)
    assert refused.state is RunState.FAILED
    await mlflow.set_alias(version.model, "canary", version.version)
    deployed = await ended(airflow, "deploy_delays", conf)
    assert deployed.state is RunState.SUCCESS, await summaries(airflow, deployed)
    assert (await summaries(airflow, deployed))["publish"].startswith("scored ")
