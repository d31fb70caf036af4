"""Holds: what only one process may do at a time, by a lease with a fencing token."""

from __future__ import annotations

import sqlalchemy as sa

from bot.jobs.errors import Fenced
from bot.store import Database, Transaction
from bot.store.schema import hold

AHEAD = 60.0  # seconds that a hold may end later than any would


class Holds:
    """Named leases of one `owner`."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner

    async def take(self, name: str, ttl: float) -> int | None:
        """Take or renew the hold for `ttl` seconds: its fencing token, or None while another process has it.

        The token stays the same while the hold is renewed, and grows when it changes hands. A hold that would last
        longer than any was taken before the clock was set back, and counts no more.
        """
        now = self._database.now
        ours = hold.c.owner == self._owner
        over = sa.or_(hold.c.until < now, hold.c.until > now + ttl + AHEAD)
        new = self._database.insert(hold).values(name=name, until=0.0, fence=0).on_conflict_do_nothing()
        take = (
            hold.update()
            .where(hold.c.name == name, sa.or_(ours, hold.c.owner.is_(None), over))
            .values(owner=self._owner, until=now + ttl, fence=hold.c.fence + sa.case((ours, 0), else_=1))
            .returning(hold.c.fence)
        )
        async with self._database.write() as tx:
            await tx.execute(new)
            fence: int | None = await tx.scalar(take)
        return fence

    async def release(self, name: str) -> None:
        """Give the hold up, if it is ours, so that another process need not wait for its end."""
        mine = hold.update().where(hold.c.name == name, hold.c.owner == self._owner)
        async with self._database.write() as tx:
            await tx.execute(mine.values(owner=None, until=0.0))

    async def check(self, tx: Transaction, name: str, fence: int) -> None:
        """Fenced unless the hold is still ours under this token; if it is, it stays so until `tx` ends."""
        query = sa.select(hold.c.owner, hold.c.fence).where(hold.c.name == name).with_for_update(read=True)
        row = (await tx.execute(query)).first()
        if row is None or (row.owner, row.fence) != (self._owner, fence):
            raise Fenced(f"the hold {name!r} has changed hands")
