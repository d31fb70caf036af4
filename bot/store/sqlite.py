"""SQLite's engines: one connection that writes, a few that read beside it."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.patience import PatientConnection

READERS = 4


def address(url: sa.URL) -> sa.URL:
    """The URL with its driver; the file is made where it is missing, readable by its owner only."""
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite in memory forgets what it accepted; give a file: sqlite:///stationmaster.db")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return url.set(drivername="sqlite+aiosqlite")


def writer(url: sa.URL, busy_timeout: float) -> AsyncEngine:
    """One connection, whose transactions take the file's lock when they begin."""
    arguments = _connecting(busy_timeout, "journal_mode=WAL", "synchronous=FULL")
    engine = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True, connect_args=arguments)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # a lock asked for later can fail without waiting

    return engine


def readers(url: sa.URL, busy_timeout: float) -> AsyncEngine:
    """Connections that can't write, and see what is committed."""
    return create_async_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        connect_args=_connecting(busy_timeout, "query_only=ON"),
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
