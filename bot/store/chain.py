"""The audit trail as a chain: its rows as they stand in the database, read and given their seals.

What is sealed is the stored text itself, not what it decodes to: reading it back decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import audit

RawRow = Mapping[str, Any]  # every column of the table, by name; `detail` as its text


@dataclass(frozen=True)
class Link:
    """A row's place in the chain: `seal` proves the row and, by `prev`, all before it; `sealed` in epoch seconds."""

    seq: int
    place: int
    prev: str
    seal: str
    sealed: float


_RAW = [sa.type_coerce(column, sa.Text).label(column.name) if column.name == "detail" else column for column in audit.c]


class Chain:
    """Reads rows in the chain's order, and adds to its end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def head(self, tx: Transaction | None = None) -> tuple[int, str]:
        """The last row's place and seal; 0 and nothing where no row is sealed."""
        last = sa.select(audit.c.place, audit.c.seal).where(audit.c.place.is_not(None))
        async with self._database.read(tx) as connection:
            row = (await connection.execute(last.order_by(audit.c.place.desc()).limit(1))).first()
        return (row.place, row.seal) if row else (0, "")

    async def unsealed(self, limit: int, tx: Transaction) -> tuple[float, Sequence[RawRow]]:
        """The time, and the first rows that have no seal yet, in the order in which they were numbered."""
        rows = sa.select(*_RAW).where(audit.c.seal.is_(None)).order_by(audit.c.seq).limit(limit)
        now: float = await tx.scalar(sa.select(self._database.now)) or 0.0
        return now, [row._asdict() for row in await tx.execute(rows)]

    async def add(self, links: Sequence[Link], tx: Transaction) -> None:
        """Seal these rows."""
        one = (
            audit.update()
            .where(audit.c.seq == sa.bindparam("of"), audit.c.seal.is_(None))
            .values({name: sa.bindparam(name) for name in ("place", "prev", "seal", "sealed")})
        )
        rows = [vars(link) | {"of": link.seq} for link in links]
        await tx.execute(one, [{name: value for name, value in row.items() if name != "seq"} for row in rows])

    async def after(self, place: int | None, limit: int) -> Sequence[RawRow]:
        """The next rows of the chain behind this place, in order; the first ones without it."""
        behind = audit.c.place.is_not(None) if place is None else audit.c.place > place
        rows = sa.select(*_RAW).where(behind).order_by(audit.c.place).limit(limit)
        async with self._database.read() as connection:
            return [row._asdict() for row in await connection.execute(rows)]

    async def stray(self) -> RawRow | None:
        """A row that has a seal and no place, which no bot has written; the first."""
        rows = sa.select(*_RAW).where(audit.c.place.is_(None), audit.c.seal.is_not(None)).order_by(audit.c.seq)
        async with self._database.read() as connection:
            row = (await connection.execute(rows.limit(1))).first()
        return row._asdict() if row else None

    async def all_after(self, seq: int, limit: int, since: float = 0.0) -> Sequence[RawRow]:
        """The next rows behind this number that were written `since` (epoch seconds), sealed or not, in order."""
        rows = sa.select(*_RAW).where(audit.c.seq > seq, audit.c.at >= since).order_by(audit.c.seq).limit(limit)
        async with self._database.read() as connection:
            return [row._asdict() for row in await connection.execute(rows)]
