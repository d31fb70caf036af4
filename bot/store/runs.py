"""The runs that the bot follows, and has followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from bot.domain import RunKey
from bot.store.database import Database, Transaction
from bot.store.schema import run


@dataclass(frozen=True, kw_only=True)
class FollowedRun:
    """One DAG run and its card.

    `origin` says what started it (command, schedule, elsewhere); `channel` is where it was asked for, `card_channel`
    and `card_ts` where its card stands. `shown` is what the card last showed, `revision` how often that changed.
    Times are epoch seconds; the store sets `created` and `updated`. A run is followed until `ended` is set.
    """

    dag_id: str
    dag_run_id: str
    model: str
    origin: str
    state: str
    conf: dict[str, Any]
    requested_by: str | None = None
    requested_by_name: str | None = None
    channel: str | None = None
    card_channel: str | None = None
    card_ts: str | None = None
    thread_ts: str | None = None
    revision: int = 0
    shown: Any = None
    mlflow_run_id: str | None = None
    version: str | None = None
    job_id: str | None = None
    created: float = 0.0
    updated: float = 0.0
    ended: float | None = None

    @property
    def key(self) -> RunKey:
        """What names the run."""
        return RunKey(self.dag_id, self.dag_run_id)


class RunChanges(TypedDict, total=False):
    """What may change of a followed run."""

    state: str
    channel: str | None
    card_channel: str | None
    card_ts: str | None
    thread_ts: str | None
    revision: int
    shown: Any
    mlflow_run_id: str | None
    version: str | None
    ended: float | None


class Runs:
    """Adds, changes and finds followed runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, followed: FollowedRun, tx: Transaction | None = None) -> bool:
        """Begin to follow a run; False, and nothing changed, where it is known already."""
        now = self._database.now
        row = self._database.insert(run).values(vars(followed) | {"created": now, "updated": now})
        async with self._database.within(tx) as connection:
            added = await connection.execute(row.on_conflict_do_nothing().returning(run.c.dag_id))
            return added.first() is not None

    async def change(
        self,
        key: RunKey,
        *,
        at_revision: int | None = None,
        tx: Transaction | None = None,
        **changes: Unpack[RunChanges],
    ) -> bool:
        """Change what is named; False where the run is unknown, or its revision is no longer `at_revision`."""
        update = run.update().where(run.c.dag_id == key.dag_id, run.c.dag_run_id == key.run_id)
        if at_revision is not None:
            update = update.where(run.c.revision == at_revision)
        async with self._database.within(tx) as connection:
            return bool((await connection.execute(update.values(updated=self._database.now, **changes))).rowcount)

    async def get(self, key: RunKey, tx: Transaction | None = None) -> FollowedRun | None:
        """One run."""
        found = await self._select(sa.select(run).where(run.c.dag_id == key.dag_id, run.c.dag_run_id == key.run_id), tx)
        return found[0] if found else None

    async def named(self, dag_run_id: str) -> Sequence[FollowedRun]:
        """The runs with this id, of whichever DAG, newest first."""
        return await self._select(sa.select(run).where(run.c.dag_run_id == dag_run_id).order_by(run.c.created.desc()))

    async def of_card(self, channel: str, ts: str) -> FollowedRun | None:
        """The run whose card stands there."""
        found = await self._select(sa.select(run).where(run.c.card_channel == channel, run.c.card_ts == ts))
        return found[0] if found else None

    async def followed(self) -> Sequence[FollowedRun]:
        """Every run that is not over, oldest first."""
        return await self._select(sa.select(run).where(run.c.ended.is_(None)).order_by(run.c.created))

    async def latest(
        self, *, model: str | None = None, requested_by: str | None = None, limit: int = 10
    ) -> Sequence[FollowedRun]:
        """The last runs, newest first: all, or those of one model or one person."""
        query = sa.select(run).order_by(run.c.created.desc()).limit(limit)
        if model is not None:
            query = query.where(run.c.model == model)
        if requested_by is not None:
            query = query.where(run.c.requested_by == requested_by)
        return await self._select(query)

    async def of_jobs(self, job_ids: Collection[str]) -> Mapping[str, FollowedRun]:
        """The runs that these pieces of work have started, by the work's id."""
        found = await self._select(sa.select(run).where(run.c.job_id.in_(job_ids)))
        return {str(each.job_id): each for each in found}

    async def begun_by(self, dag_id: str, prefix: str, limit: int) -> Sequence[FollowedRun]:
        """The last runs of this DAG whose ids begin so, newest first: a schedule's own."""
        mine = (run.c.dag_id == dag_id, run.c.dag_run_id.startswith(prefix, autoescape=True))
        return await self._select(sa.select(run).where(*mine).order_by(run.c.created.desc()).limit(limit))

    async def _select(self, query: sa.Select[Any], tx: Transaction | None = None) -> Sequence[FollowedRun]:
        async with self._database.read(tx) as connection:
            return [FollowedRun(**row._asdict()) for row in await connection.execute(query)]
