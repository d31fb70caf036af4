"""How long runs that succeeded took, and on which compute profile: kept, so that a price needs no Airflow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import duration


@dataclass(frozen=True, kw_only=True)
class Duration:
    """One run that succeeded; `ended` is in epoch seconds, `profile` empty where the run was on none."""

    dag_id: str
    dag_run_id: str
    profile: str
    seconds: float
    ended: float


class Durations:
    """Adds durations, and finds the last ones of a DAG."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, durations: Iterable[Duration], tx: Transaction | None = None) -> None:
        """Keep these; a run that is known, because it has run again, gets its new duration."""
        async with self._database.within(tx) as connection:
            for each in sorted(
                durations, key=lambda each: (each.dag_id, each.dag_run_id)
            ):  # or two might wait in a ring
                row = self._database.insert(duration).values(vars(each))
                keys = ["dag_id", "dag_run_id"]
                again = {"profile": each.profile, "seconds": each.seconds, "ended": each.ended}
                await connection.execute(row.on_conflict_do_update(index_elements=keys, set_=again))

    async def last(self, dag_id: str, limit: int) -> Sequence[Duration]:
        """The last `limit` of this DAG's, newest first."""
        query = sa.select(duration).where(duration.c.dag_id == dag_id).order_by(duration.c.ended.desc()).limit(limit)
        async with self._database.read() as connection:
            return [Duration(**row._asdict()) for row in await connection.execute(query)]
