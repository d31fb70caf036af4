"""The database's connections: who waits for whom, and what a cancellation or a crash leaves behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import AuditEntry, Store, Transaction
from tests.bot.jobs_kit import opened

SLOW = sa.text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000000) SELECT max(i) FROM n")


def entry(name: str) -> AuditEntry:
    return AuditEntry(id=name, actor="U1", actor_name="Ada", action="run", outcome="accepted")


async def test_a_write_waits_for_no_reader(database: str) -> None:
    """While a long query runs, a write is committed and another query answered."""
    async with opened(database) as store:

        async def read_slowly() -> None:
            async with store.database.read() as connection:
                await connection.execute(SLOW)

        reading = asyncio.create_task(read_slowly())
        await asyncio.sleep(0.05)
        await store.audit.append(entry("a"))
        assert [row.id for row in await store.audit.after()] == ["a"]
        assert not reading.done()
        await reading


async def test_what_a_person_waits_for_is_written_first(tmp_path: Path) -> None:
    """Of several writers that wait, those who ask to be first go first; otherwise the order is that of arrival."""
    async with opened(tmp_path) as store:
        order: list[str] = []

        async def write(name: str, *, first: bool) -> None:
            async with store.write(first=first):
                order.append(name)

        async with store.write():
            waiting = [asyncio.create_task(write(name, first=name.startswith("inbox"))) for name in
                       ("step 1", "step 2", "inbox 1", "step 3", "inbox 2")]  # fmt: skip
            await asyncio.sleep(0.01)
            assert order == []
        await asyncio.gather(*waiting)
        assert order == ["inbox 1", "inbox 2", "step 1", "step 2", "step 3"]


async def test_who_goes_first_does_not_shut_out_the_others(tmp_path: Path) -> None:
    """Under a storm of requests, a running job still gets every fifth turn to remember its step."""
    async with opened(tmp_path) as store:
        order: list[str] = []

        async def write(name: str, *, first: bool) -> None:
            async with store.write(first=first):
                order.append(name)

        async with store.write():
            waiting = [asyncio.create_task(write("step", first=False)) for _ in range(2)]
            waiting += [asyncio.create_task(write("inbox", first=True)) for _ in range(10)]
            await asyncio.sleep(0.01)
        await asyncio.gather(*waiting)
        assert order == [*["inbox"] * 4, "step", *["inbox"] * 4, "step", *["inbox"] * 2]


async def test_a_writer_that_gives_up_waiting_holds_up_nobody(database: str) -> None:
    """A task cancelled while it waits for its turn, or as its turn comes, passes the turn on."""
    async with opened(database) as store:
        for _ in range(20):
            async with store.write():
                waiting = [asyncio.create_task(store.audit.append(entry("never"))) for _ in range(3)]
                await asyncio.sleep(0)
                waiting[1].cancel()
            waiting[0].cancel()
            await asyncio.wait(waiting)
            waiting[2].result()


async def test_cancelling_writers_at_any_moment_never_locks_the_database(database: str) -> None:
    """Each cancelled transaction is either whole or undone, and the next write goes ahead at once."""
    async with opened(database, busy_timeout=1) as store:
        written = []

        async def write_two(number: int) -> None:
            async with store.write() as tx:
                await store.audit.append(entry(f"{number} a"), tx)
                await store.audit.append(entry(f"{number} b"), tx)
            written.append(number)

        for number in range(150):
            doomed = asyncio.create_task(write_two(number))
            await asyncio.sleep(number % 50 / 10_000)
            doomed.cancel()
            await store.audit.append(entry(f"next {number}"))
            await asyncio.wait([doomed])
        ids = {row.id for row in await store.audit.after(limit=1000)}
        pairs = [({f"{number} a", f"{number} b"} & ids) for number in range(150)]
        assert {len(pair) for pair in pairs} <= {0, 2}
        assert all(pairs[number] for number in written)
        assert sum(name.startswith("next") for name in ids) == 150


async def test_who_cannot_connect_leaves_no_thread(tmp_path: Path) -> None:
    """It would tell a loop that is closed by then."""
    (tmp_path / "bot.db").write_text("no database " * 100)
    with pytest.raises(sa.exc.DatabaseError, match="file is not a database"):
        async with opened(tmp_path):
            pass
    assert not [each for each in threading.enumerate() if "_connection_worker_thread" in each.name]


async def test_a_cancellation_in_a_write_still_arrives(tmp_path: Path) -> None:
    """A time-out around a transaction raises TimeoutError, once the transaction is over."""
    async with opened(tmp_path, busy_timeout=0.3) as store:
        other = sqlite3.connect(tmp_path / "bot.db")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await store.audit.append(entry("late"))
        other.rollback()
        other.close()
        await store.audit.append(entry("after"))
        assert [row.id for row in await store.audit.after()] == ["after"]


async def test_a_write_within_a_write_is_refused(database: str) -> None:
    """A forgotten `tx` raises at once, where it would wait for itself for ever."""
    async with opened(database) as store:
        with pytest.raises(RuntimeError, match="pass its open transaction on"):
            async with store.write():
                await store.audit.append(entry("a"))
        await store.audit.append(entry("b"))


async def test_a_transaction_is_all_or_nothing(database: str) -> None:
    """What was written in a block that raises is gone; reading through the transaction sees it meanwhile."""
    async with opened(database) as store:

        async def fail(tx: Transaction) -> None:
            await store.posts.attempt("key", "C1", "nonce", 0.0, tx)
            assert await store.posts.get("key", tx)
            assert await store.posts.get("key") is None
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            async with store.write() as tx:
                await fail(tx)
        assert await store.posts.get("key") is None


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """The database and its write-ahead log are readable by nobody else; missing folders are made."""
    store = await Store.open(f"sqlite:///{tmp_path}/new/folder/bot.db")
    await store.audit.append(entry("a"))
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "folder").iterdir()}
    await store.close()
    assert modes == {0o600}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
async def test_a_database_in_memory_is_refused(url: str) -> None:
    """It would forget what it accepted."""
    with pytest.raises(ValueError, match="give a file"):
        await Store.open(url)


async def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    """The writer's connection runs with a write-ahead log and full synchronisation."""
    async with opened(tmp_path) as store, store.write() as tx:
        assert await tx.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert await tx.scalar(sa.text("PRAGMA synchronous")) == 2
