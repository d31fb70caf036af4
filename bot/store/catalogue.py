"""The kept catalogue: what each model was when it was last looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import catalogue


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A model by its name; `entry` is JSON, `digest` changes when it does."""

    model: str
    entry: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, kw_only=True)
class CatalogueRow(CatalogueEntry):
    """An entry as it was kept, and when, in epoch seconds."""

    refreshed_at: float


class Catalogue:
    """Keeps the catalogue whole: it is replaced at once, never half."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, entries: Iterable[CatalogueEntry], tx: Transaction | None = None) -> None:
        """Keep exactly these entries."""
        kept = sorted(entries, key=lambda entry: entry.model)  # in one order, so that no two wait for each other
        async with self._database.within(tx) as connection:
            for each in kept:
                values = vars(each) | {"refreshed_at": self._database.now}
                row = self._database.insert(catalogue).values(values)
                await connection.execute(row.on_conflict_do_update(index_elements=["model"], set_=values))
            names = [each.model for each in kept]
            await connection.execute(catalogue.delete().where(catalogue.c.model.not_in(names)))

    async def all(self) -> Sequence[CatalogueRow]:
        """Every kept entry, by name."""
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(catalogue).order_by(catalogue.c.model))
            return [CatalogueRow(**row._asdict()) for row in rows]

    async def get(self, model: str, tx: Transaction | None = None) -> CatalogueRow | None:
        """The kept entry of one model."""
        async with self._database.read(tx) as connection:
            row = (await connection.execute(sa.select(catalogue).where(catalogue.c.model == model))).first()
        return CatalogueRow(**row._asdict()) if row else None
