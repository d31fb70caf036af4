"""The databases that the store's and the jobs' tests run on: a SQLite file, and PostgreSQL.

One PostgreSQL server is started for a test run, when first asked for. Each test gets a database of its own in it, a
copy of one that has been migrated, and it is dropped afterwards.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from bot.store import Store
from demo.station.postgres import Postgres
from demo.station.workspace import Workspace
from tests.station import need

BOTH = ("sqlite", "postgresql")
MIGRATED = "migrated"


@dataclass
class PostgresServer:
    """A server in which tests make databases. `server` can be stopped and started again."""

    server: Postgres
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """The URL of a database of this name."""
        return f"postgresql://{self.server.address.rpartition('/')[0]}/{database}"

    def make(self, template: str = MIGRATED) -> str:
        """Make a database from the template: its URL."""
        name = f"test_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    async def kill(self) -> None:
        """Kill the server, without a chance to say so; `server.start()` brings it back."""
        self.server.kill()
        await asyncio.gather(*(process.wait() for process in self.server.processes))
        (self.server.workspace.root / "postgres" / "postmaster.pid").unlink()  # it would be taken for the new one's

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", url.rpartition("/")[2])

    def execute(self, statement: str, *names: str) -> None:
        """Do this outside of any transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """A real PostgreSQL, up. It doesn't wait for the disk: no test cuts its power."""
    need("postgres")
    async with Postgres(Workspace(tmp_path_factory.mktemp("databases"))) as server:
        made = PostgresServer(server)
        made.execute("ALTER SYSTEM SET fsync = off")
        made.execute("ALTER SYSTEM SET authentication_timeout = '10s'")  # DROP waits for who broke off while connecting
        made.execute("SELECT pg_reload_conf()")
        made.execute("CREATE DATABASE {}", MIGRATED)
        await (await Store.open(made.url(MIGRATED))).close()
        yield made


@pytest.fixture
def postgresql(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a migrated, empty database of PostgreSQL."""
    url = postgres_server.make()
    yield url
    postgres_server.drop(url)


@pytest.fixture
def empty_postgresql(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database of PostgreSQL without tables."""
    url = postgres_server.make("template0")
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind: the test runs on both."""
    url: str = f"sqlite:///{tmp_path}/bot.db" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    return url


@pytest.fixture
def bots_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database for a whole bot: SQLite, or what TESTS_ON says, `postgresql`."""
    if os.environ.get("TESTS_ON", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/bot.db"
    url: str = request.getfixturevalue("postgresql")
    return url


@pytest.fixture(params=BOTH)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, of each kind: the test runs on both."""
    name = "empty_postgresql"
    url: str = f"sqlite:///{tmp_path}/bot.db" if request.param == "sqlite" else request.getfixturevalue(name)
    return url
