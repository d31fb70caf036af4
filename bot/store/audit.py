"""The audit trail: who did what, when, with what outcome. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import audit

SET_GOING = ("started", "retried")  # the outcomes that make a run somebody's doing


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One thing that someone did or was refused. `id` makes it unique: a second entry with the same id is ignored.

    `subject` is what was acted on where that is more than a model: a run, a version, a schedule.
    """

    actor: str
    actor_name: str
    action: str
    outcome: str
    model: str | None = None
    subject: str | None = None
    detail: Mapping[str, Any] | None = None
    job_id: str | None = None
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, kw_only=True)
class AuditRow(AuditEntry):
    """An entry as it was written: `seq` counts up, `at` is in epoch seconds.

    `place` is where it stands in the chain, `seal` what proves it there, after the seal `prev`; `sealed` is when that
    was made, in epoch seconds. All four are None until it is sealed.
    """

    seq: int
    at: float
    prev: str | None
    seal: str | None
    place: int | None
    sealed: float | None


@dataclass(frozen=True)
class Unsealed:
    """How many rows wait to be sealed, and for how many seconds the oldest of them has."""

    rows: int
    seconds: float


class AuditTrail:
    """Adds to the trail, and reads it in order."""

    def __init__(self, database: Database) -> None:
        self._database = database
        new = database.insert(audit).values(at=database.now)  # once: to build it costs more than to carry it out
        self._new = new.on_conflict_do_nothing().returning(audit.c.seq)

    async def append(self, entry: AuditEntry, tx: Transaction | None = None) -> bool:
        """Write one entry; False where its id is there already."""
        values = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
        async with self._database.within(tx) as connection:
            added = await connection.execute(self._new, values)
            return added.first() is not None

    async def actors(self, model: str, subject: str) -> frozenset[str]:
        """Who started this run of the model, or set it going again: none of them may approve what comes of it."""
        return frozenset(row.actor for row in await self.set_going(model, subject))

    async def set_going(self, model: str, subject: str) -> Sequence[AuditRow]:
        """The rows by which this run of the model was started, or set going again, oldest first."""
        query = sa.select(audit).where(
            audit.c.subject == subject, audit.c.model == model, audit.c.outcome.in_(SET_GOING)
        )
        async with self._database.read() as connection:
            return [AuditRow(**row._asdict()) for row in await connection.execute(query.order_by(audit.c.seq))]

    async def search(
        self,
        *,
        actor: str | None = None,
        model: str | None = None,
        since: float = 0.0,
        reader: tuple[str, Collection[str]] | None = None,
        limit: int = 100,
    ) -> Sequence[AuditRow]:
        """The last rows, newest first: by this person, about this model, written `since` (epoch seconds).

        `reader`: only rows that this person did, or that are about one of these models.
        """
        query = sa.select(audit).where(audit.c.at >= since).order_by(audit.c.seq.desc()).limit(limit)
        if actor is not None:
            query = query.where(audit.c.actor == actor)
        if model is not None:
            query = query.where(audit.c.model == model)
        if reader is not None:
            query = query.where(sa.or_(audit.c.actor == reader[0], audit.c.model.in_(reader[1])))
        async with self._database.read() as connection:
            return [AuditRow(**row._asdict()) for row in await connection.execute(query)]

    async def unsealed(self) -> Unsealed:
        """What waits to be sealed."""
        query = sa.select(sa.func.count(), self._database.now - sa.func.min(audit.c.at)).where(audit.c.seal.is_(None))
        async with self._database.read() as connection:
            rows, seconds = (await connection.execute(query)).one()
        return Unsealed(rows, max(0.0, seconds or 0.0))

    async def doers(self, action: str, subject: str, outcomes: Collection[str]) -> Mapping[str, str]:
        """Who did this to the subject, with one of these outcomes: their names, by id."""
        query = sa.select(audit.c.actor, audit.c.actor_name).where(
            audit.c.subject == subject, audit.c.action == action, audit.c.outcome.in_(outcomes)
        )
        async with self._database.read() as connection:
            return {row.actor: row.actor_name for row in await connection.execute(query)}

    async def after(self, seq: int = 0, *, limit: int = 100) -> Sequence[AuditRow]:
        """The first `limit` rows whose number is above `seq`, in order.

        On PostgreSQL a row may come to light after one with a higher number, whose transaction was shorter.
        """
        query = sa.select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(limit)
        async with self._database.read() as connection:
            return [AuditRow(**row._asdict()) for row in await connection.execute(query)]
