"""What tasks ask of people: each question once, with its message, and who has answered it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.domain import RunKey
from bot.store.database import Database, Transaction
from bot.store.schema import question


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """A question that was put to people in `channel`, at `ts` once it stands there.

    `asked` is the question as JSON (see `bot.domain.Question`). `job_id` is the work that is answering it, for
    `person`; it is closed once there is nothing left to answer. Times are epoch seconds; the store sets `created`.
    """

    id: str
    dag_id: str
    dag_run_id: str
    model: str
    asked: dict[str, Any]
    channel: str
    ts: str | None = None
    job_id: str | None = None
    person: str | None = None
    person_name: str | None = None
    created: float = 0.0
    closed: float | None = None


class Questions:
    """Adds, claims and closes questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, asked: AskedQuestion, tx: Transaction | None = None) -> bool:
        """Note a question; False, and nothing changed, where it is known already."""
        row = self._database.insert(question).values(vars(asked) | {"created": self._database.now})
        async with self._database.within(tx) as connection:
            added = await connection.execute(row.on_conflict_do_nothing().returning(question.c.id))
            return added.first() is not None

    async def stands(self, question_id: str, channel: str, ts: str) -> None:
        """Note where its message stands."""
        await self._change(question_id, channel=channel, ts=ts)

    async def claim(
        self, question_id: str, job_id: str, person: str, name: str, *, instead_of: str | None = None
    ) -> bool:
        """Let this work answer the question for this person; False where other work does, or it is closed.

        `instead_of` is work that has given up.
        """
        free = question.c.job_id.is_(None) | (question.c.job_id == job_id)
        if instead_of:
            free |= question.c.job_id == instead_of
        update = question.update().where(question.c.id == question_id, question.c.closed.is_(None), free)
        async with self._database.within(None) as connection:
            values = {"job_id": job_id, "person": person, "person_name": name}
            return bool((await connection.execute(update.values(values))).rowcount)

    async def release(self, question_id: str, tx: Transaction | None = None) -> None:
        """Let somebody else answer."""
        await self._change(question_id, tx, job_id=None, person=None, person_name=None)

    async def close(self, question_id: str, tx: Transaction | None = None) -> None:
        """There is nothing left to answer."""
        await self._change(question_id, tx, closed=self._database.now)

    async def get(self, question_id: str) -> AskedQuestion | None:
        """One question."""
        found = await self._select(sa.select(question).where(question.c.id == question_id))
        return found[0] if found else None

    async def asked_in(self, run: RunKey) -> bool:
        """Has a task of this run asked anything?"""
        of_run = sa.select(question).where(question.c.dag_id == run.dag_id, question.c.dag_run_id == run.run_id)
        return bool(await self._select(of_run.limit(1)))

    async def open(self) -> Sequence[AskedQuestion]:
        """Every question that is not closed, oldest first."""
        return await self._select(sa.select(question).where(question.c.closed.is_(None)).order_by(question.c.created))

    async def _change(self, question_id: str, tx: Transaction | None = None, **changes: Any) -> None:
        async with self._database.within(tx) as connection:
            await connection.execute(question.update().where(question.c.id == question_id).values(changes))

    async def _select(self, query: sa.Select[Any]) -> Sequence[AskedQuestion]:
        async with self._database.read() as connection:
            return [AskedQuestion(**row._asdict()) for row in await connection.execute(query)]
