"""Since when something is looked at, and when it was looked at last: what survives a restart of a loop."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import look


@dataclass(frozen=True, kw_only=True)
class Look:
    """The first and the last look at what is called `name`, in epoch seconds."""

    name: str
    first: float
    last: float


class Looks:
    """Remembers looks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: str, at: float, tx: Transaction | None = None) -> Look:
        """The looks so far; where there was none, `at` is the first."""
        row = self._database.insert(look).values(name=name, first=at, last=at)
        async with self._database.within(tx) as connection:
            await connection.execute(row.on_conflict_do_nothing())
            kept = (await connection.execute(sa.select(look).where(look.c.name == name))).one()
        return Look(**kept._asdict())

    async def looked(self, name: str, at: float, tx: Transaction | None = None) -> None:
        """Note another look; an earlier one than the last changes nothing."""
        async with self._database.within(tx) as connection:
            await connection.execute(look.update().where(look.c.name == name, look.c.last < at).values(last=at))

    async def get(self, name: str, tx: Transaction | None = None) -> Look | None:
        """The looks so far; None where there was none."""
        async with self._database.read(tx) as connection:
            row = (await connection.execute(sa.select(look).where(look.c.name == name))).first()
        return Look(**row._asdict()) if row else None
