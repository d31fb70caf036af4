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
        rows = [vars(entry) for entry in entries]
        async with self._database.within(tx) as connection:
            await connection.execute(catalogue.delete())
            if rows:
                await connection.execute(catalogue.insert().values(refreshed_at=self._database.now), rows)

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
