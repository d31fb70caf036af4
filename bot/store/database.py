"""The connection to the database: one writer and a pool of readers on SQLite, one pool on PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.patience import PatientConnection, uninterrupted
from bot.store.turns import Turns

Transaction: TypeAlias = AsyncConnection
"""An open transaction that may write."""

Insert: TypeAlias = postgresql.Insert | sqlite.Insert

READERS = 4
_SQLITE_NOW = "((julianday('now') - 2440587.5) * 86400.0)"
_POSTGRESQL_NOW = "extract(epoch from clock_timestamp())::float8"


class Database:
    """Opens transactions; knows what differs between SQLite and PostgreSQL.

    On SQLite, writers of this process take turns in `Turns` and not in SQLite's lock, so that a request being accepted
    goes before the bookkeeping of running jobs; between processes `busy_timeout` seconds apply. WAL lets readers work
    on connections of their own meanwhile, and `synchronous=FULL` makes a commit survive a power cut.
    """

    def __init__(self, url: str, *, busy_timeout: float = 10.0) -> None:
        target = _with_driver(url)
        self.is_sqlite = target.get_backend_name() == "sqlite"
        self.now: sa.ColumnElement[float] = sa.literal_column(
            _SQLITE_NOW if self.is_sqlite else _POSTGRESQL_NOW, sa.Double
        )
        self._turns = Turns()
        if self.is_sqlite:
            self._writer = _sqlite_writer(target, busy_timeout)
            self._readers = _sqlite_readers(target, busy_timeout)
        else:
            self._writer = self._readers = create_async_engine(
                target, pool_size=10, pool_pre_ping=True, hide_parameters=True
            )

    @asynccontextmanager
    async def write(self, *, first: bool = False) -> AsyncIterator[Transaction]:
        """A transaction that may write: committed at the block's end, undone where it raises.

        `first` is for what a person waits for: where several wait to write, these go before the others.
        """
        turn = self._turns.turn(first=first) if self.is_sqlite else nullcontext()
        async with turn:
            with uninterrupted():
                async with self._writer.begin() as tx:
                    yield tx

    def within(self, tx: Transaction | None) -> AbstractAsyncContextManager[Transaction]:
        """`tx` itself, left open; or where it is None, a new writing transaction."""
        return nullcontext(tx) if tx is not None else self.write()

    @asynccontextmanager
    async def read(self, tx: Transaction | None = None) -> AsyncIterator[AsyncConnection]:
        """A connection to read what is committed; or `tx` itself, to read in it what it wrote."""
        if tx is not None:
            yield tx
            return
        with uninterrupted():
            async with self._readers.connect() as connection:
                yield connection

    def insert(self, table: sa.Table) -> Insert:
        """An INSERT that knows this database's ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writer.dispose()


def _with_driver(url: str) -> sa.URL:
    """The URL with its asynchronous driver; a SQLite file is made where it is missing, readable by its owner only."""
    target = sa.make_url(url)
    if target.get_backend_name() != "sqlite":
        return target
    if not target.database or target.database == ":memory:":
        raise ValueError("SQLite in memory forgets what it accepted; give a file: sqlite:///stationmaster.db")
    path = Path(target.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return target.set(drivername="sqlite+aiosqlite")


def _sqlite_writer(url: sa.URL, busy_timeout: float) -> AsyncEngine:
    arguments = _connecting(busy_timeout, "journal_mode=WAL", "synchronous=FULL")
    engine = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True, connect_args=arguments)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # a lock asked for later can fail without waiting

    return engine


def _sqlite_readers(url: sa.URL, busy_timeout: float) -> AsyncEngine:
    arguments = _connecting(busy_timeout, "query_only=ON")
    return create_async_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
    )


def _connecting(busy_timeout: float, *pragmas: str) -> dict[str, Any]:
    def connect(path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, busy_timeout, isolation_level=None)  # no BEGIN of the driver's own
        for pragma in pragmas:
            _set(connection, pragma, busy_timeout)
        return connection

    return {"async_creator_fn": lambda path, **_: PatientConnection(partial(connect, path))}


def _set(connection: sqlite3.Connection, pragma: str, within: float) -> None:
    """Set a pragma. To turn WAL on, SQLite takes a lock without waiting for it: so the waiting is done here."""
    deadline = time.monotonic() + within
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)  # in the connection's own thread
