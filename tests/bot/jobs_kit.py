"""What the tests of the store and of jobs share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.jobs import JobRow, Jobs
from bot.store import Store
from tests.until import until


@asynccontextmanager
async def opened(where: Path | str, *, busy_timeout: float = 10.0) -> AsyncIterator[Store]:
    """A store on a file in this folder, or on the database at this URL, closed at the end.

    Opened twice, it is two processes' view of one database.
    """
    store = await Store.open(
        f"sqlite:///{where}/bot.db" if isinstance(where, Path) else where, busy_timeout=busy_timeout
    )
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def employed(where: Path | str, **options: Any) -> AsyncIterator[Jobs]:
    """Jobs on a store of their own, not started, stopped at the end; they look often and retry soon."""
    options.setdefault("poll", 0.05)
    options.setdefault("backoff", lambda _: 0.0)
    async with opened(where) as store:
        jobs = Jobs(store, **options)
        try:
            yield jobs
        finally:
            await jobs.stop(grace=0)


async def reached(jobs: Jobs, job_id: str, *states: str) -> JobRow:
    """The job, once it is in one of these states (or else done or dead, whichever comes)."""

    async def there() -> bool:
        row = await jobs.get(job_id)
        return row is not None and row.state in (states or ("done", "dead"))

    await until(there)
    row = await jobs.get(job_id)
    assert row
    return row


async def execute(store: Store, statement: sa.Executable) -> None:
    """Change the database behind everybody's back."""
    async with store.write() as tx:
        await tx.execute(statement)
