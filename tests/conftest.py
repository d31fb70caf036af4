"""The real servers of a test run, for every test that asks for them, and what runs beside what."""

import pytest

from tests.aws import aws, aws_server
from tests.databases import (
    bots_database,
    database,
    empty_database,
    empty_postgresql,
    postgres_server,
    postgresql,
)
from tests.station import airflow_server, mlflow_port, mlflow_server, station_workspace

__all__ = [
    "airflow_server",
    "aws",
    "aws_server",
    "bots_database",
    "database",
    "empty_database",
    "empty_postgresql",
    "mlflow_port",
    "mlflow_server",
    "postgres_server",
    "postgresql",
    "station_workspace",
]
SERVERS = {"airflow", "mlflow"}  # marks


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests run in several processes, a file's stay in one, and those that need the real servers share one.

    These come first: they wait more than they compute, and the others fill the gaps.
    """
    if not getattr(config.option, "loadgroup", False):  # what a worker of xdist has instead of --dist
        return
    for item in items:
        real = any(mark.name in SERVERS for mark in item.iter_markers())
        item.add_marker(pytest.mark.xdist_group("servers" if real else item.path.name))
    items.sort(key=lambda item: next(item.iter_markers("xdist_group")).args[0] != "servers")
