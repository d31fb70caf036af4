"""The real Airflow and the real MLflow server, each started once for a test run, when first asked for.

`tests/conftest.py` imports the fixtures. `make test` prepares the environments that the servers run in; where
one is missing the tests that need it are skipped, except in CI, where they fail.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from demo.station.airflow import Airflow
from demo.station.environments import REPOSITORY, MissingEnvironmentError, environment, packages
from demo.station.mlflow import Mlflow
from demo.station.ports import free_port
from demo.station.postgres import Postgres
from demo.station.workspace import Workspace
from tests.aws import Aws

PREFIX = "station/dags"  # below which Airflow's S3DagBundle looks


@dataclass(frozen=True)
class AirflowServer:
    """Where the test run's Airflow is. It reads the DAGs of `tests/dags`, of `demo/dags`, and of `folder`, which is
    for tests to write in; also those below `PREFIX` of `bucket` in the tests' S3, where its environment has the package
    for that: else `bucket` is empty. `log` is its scheduler's.
    """

    url: str
    username: str
    password: str
    folder: Path
    log: Path
    bucket: str = ""


@dataclass(frozen=True)
class MlflowServer:
    """Where the test run's MLflow is; Airflow's tasks find it in MLFLOW_TRACKING_URI, once it is started."""

    url: str


@pytest.fixture(scope="session")
def station_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The folder of the test run's servers; its `logs/` say what went wrong."""
    return Workspace(tmp_path_factory.mktemp("station"))


@pytest.fixture(scope="session")
def mlflow_port() -> int:
    """Chosen before MLflow starts, because Airflow's tasks are told."""
    return free_port()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def airflow_server(
    station_workspace: Workspace, mlflow_port: int, aws_server: Aws
) -> AsyncIterator[AirflowServer]:
    """A real Airflow on a real PostgreSQL, up, with every DAG read."""
    need("airflow", "postgres")
    written = station_workspace.folder("written")
    bucket = "airflow-dags" if any(packages("airflow").glob("apache_airflow_providers_amazon-*")) else ""
    aws_server.create("airflow-dags")
    async with (
        Postgres(station_workspace) as postgres,
        Airflow(
            station_workspace,
            postgres,
            dags=[REPOSITORY / "tests" / "dags", REPOSITORY / "demo" / "dags", written],
            plugins=REPOSITORY / "templates" / "plugins",
            task_env=_task_env(station_workspace, mlflow_port) | aws_server.environment,
            bundles=[_s3_bundle(bucket)] if bucket else [],
            port=free_port(),
        ) as airflow,
    ):
        log = station_workspace.log("airflow-scheduler")
        yield AirflowServer(airflow.url, airflow.username, airflow.password, written, log, bucket)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mlflow_server(station_workspace: Workspace, mlflow_port: int) -> AsyncIterator[MlflowServer]:
    """A real MLflow server, up, with an empty registry."""
    need("mlflow")
    async with Mlflow(station_workspace, port=mlflow_port) as mlflow:
        yield MlflowServer(mlflow.url)


def _s3_bundle(bucket: str) -> dict[str, object]:
    return {
        "name": "s3",
        "classpath": "airflow.providers.amazon.aws.bundles.s3.S3DagBundle",
        "kwargs": {"bucket_name": bucket, "prefix": PREFIX},
    }


def _task_env(workspace: Workspace, mlflow_port: int) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{mlflow_port}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
        "STATIONMASTER_DEMO_DATA": str(workspace.folder("tasks")),
    }


def need(*names: str) -> None:
    """Skip, or fail in CI, when one of these environments has not been made."""
    try:
        for name in names:
            environment(name)
    except MissingEnvironmentError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
