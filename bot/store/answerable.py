"""Where requests can be answered: Slack's response_urls, encrypted by whoever calls, and gone after half an hour."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import answerable

KEPT_SECONDS = 29 * 60.0  # Slack takes answers for 30 minutes; the row is gone by then


class Answerable:
    """Keeps what is encrypted already; in clear it never comes here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, request_id: str, url: str, tx: Transaction) -> None:
        """Keep where this request can be answered; the first stays."""
        row = self._database.insert(answerable).values(request_id=request_id, url=url, at=self._database.now)
        await tx.execute(row.on_conflict_do_nothing())

    async def get(self, request_id: str) -> str | None:
        """Where it can be answered, while it can."""
        query = sa.select(answerable.c.url).where(
            answerable.c.request_id == request_id, answerable.c.at > self._database.now - KEPT_SECONDS
        )
        async with self._database.read() as connection:
            url: str | None = await connection.scalar(query)
        return url

    async def expire(self) -> int:
        """Delete what is of no use any more; how many that were."""
        async with self._database.write() as tx:
            old = answerable.delete().where(answerable.c.at <= self._database.now - KEPT_SECONDS)
            return (await tx.execute(old)).rowcount
