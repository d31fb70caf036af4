"""Forms that people have open: what they are about, and what was filled in so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import draft

KEPT_SECONDS = 24 * 3_600.0


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One form of one person. `data` is the form's own; `channel` is where its answers go.

    Times are epoch seconds; the store sets `created`.
    """

    id: str
    person: str
    channel: str
    model: str
    data: dict[str, Any]
    created: float = 0.0


class Drafts:
    """Keeps drafts for a day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, kept: Draft, tx: Transaction | None = None) -> None:
        """Keep a draft, or what has changed in its data. Drafts older than a day go."""
        row = self._database.insert(draft).values(vars(kept) | {"created": self._database.now})
        async with self._database.within(tx) as connection:
            await connection.execute(draft.delete().where(draft.c.created < self._database.now - KEPT_SECONDS))
            await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"data": kept.data}))

    async def get(self, draft_id: str, tx: Transaction | None = None) -> Draft | None:
        """The draft with this id, while it is kept."""
        query = sa.select(draft).where(draft.c.id == draft_id, draft.c.created >= self._database.now - KEPT_SECONDS)
        async with self._database.read(tx) as connection:
            row = (await connection.execute(query)).first()
        return Draft(**row._asdict()) if row else None

    async def forget(self, draft_id: str, person: str) -> None:
        """Keep this person's draft no longer."""
        async with self._database.write() as tx:
            await tx.execute(draft.delete().where(draft.c.id == draft_id, draft.c.person == person))
