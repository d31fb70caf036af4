"""The connection to the database: one writer and a pool of readers on SQLite, one pool on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import postgresql, sqlite
from bot.store.patience import uninterrupted
from bot.store.turns import Turns

Transaction: TypeAlias = AsyncConnection
"""An open transaction that may write."""

Insert: TypeAlias = postgresql_dialect.Insert | sqlite_dialect.Insert

_SQLITE_NOW = "((julianday('now') - 2440587.5) * 86400.0)"
_POSTGRESQL_NOW = "extract(epoch from clock_timestamp())::float8"


class Database:
    """Opens transactions; knows what differs between SQLite and PostgreSQL.

    Writers of this process take turns, one at a time on SQLite and a few on PostgreSQL, so that a request being
    accepted goes before the bookkeeping of running jobs. Readers have connections of their own, and wait for no writer.
    `busy_timeout`: seconds that a write waits for another process's.

    On SQLite, WAL and `synchronous=FULL` make a commit survive a power cut, as PostgreSQL's defaults do.
    """

    def __init__(self, url: str, *, busy_timeout: float = 10.0) -> None:
        target = _parsed(url)
        self.is_sqlite = target.get_backend_name() == "sqlite"
        kind = sqlite if self.is_sqlite else postgresql
        target = kind.address(target)
        self.now: sa.ColumnElement[float] = sa.literal_column(
            _SQLITE_NOW if self.is_sqlite else _POSTGRESQL_NOW, sa.Double
        )
        self._turns = Turns(1 if self.is_sqlite else postgresql.WRITERS)
        self._writer = kind.writer(target, busy_timeout)
        self._readers = kind.readers(target, busy_timeout)

    @asynccontextmanager
    async def write(self, *, first: bool = False) -> AsyncIterator[Transaction]:
        """A transaction that may write: committed at the block's end, undone where it raises.

        `first` is for what a person waits for: where several wait to write, these go before the others.
        """
        async with self._turns.turn(first=first):
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
        return sqlite_dialect.insert(table) if self.is_sqlite else postgresql_dialect.insert(table)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writer.dispose()


def _parsed(url: str) -> sa.URL:
    """The URL, of one of the two databases; ValueError names what is allowed."""
    target = sa.make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    if target.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError(f"{target.get_backend_name()} is no database that I know: sqlite:///file or postgresql://…")
    return target
