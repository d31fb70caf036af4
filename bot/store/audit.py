"""The audit trail: who did what, when, with what outcome. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    async def append(self, entry: AuditEntry, tx: Transaction | None = None) -> bool:
        """Write one entry; False where its id is there already."""
        values = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
        row = self._database.insert(audit).values(at=self._database.now, **values)
        async with self._database.within(tx) as connection:
            added = await connection.execute(row.on_conflict_do_nothing().returning(audit.c.seq))
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

    async def unsealed(self) -> Unsealed:
        """What waits to be sealed."""
        query = sa.select(sa.func.count(), self._database.now - sa.func.min(audit.c.at)).where(audit.c.seal.is_(None))
        async with self._database.read() as connection:
            rows, seconds = (await connection.execute(query)).one()
        return Unsealed(rows, max(0.0, seconds or 0.0))

    async def after(self, seq: int = 0, *, limit: int = 100) -> Sequence[AuditRow]:
        """The first `limit` rows whose number is above `seq`, in order."""
        query = sa.select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(limit)
        async with self._database.read() as connection:
            return [AuditRow(**row._asdict()) for row in await connection.execute(query)]
