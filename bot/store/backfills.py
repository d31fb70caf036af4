"""Backfills: the runs of a past span, asked for together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import LIVE, backfill, job


@dataclass(frozen=True, kw_only=True)
class KeptBackfill:
    """One backfill, by the id of its work. `plan` is what was confirmed; `by_airflow` the id of Airflow's own, if any.

    `state`: going, cancelled or done; `cancelled_by` is a name. Times are epoch seconds; the store sets `created`.
    """

    id: str
    model: str
    dag_id: str
    plan: dict[str, Any]
    state: str
    requested_by: str
    requested_by_name: str
    by_airflow: str | None = None
    cancelled_by: str | None = None
    card_channel: str | None = None
    card_ts: str | None = None
    shown: dict[str, Any] | None = None
    created: float = 0.0
    ended: float | None = None


class Backfills:
    """Adds, changes and finds backfills."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: KeptBackfill, tx: Transaction) -> None:
        """Write a new one down."""
        row = self._database.insert(backfill).values(vars(new) | {"created": self._database.now})
        await tx.execute(row.on_conflict_do_nothing())

    async def cancel(self, backfill_id: str, name: str, tx: Transaction) -> bool:
        """Nothing more of it is to start. False where it is over, or cancelled already."""
        update = backfill.update().where(backfill.c.id == backfill_id, backfill.c.state == "going")
        return bool((await tx.execute(update.values(state="cancelled", cancelled_by=name))).rowcount)

    async def end(self, backfill_id: str, tx: Transaction | None = None) -> None:
        """All of it is over; one that was cancelled stays so."""
        state = sa.case((backfill.c.state == "cancelled", "cancelled"), else_="done")
        await self._change(backfill_id, tx, state=state, ended=self._database.now)

    async def begun_in_airflow(self, backfill_id: str, airflow_id: str) -> None:
        """Keep the id of Airflow's own backfill."""
        await self._change(backfill_id, None, by_airflow=airflow_id)

    async def shown(self, backfill_id: str, channel: str, ts: str, shown: dict[str, Any]) -> None:
        """Keep where its card stands, and what it last showed."""
        await self._change(backfill_id, None, card_channel=channel, card_ts=ts, shown=shown)

    async def get(self, backfill_id: str, tx: Transaction | None = None) -> KeptBackfill | None:
        """One of them."""
        async with self._database.read(tx) as connection:
            row = (await connection.execute(sa.select(backfill).where(backfill.c.id == backfill_id))).first()
        return KeptBackfill(**row._asdict()) if row else None

    async def open(self) -> Sequence[KeptBackfill]:
        """Those that are not over, oldest first."""
        query = sa.select(backfill).where(backfill.c.ended.is_(None)).order_by(backfill.c.created)
        async with self._database.read() as connection:
            return [KeptBackfill(**row._asdict()) for row in await connection.execute(query)]

    async def abandoned(self) -> Sequence[KeptBackfill]:
        """Those that are not over, though their work has ended."""
        working = sa.exists().where(job.c.id == backfill.c.id, job.c.state.in_(LIVE))
        query = sa.select(backfill).where(backfill.c.ended.is_(None), ~working).order_by(backfill.c.created)
        async with self._database.read() as connection:
            return [KeptBackfill(**row._asdict()) for row in await connection.execute(query)]

    async def _change(self, backfill_id: str, tx: Transaction | None, **changes: Any) -> None:
        async with self._database.within(tx) as connection:
            await connection.execute(backfill.update().where(backfill.c.id == backfill_id).values(**changes))
