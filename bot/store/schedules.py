"""Schedules as the bot published them, with what was last seen of them in Airflow and what was told of them.

What counts is the spec in its back end, and Airflow: this is what is known of them while those don't answer, and the
bot's own record of who made what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import schedule


@dataclass(frozen=True, kw_only=True)
class KeptSchedule:
    """One schedule. `spec` is its JSON; `changed_by` the name of who changed it last.

    `seen`: what Airflow last said of its DAG. `told`: what people were told of it, so that it is told once. `card` is
    the message that announced it. Times are epoch seconds, set by the store; `removed` is None while it is there.
    """

    id: str
    model: str
    dag_id: str
    schedule_dag: str
    owner: str
    owner_name: str
    spec: dict[str, Any]
    revision: int
    changed_by: str
    seen: dict[str, Any] | None = None
    told: dict[str, Any] | None = None
    card_channel: str | None = None
    card_ts: str | None = None
    created: float = 0.0
    updated: float = 0.0
    removed: float | None = None


_PUBLISHED = ("model", "dag_id", "schedule_dag", "owner", "owner_name", "spec", "revision", "changed_by")


class Schedules:
    """Adds, changes and finds schedules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, kept: KeptSchedule, tx: Transaction | None = None) -> None:
        """Keep what was published; a spec that is older than the one kept changes nothing."""
        now = self._database.now
        row = self._database.insert(schedule).values(vars(kept) | {"created": now, "updated": now, "removed": None})
        changes = {name: getattr(kept, name) for name in _PUBLISHED} | {"updated": now, "removed": None}
        newer = row.on_conflict_do_update(
            index_elements=["id"], set_=changes, where=schedule.c.revision <= kept.revision
        )
        async with self._database.within(tx) as connection:
            await connection.execute(newer)

    async def saw(self, schedule_id: str, seen: Mapping[str, Any]) -> None:
        """Keep what Airflow says of its DAG now."""
        await self._change(schedule_id, None, seen=dict(seen))

    async def tell(self, schedule_id: str, topic: str, what: str, tx: Transaction | None = None) -> bool:
        """Note that `what` is told of this `topic`; False where that was told before. An empty `what` forgets it."""
        async with self._database.within(tx) as connection:
            query = sa.select(schedule.c.told).where(schedule.c.id == schedule_id).with_for_update()
            row = (await connection.execute(query)).first()
            told = dict((row.told if row else None) or {})
            if row is None or told.get(topic, "") == what:
                return False
            told = {**told, topic: what} if what else {name: each for name, each in told.items() if name != topic}
            await connection.execute(schedule.update().where(schedule.c.id == schedule_id).values(told=told))
        return True

    async def announced(self, schedule_id: str, channel: str, ts: str) -> None:
        """Keep where its message stands."""
        await self._change(schedule_id, None, card_channel=channel, card_ts=ts)

    async def remove(self, schedule_id: str, tx: Transaction | None = None) -> None:
        """It is no more; what is known of it stays, for what its runs have left."""
        await self._change(schedule_id, tx, removed=self._database.now)

    async def get(self, schedule_id: str, tx: Transaction | None = None) -> KeptSchedule | None:
        """One schedule, also one that was removed."""
        found = await self._select(sa.select(schedule).where(schedule.c.id == schedule_id), tx)
        return found[0] if found else None

    async def of_dag(self, schedule_dag: str) -> KeptSchedule | None:
        """The schedule that is this DAG in Airflow, also one that was removed."""
        found = await self._select(sa.select(schedule).where(schedule.c.schedule_dag == schedule_dag))
        return found[0] if found else None

    async def all(self, *, model: str | None = None) -> Sequence[KeptSchedule]:
        """Every schedule that is there, or those of one model, oldest first."""
        query = sa.select(schedule).where(schedule.c.removed.is_(None)).order_by(schedule.c.created, schedule.c.id)
        return await self._select(query if model is None else query.where(schedule.c.model == model))

    async def _change(self, schedule_id: str, tx: Transaction | None, **changes: Any) -> None:
        async with self._database.within(tx) as connection:
            await connection.execute(schedule.update().where(schedule.c.id == schedule_id).values(**changes))

    async def _select(self, query: sa.Select[Any], tx: Transaction | None = None) -> Sequence[KeptSchedule]:
        async with self._database.read(tx) as connection:
            return [KeptSchedule(**row._asdict()) for row in await connection.execute(query)]
