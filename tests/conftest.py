"""The real servers of a test run, for every test that asks for them, and what runs beside what."""

from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

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
settings.register_profile("unhurried", settings.default, deadline=None)  # a busy machine's example is no slower code
settings.load_profile("unhurried")
SERVERS = ("tests/contract/", "tests/e2e/", "tests/demo/station/", "tests/chaos/test_real_servers.py")


class Together(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Where tests run in several processes, a file's stay in one, and those that need the real servers share one."""

    def _split_scope(self, nodeid: str) -> str:
        return "servers" if nodeid.startswith(SERVERS) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """What xdist asks which process runs what; its own groups take no effect with this pytest."""
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that need the real servers come first: they wait more than they compute, and the others fill the gaps."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(SERVERS))
