"""What several people decided on one subject: one verdict for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import decision


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One person's verdict on a subject, at epoch seconds. `name` is the person's, where it was given."""

    subject: str
    person: str
    verdict: str
    reason: str
    at: float
    name: str = ""


class Decisions:
    """Keeps the first verdict of each person. `Jobs.decide` is what locks the subject and wakes who waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, subject: str, person: str, verdict: str, reason: str, tx: Transaction, *, name: str = ""
    ) -> bool:
        """Keep a verdict; False where this person has one on this subject already."""
        row = self._database.insert(decision).values(
            subject=subject, person=person, verdict=verdict, reason=reason, at=self._database.now, name=name
        )
        added = await tx.execute(row.on_conflict_do_nothing().returning(decision.c.person))
        return added.first() is not None

    async def on(self, subject: str, tx: Transaction | None = None) -> Sequence[Decision]:
        """Every verdict on the subject, in order of time."""
        query = sa.select(decision).where(decision.c.subject == subject).order_by(decision.c.at)
        async with self._database.read(tx) as connection:
            return [Decision(**row._asdict()) for row in await connection.execute(query)]
