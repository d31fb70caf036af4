"""What may be done so many times within a while, by all processes together: a slot is taken for each time.

Unlike a bucket that is refilled, this never lets more through in any span of that length, and lets all of it through
at once. Times are the database's.
"""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import slot

LONGEST = 600.0  # seconds; a slot taken further in the future than this was taken before the clock was set back


class Slots:
    """Named sets of `size` slots. Each is free again `within` seconds after it was taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, size: int, within: float, *, spare: int = 0) -> float:
        """Take one: 0, or the seconds until there may be one again. `spare` of them are left for others."""
        now = self._database.now
        free = sa.or_(slot.c.at <= now - within, slot.c.at > now + LONGEST)
        one = (
            sa.select(slot.c.number)
            .where(slot.c.name == name, slot.c.number > spare, slot.c.number <= size, free)
            .order_by(slot.c.number.desc())
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = slot.update().where(slot.c.name == name, slot.c.number == one).values(at=now).returning(slot.c.number)
        next_free = sa.select(sa.func.min(slot.c.at) + within - now).where(
            slot.c.name == name, slot.c.number > spare, slot.c.number <= size
        )
        async with self._database.write() as tx:
            if await tx.scalar(taken) is not None:
                return 0.0
            wait: float | None = await tx.scalar(next_free)
            if wait is None:
                await self._make(tx, name, size)
                return 0.0 if await tx.scalar(taken) is not None else within
            return max(0.05, wait)

    async def _make(self, tx: Transaction, name: str, size: int) -> None:
        rows = [{"name": name, "number": number, "at": 0.0} for number in range(1, size + 1)]
        await tx.execute(self._database.insert(slot).on_conflict_do_nothing(), rows)

    async def close(self, name: str, size: int, seconds: float, within: float) -> None:
        """Let none be taken for so many seconds, half of LONGEST at most."""
        until = self._database.now + min(seconds, LONGEST / 2) - within
        async with self._database.write() as tx:
            await self._make(tx, name, size)
            await tx.execute(slot.update().where(slot.c.name == name, slot.c.at < until).values(at=until))

    async def left(self, name: str, size: int, within: float) -> int:
        """How many can be taken now."""
        now = self._database.now
        taken = sa.select(sa.func.count()).where(
            slot.c.name == name, slot.c.number <= size, slot.c.at > now - within, slot.c.at <= now + LONGEST
        )
        async with self._database.read() as connection:
            return size - int(await connection.scalar(taken) or 0)
