"""`stationmaster check` on the real servers: what the scripted ones of its own tests stand for."""

from __future__ import annotations

import pytest

from bot.check.services import airflow, mlflow
from bot.orchestrator import AirflowOrchestrator
from bot.registry import MlflowRegistry
from bot.settings.config import Config
from tests.station import AirflowServer, MlflowServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.airflow
async def test_airflow_says_its_version_plugins_and_dags(airflow_server: AirflowServer) -> None:
    """With an account that may; another is refused in words."""
    server = airflow_server
    good = AirflowOrchestrator(server.url, username=server.username, password=server.password)
    bad = AirflowOrchestrator(server.url, username="nobody", password="wrong")
    lines = [str(each) for each in await airflow(good, Config())]
    assert lines[0].startswith("✓ Airflow: 3.")
    assert lines[1] == "✓ lineage plugin: Airflow has loaded it"
    assert lines[2].endswith("with the tag stationmaster")
    (refused,) = [str(each) for each in await airflow(bad, Config())]
    assert refused.startswith("✗ Airflow: the credentials, or the account's rights, are not right")
    await good.close()
    await bad.close()


@pytest.mark.mlflow
async def test_mlflow_says_its_version(mlflow_server: MlflowServer) -> None:
    """Through its client's own way of calling, credentials and all."""
    registry = MlflowRegistry(mlflow_server.url)
    (line,) = [str(each) for each in await mlflow(registry)]
    assert line.startswith("✓ MLflow: 3.")
    await registry.close()
