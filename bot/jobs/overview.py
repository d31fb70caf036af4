"""Jobs as those who look after them see them: lists, gauges, and the two things to be done by hand."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store import Database, Transaction
from bot.store.schema import LIVE, job, job_step

Also = Callable[[Transaction], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A job as it stands. `args` and `result` are decoded; text that is no JSON is given as it is.

    `state`: ready, running, waiting, done, dead or cancelled. `due`, in epoch seconds, is when it is looked at
    again. `attempts` counts failures since its last remembered step.
    """

    id: str
    kind: str
    args: Any
    state: str
    due: float
    waiting_for: str | None
    owner: str | None
    epoch: int
    attempts: int
    result: Any
    error: str | None
    trace: str | None
    created: float
    updated: float
    about: str | None = None


@dataclass(frozen=True)
class Gauges:
    """How work stands: the seconds by which the oldest due job is late (0 if none is), and jobs by state."""

    oldest_due: float
    ready: int
    running: int
    waiting: int
    dead: int


class Overview:
    """Every job of the database, whoever runs it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cancel(self, job_id: str, also: Also | None = None) -> bool:
        """End a job that is not over; whoever runs it is fenced. `also(tx)` writes in the same transaction."""
        return await self._move(job_id, LIVE, also, state="cancelled", owner=None)

    async def replay(self, job_id: str, also: Also | None = None) -> bool:
        """Make a dead job ready again, with its steps remembered and its failures forgotten."""
        return await self._move(job_id, ("dead",), also, state="ready", attempts=0, due=self._database.now, error=None)

    async def _move(self, job_id: str, states: Collection[str], also: Also | None, **values: Any) -> bool:
        update = job.update().where(job.c.id == job_id, job.c.state.in_(states))
        async with self._database.write() as tx:
            moved = bool((await tx.execute(update.values(updated=self._database.now, **values))).rowcount)
            if moved and also:
                await also(tx)
        return moved

    async def list(self, state: str | None = None, *, kind: str | None = None, limit: int = 100) -> Sequence[JobRow]:
        """The jobs that changed last, newest first: all, or those in one state, or of one kind."""
        query = sa.select(job).order_by(job.c.updated.desc()).limit(limit)
        query = query if state is None else query.where(job.c.state == state)
        return await self._rows(query if kind is None else query.where(job.c.kind == kind))

    async def steps(self, job_id: str) -> Mapping[str, str]:
        """What a job remembers, oldest first: name to JSON."""
        query = sa.select(job_step.c.name, job_step.c.result).where(job_step.c.job_id == job_id).order_by(job_step.c.at)
        async with self._database.read() as connection:
            return {row.name: row.result for row in await connection.execute(query)}

    async def coming(self, kind: str, about: str) -> Sequence[JobRow]:
        """The live jobs of this kind about this, or about nobody knows what: an older version has accepted them."""
        known = sa.or_(job.c.about == about, job.c.about.is_(None))
        query = sa.select(job).where(job.c.state.in_(LIVE), job.c.kind == kind, known).order_by(job.c.created)
        return await self._rows(query)

    async def get(self, job_id: str) -> JobRow | None:
        """One job."""
        return next(iter(await self._rows(sa.select(job).where(job.c.id == job_id))), None)

    async def _rows(self, query: sa.Select[Any]) -> Sequence[JobRow]:
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [JobRow(**row._asdict() | {"args": _lenient(row.args), "result": _lenient(row.result)}) for row in rows]

    async def gauges(self) -> Gauges:
        """See Gauges."""
        now = self._database.now
        late = sa.select(now - sa.func.min(job.c.due)).where(job.c.state.in_(LIVE), job.c.due <= now)
        counts = (
            sa.select(job.c.state, sa.func.count().label("number"))
            .where(job.c.state.in_((*LIVE, "dead")))
            .group_by(job.c.state)
        )
        async with self._database.read() as connection:
            oldest = await connection.scalar(late) or 0.0
            count = {row.state: row.number for row in await connection.execute(counts)}
        return Gauges(oldest, *(count.get(state, 0) for state in ("ready", "running", "waiting", "dead")))


def _lenient(text: str | None) -> Any:
    with suppress(ValueError):
        return None if text is None else json.loads(text)
    return text
