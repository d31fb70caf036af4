"""The stages that the contract's cases run on: each fake, and each real server where there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.orchestrator import AirflowOrchestrator
from bot.registry import MlflowRegistry
from tests.chaos.airflow import AirflowOverHttp
from tests.chaos.mlflow import MlflowOverHttp
from tests.chaos.wire import Wire
from tests.contract import orchestrators, registries
from tests.contract.orchestrators import OrchestratorStage
from tests.contract.registries import RegistryStage
from tests.contract.yard import Yard, opened


@pytest.fixture(scope="session")
def fake_orchestrator_stage() -> OrchestratorStage:
    return orchestrators.FakeStage()


@pytest.fixture
async def wire_orchestrator_stage() -> AsyncIterator[OrchestratorStage]:
    """The adapter for Airflow over the fake, served by HTTP as the kill harness does it."""
    stage = orchestrators.FakeStage()
    async with Wire(AirflowOverHttp(stage.fake).service()) as wire:
        stage.orchestrator = AirflowOrchestrator(wire.urls["airflow"], token="any")
        yield stage
        await stage.orchestrator.close()


@pytest.fixture(scope="session")
def airflow_stage(request: pytest.FixtureRequest) -> OrchestratorStage:
    server = request.getfixturevalue("airflow_server")
    return orchestrators.AirflowStage(server.url, server.username, server.password, server.log)


@pytest.fixture(params=["fake", "wire", pytest.param("airflow", marks=pytest.mark.airflow)])
def stage(request: pytest.FixtureRequest) -> OrchestratorStage:
    """An orchestrator with the tests' DAGs, shared by all cases: a case uses runs and ids of its own."""
    name = {"fake": "fake_orchestrator_stage", "wire": "wire_orchestrator_stage", "airflow": "airflow_stage"}[
        request.param
    ]
    found: OrchestratorStage = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def fake_registry_stage() -> RegistryStage:
    return registries.FakeStage()


@pytest.fixture
async def wire_registry_stage() -> AsyncIterator[RegistryStage]:
    """The adapter for MLflow over the fake, served by HTTP as the kill harness does it."""
    stage = registries.FakeStage()
    async with Wire(MlflowOverHttp(stage.fake).service()) as wire:
        stage.registry = MlflowRegistry(wire.urls["mlflow"])
        yield stage
        await stage.registry.close()


@pytest.fixture(scope="session")
def mlflow_stage(request: pytest.FixtureRequest) -> RegistryStage:
    return registries.MlflowStage(request.getfixturevalue("mlflow_server").url)


@pytest.fixture(params=["fake", "wire", pytest.param("mlflow", marks=pytest.mark.mlflow)])
def shelf(request: pytest.FixtureRequest) -> RegistryStage:
    """A registry, shared by all cases: a case uses models and DAG runs of its own."""
    name = {"fake": "fake_registry_stage", "wire": "wire_registry_stage", "mlflow": "mlflow_stage"}[request.param]
    found: RegistryStage = request.getfixturevalue(name)
    return found


@pytest.fixture
async def yard(tmp_path: Path, shelf: RegistryStage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    """A bot over each registry, whose work may be killed."""
    async with opened(tmp_path, shelf, monkeypatch) as found:
        yield found
