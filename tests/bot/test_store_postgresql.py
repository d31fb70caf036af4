"""PostgreSQL: connections that are lost, locks that are waited for, and how many of each there are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest
import sqlalchemy as sa

from bot.store import AuditEntry, Store
from bot.store import postgresql as engines
from bot.store.health import examine
from bot.store.trouble import TROUBLE, plainly
from tests.bot.jobs_kit import opened
from tests.databases import PostgresServer


def entry(name: str) -> AuditEntry:
    return AuditEntry(id=name, actor="U1", actor_name="Ada", action="run", outcome="accepted")


@pytest.fixture
async def store(postgresql: str) -> AsyncIterator[Store]:
    async with opened(postgresql, busy_timeout=0.3) as made:
        yield made


def others(url: str, what: str = "count(*)") -> object:
    """Ask about the bot's connections to this database."""
    with psycopg.connect(url, autocommit=True) as connection:
        ours = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stationmaster'"
        found = connection.execute(f"SELECT {what} {ours}").fetchone()
        assert found
        return found[0]


def disconnect(url: str) -> None:
    """End every connection of the bot's, as a restart does."""
    assert others(url, "count(pg_terminate_backend(pid))")


async def test_a_restart_while_idle_costs_nobody_an_error(store: Store, postgresql: str) -> None:
    """Connections that the server has closed are replaced before anybody gets them, readers' and writers'."""
    await asyncio.gather(*(store.audit.append(entry(f"before {n}")) for n in range(8)))
    await asyncio.gather(*(store.audit.after() for _ in range(4)))
    for turn in range(3):
        disconnect(postgresql)
        await asyncio.sleep(0.05)
        await asyncio.gather(*(store.audit.append(entry(f"{turn} {n}")) for n in range(8)))
        assert len(await store.audit.after()) == 8 * (turn + 2)


async def test_a_connection_lost_in_mid_transaction_is_trouble(store: Store, postgresql: str) -> None:
    """What was written in it is undone, the error says so in words, and the next transaction goes ahead."""

    async def write() -> None:
        async with store.write() as tx:
            await store.audit.append(entry("lost"), tx)
            disconnect(postgresql)
            await store.audit.append(entry("never"), tx)

    with pytest.raises(TROUBLE) as raised:
        await write()
    assert "terminating connection" in plainly(raised.value)
    assert "INSERT" not in plainly(raised.value)
    await store.audit.append(entry("after"))
    assert [row.id for row in await store.audit.after()] == ["after"]


async def test_a_lock_is_not_waited_for_for_ever(store: Store, postgresql: str) -> None:
    """Another process that keeps a row locked makes a write trouble, after `busy_timeout` seconds."""
    await store.posts.attempt("key", "C1", "nonce", 0.0)
    with psycopg.connect(postgresql) as other:
        other.execute("SELECT * FROM post FOR UPDATE")
        begun = time.monotonic()
        with pytest.raises(TROUBLE, match="lock timeout"):
            await store.posts.posted("key", "C1", "1.1")
        assert 0.25 < time.monotonic() - begun < 5
    await store.posts.posted("key", "C1", "1.1")


async def test_no_statement_and_no_transaction_takes_for_ever(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends what is too slow, and a transaction that is left open."""
    monkeypatch.setattr(engines, "STATEMENT", 0.2)
    monkeypatch.setattr(engines, "IDLE", 0.2)
    async with opened(postgresql) as store:

        async def dawdle() -> None:
            async with store.write() as tx:
                await store.audit.append(entry("left open"), tx)
                await asyncio.sleep(0.5)
                await store.audit.append(entry("too late"), tx)

        with pytest.raises(TROUBLE, match="statement timeout"):
            async with store.database.read() as connection:
                await connection.execute(sa.text("SELECT pg_sleep(20)"))
        with pytest.raises(TROUBLE, match="idle"):
            await dawdle()
        assert await store.audit.after() == []


async def test_a_process_has_a_dozen_connections_at_most(store: Store, postgresql: str) -> None:
    """Two hundred who write and two hundred who read at once wait for each other, and all get their turn."""
    writing = [store.audit.append(entry(f"{n}")) for n in range(200)]
    reading = [store.audit.after(limit=1) for _ in range(200)]
    await asyncio.gather(*writing, *reading)
    assert len(await store.audit.after(limit=1_000)) == 200
    assert others(postgresql) == engines.READERS + engines.WRITERS == 12


async def test_readers_can_write_nothing(store: Store) -> None:
    """A query that writes by mistake is refused."""
    with pytest.raises(sa.exc.InternalError, match="read-only"):
        async with store.database.read() as connection:
            await connection.execute(sa.text("DELETE FROM job"))


async def test_an_administrators_url_is_taken_as_it_is(postgresql: str) -> None:
    """libpq's own parameters work, and go before the bot's; so do the scheme's other spelling and another driver."""
    more = "?sslmode=prefer&application_name=trains&options=-c%20statement_timeout%3D7s"
    for url in (postgresql + more, (postgresql + more).replace("postgresql://", "postgres://", 1)):
        async with opened(url) as store, store.database.read() as connection:
            assert await connection.scalar(sa.text("SHOW application_name")) == "trains"
            assert await connection.scalar(sa.text("SHOW statement_timeout")) == "7s"
    async with opened(postgresql.replace("postgresql://", "postgresql+asyncpg://")) as store:
        await store.audit.append(entry("a"))


async def test_another_kind_of_database_is_refused() -> None:
    """In words that say what is allowed."""
    with pytest.raises(ValueError, match="postgresql://"):
        await Store.open("mysql://bot@db/bot")


async def test_a_server_that_is_killed_is_waited_for(store: Store, postgres_server: PostgresServer) -> None:
    """While it is away everything is trouble; once it is back, everything committed is there and work goes on."""
    await store.audit.append(entry("before"))
    await postgres_server.kill()
    for _ in range(2):
        with pytest.raises(TROUBLE):
            await store.audit.append(entry("meanwhile"))
        with pytest.raises(TROUBLE):
            await store.audit.after()
    await postgres_server.server.start()
    await store.audit.append(entry("after"))
    assert [row.id for row in await store.audit.after()] == ["before", "after"]


async def test_check_says_how_the_database_stands(
    postgresql: str, empty_postgresql: str, postgres_server: PostgresServer
) -> None:
    """Migrated, empty, away, or with an encoding that can't keep every name."""
    assert (await examine(postgresql))[0]
    assert await examine(empty_postgresql) == (True, "writable and empty; its tables will be made at the first start")
    usable, words = await examine(postgresql.replace("@127.0.0.1", "@127.0.0.2"))
    assert not usable
    assert "127.0.0.2" in words
    postgres_server.execute("CREATE DATABASE {} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", "latin")
    usable, words = await examine(postgres_server.url("latin"))
    postgres_server.drop(postgres_server.url("latin"))
    assert not usable
    assert "LATIN1" in words
