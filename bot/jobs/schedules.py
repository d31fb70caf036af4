"""Schedules: jobs that are submitted by the clock on a wall, in a time zone.

**When clocks change.** A schedule that names its hours follows the wall: each time on it fires once. When clocks go
back and 02:30 comes twice, it fires the first time. When clocks go forward and there is no 02:30, it fires at the first
moment after the gap (03:00), once, however many of its times fell into it. A schedule of every hour (`*` as the hour)
follows elapsed time: it fires in both of the repeated hours, and not in the one that is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
import structlog
from cronsim import CronSim, CronSimError

from bot.jobs.table import JobTable
from bot.store import Database, Transaction
from bot.store.schema import job_schedule

log = structlog.get_logger(__name__)
MINUTE = timedelta(minutes=1)
AT_ONCE = 20


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Submit a job of `kind` whenever `cron` (five fields) comes round in `zone`; next at `due`, epoch seconds."""

    id: str
    kind: str
    args: dict[str, Any]
    cron: str
    zone: str
    enabled: bool
    due: float


def next_fire(cron: str, zone: str, after: float) -> float:
    """The first time strictly after `after` (epoch seconds), by the rule above. ValueError with what is wrong."""
    for moment in _moments(cron, _zone(zone), after):
        if moment.timestamp() > after:
            return moment.timestamp()
    raise ValueError(f"{cron!r} never comes round")


def _moments(cron: str, zone: ZoneInfo, after: float) -> Iterator[datetime]:
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"{cron!r} should have five fields: minute, hour, day, month, weekday")
    local = datetime.fromtimestamp(after, zone)
    try:
        if fields[1] == "*":
            return CronSim(cron, local)
        return (_on_the_clock(wall, zone) for wall in CronSim(cron, local.replace(tzinfo=None, fold=0)))
    except CronSimError as error:
        raise ValueError(f"{cron!r}: {error}") from error


def _on_the_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a clock in the zone first shows `wall`, or the first whole minute after it that it shows at all."""
    moment = wall.replace(tzinfo=zone)
    while moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        wall += MINUTE
        moment = wall.replace(tzinfo=zone)
    return moment


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone") from error


class Schedules:
    """The kept schedules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self, schedule_id: str, kind: str, args: dict[str, Any], *, cron: str, zone: str, enabled: bool = True
    ) -> Schedule:
        """Make or edit a schedule. A time that is due and not fired yet survives, unless the times were edited."""
        values = {"kind": kind, "args": json.dumps(args), "cron": cron, "zone": zone, "enabled": enabled}
        async with self._database.write() as tx:
            due = await self._due(tx, schedule_id, cron, zone, enabled)
            row = self._database.insert(job_schedule).values(id=schedule_id, due=due, **values)
            await tx.execute(
                row.on_conflict_do_update(index_elements=["id"], set_={"due": due, **values}),
            )
        return Schedule(id=schedule_id, kind=kind, args=args, cron=cron, zone=zone, enabled=enabled, due=due)

    async def _due(self, tx: Transaction, schedule_id: str, cron: str, zone: str, enabled: bool) -> float:
        query = sa.select(job_schedule).where(job_schedule.c.id == schedule_id).with_for_update()
        kept = (await tx.execute(query)).first()
        if kept and (kept.cron, kept.zone, kept.enabled) == (cron, zone, enabled):
            return float(kept.due)
        return next_fire(cron, zone, await self._now(tx))

    async def _now(self, tx: Transaction) -> float:
        return float((await tx.execute(sa.select(self._database.now))).scalar_one())

    async def remove(self, schedule_id: str) -> bool:
        """Forget a schedule; False where there is none of that id. Jobs that it submitted stay."""
        async with self._database.write() as tx:
            return bool((await tx.execute(job_schedule.delete().where(job_schedule.c.id == schedule_id))).rowcount)

    async def all(self) -> Sequence[Schedule]:
        """Every schedule, by id."""
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(job_schedule).order_by(job_schedule.c.id))).all()
        return [Schedule(**row._asdict() | {"args": json.loads(row.args)}) for row in rows]

    async def fire(self, table: JobTable) -> None:
        """Submit what is due, and set when each is due next: in one transaction, so never twice and never neither.

        The job is `schedule:ID:DUE`, its arguments the schedule's and `due`. Times that were missed together, while
        no process ran, fire once, with the first of them as `due`.
        """
        due = (
            sa.select(job_schedule)
            .where(job_schedule.c.enabled, job_schedule.c.due <= self._database.now)
            .order_by(job_schedule.c.due)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        async with self._database.write() as tx:
            for row in (await tx.execute(due)).all():
                await self._fire(tx, table, row)

    async def _fire(self, tx: Transaction, table: JobTable, row: sa.Row[Any]) -> None:
        update = job_schedule.update().where(job_schedule.c.id == row.id)
        try:
            args = json.dumps({**json.loads(row.args), "due": row.due})
            following = next_fire(row.cron, row.zone, await self._now(tx))
        except (ValueError, TypeError) as error:
            log.error("schedule.unreadable", schedule=row.id, error=str(error))
            await tx.execute(update.values(enabled=False))
            return
        await table.accept(tx, f"schedule:{row.id}:{row.due:.0f}", row.kind, args)
        await tx.execute(update.values(due=following))
