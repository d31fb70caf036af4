"""What is forgotten after a while: work that is over, and what was posted, asked and filled in for it.

Runs, durations, charges and the audit trail are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.drafts import KEPT_SECONDS
from bot.store.schema import LIVE, decision, draft, job, job_signal, job_step, post, question

DAY = 86_400.0


class Retention:
    """Forgets a little at a time, so that nobody who writes waits long."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sweep(self, days: float, limit: int) -> Mapping[str, int]:
        """Forget at most `limit` rows of each kind that were over `days` ago; how many there were of each."""
        before = self._database.now - days * DAY
        async with self._database.write() as tx:
            return {
                "jobs": await self._jobs(tx, before, limit),
                "posts": await self._posts(tx, before, limit),
                "questions": await _delete(tx, question, question.c.id, question.c.closed < before, limit),
                "drafts": await _delete(
                    tx, draft, draft.c.id, draft.c.created < self._database.now - KEPT_SECONDS, limit
                ),
            }

    async def _jobs(self, tx: Transaction, before: sa.ColumnElement[float], limit: int) -> int:
        """Work that ended long ago, with what it remembered, was told, and what people decided on it."""
        over = sa.select(job.c.id).where(job.c.state.not_in(LIVE), job.c.updated < before).order_by(job.c.updated)
        ids = list(await tx.scalars(over.limit(limit).with_for_update(skip_locked=True)))
        for table, column in ((job_step, job_step.c.job_id), (job_signal, job_signal.c.job_id),
                              (decision, decision.c.subject), (job, job.c.id)):  # fmt: skip
            await tx.execute(table.delete().where(column.in_(ids)))
        return len(ids)

    async def _posts(self, tx: Transaction, before: sa.ColumnElement[float], limit: int) -> int:
        """What keeps a message from being posted twice; not while work is live that may be about to post it."""
        oldest = sa.select(sa.func.min(job.c.created)).where(job.c.state.in_(LIVE)).scalar_subquery()
        unneeded = sa.and_(post.c.at < before, post.c.at < sa.func.coalesce(oldest, before))
        return await _delete(tx, post, post.c.key, unneeded, limit)


async def _delete(
    tx: Transaction, table: sa.Table, key: sa.Column[str], which: sa.ColumnElement[bool], limit: int
) -> int:
    doomed = sa.select(key).where(which).limit(limit)
    return (await tx.execute(table.delete().where(key.in_(doomed)))).rowcount
