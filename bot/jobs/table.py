"""The SQL of jobs. Each method is one transaction, or takes part in the caller's.

Two rules keep a job whole. What a running job writes goes through `_own`, which locks the row, renews the lease and
raises Fenced where the job's epoch has moved on. And whoever looks whether a job waits locks its row first and reads
the signals in a second statement, so that no wake-up is lost between the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.jobs.errors import Fenced
from bot.store import Database, Transaction
from bot.store.schema import LIVE, job, job_schedule, job_signal, job_step
from bot.uptime import uptime

AHEAD = 60.0  # seconds; a row that was written so much later than now was written before the clock was set back


@dataclass(frozen=True)
class Claim:
    """A job taken by this process: `epoch` is its fencing token, `args` its JSON. `created` and `updated`, when it was
    taken, are in epoch seconds of the database's clock; `at` is the uptime then.

    `trace` is the context of the trace that it belongs to.
    """

    id: str
    kind: str
    args: str
    epoch: int
    attempts: int
    created: float
    updated: float
    trace: str | None = None
    at: float = field(default_factory=uptime)


class Taken(NamedTuple):
    """Jobs to be run, and the ids of those that another process held, and let its lease of run out."""

    claims: Sequence[Claim] = ()
    stolen: Sequence[str] = ()


@dataclass(frozen=True)
class Mourner:
    """The job to be submitted when another one dies; `args` is JSON."""

    kind: str
    args: str


class JobTable:
    """Jobs, their steps and their signals, as seen by one `owner` that takes them for `lease` seconds at a time."""

    def __init__(self, database: Database, owner: str, lease: float) -> None:
        self._database = database
        self._owner = owner
        self._lease = lease
        self.prepare()

    def prepare(self) -> None:
        """Build once what accepts a job: to build it costs more than to carry it out."""
        now = self._database.now
        new = self._database.insert(job).values(attempts=0, created=now, updated=now)
        here = new.values(state="running", epoch=1, due=now + self._lease, owner=self._owner)
        ready = new.values(state="ready", epoch=0)
        self._new_here, self._new, self._new_later = [
            each.on_conflict_do_nothing().returning(*_CLAIMED) for each in (here, ready.values(due=now), ready)
        ]

    async def accept(
        self,
        tx: Transaction,
        job_id: str,
        kind: str,
        args: str,
        *,
        here: bool = False,
        start_at: float | None = None,
        about: str | None = None,
        trace: str | None = None,
    ) -> Claim | None:
        """Write a new job; None where its id is known. `here`: taken by this process from the start."""
        values: dict[str, Any] = {"id": job_id, "kind": kind, "args": args, "about": about, "trace": trace}
        if here or start_at is None:
            row = await tx.execute(self._new_here if here else self._new, values)
        else:
            row = await tx.execute(self._new_later, values | {"due": start_at})
        return _claim(row.first())

    async def unbegun(self, tx: Transaction, job_id: str) -> Claim | None:
        """A job that was accepted by this process, in a commit of which it never heard; else None."""
        ours = sa.select(*_CLAIMED).where(job.c.id == job_id, job.c.owner == self._owner, job.c.epoch == 1)
        return _claim((await tx.execute(ours.where(job.c.state == "running"))).first())

    async def anything_due(self, kinds: Collection[str]) -> tuple[bool, bool]:
        """Is a job of these kinds due? Is any schedule?"""
        due_jobs = [sa.exists().where(job.c.state.in_(LIVE), due, job.c.kind.in_(kinds)) for due in self._due()]
        due_schedule = sa.exists().where(job_schedule.c.enabled, job_schedule.c.due <= self._database.now)
        async with self._database.read() as connection:
            jobs, schedules = (await connection.execute(sa.select(sa.or_(*due_jobs), due_schedule))).one()
        return bool(jobs), bool(schedules)

    def _due(self) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
        """Its time has come; or a clock that was ahead has said when it comes, which is to be said anew.

        Else what was accepted or begun while the clock was wrong would wait until it is right. What was to begin later
        is left alone: a person may have asked for that time.
        """
        now = self._database.now
        at_once = sa.func.abs(job.c.due - job.c.created) < 1
        return job.c.due <= now, sa.and_(job.c.updated > now + AHEAD, sa.or_(job.c.epoch > 0, at_once))

    async def claim(
        self, kinds: Collection[str], limit: int, running: Collection[str], apart: Callable[[int], float]
    ) -> Taken:
        """Take up to `limit` due jobs of these kinds, longest due first, but none that is `running` here.

        One whose process has died is not run yet, where `apart(deaths)` has it wait for some seconds.
        """
        due = (
            sa.select(job.c.id, job.c.state, job.c.attempts)
            .where(job.c.state.in_(LIVE), sa.or_(*self._due()), job.c.kind.in_(kinds), job.c.id.not_in(running))
            .order_by(job.c.due)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        async with self._database.write() as tx:
            rows = (await tx.execute(due)).all()
            if not rows:
                return Taken()
            stolen = {row.id: row.attempts + 1 for row in rows if row.state == "running"}
            wait = {job_id: seconds for job_id, deaths in stolen.items() if (seconds := apart(deaths))}
            for job_id, seconds in wait.items():
                await self._set_apart(tx, job_id, seconds)
            taken = await tx.execute(self._take([row.id for row in rows if row.id not in wait]))
            return Taken([Claim(**row._asdict()) for row in taken], list(stolen))

    async def _set_apart(self, tx: Transaction, job_id: str, seconds: float) -> None:
        now, error = self._database.now, "its process died again while it ran"
        waiting = {"state": "ready", "owner": None, "error": error, "due": now + seconds, "updated": now}
        counted = {"epoch": job.c.epoch + 1, "attempts": job.c.attempts + 1}
        await tx.execute(job.update().where(job.c.id == job_id).values(waiting | counted))

    def _take(self, ids: Collection[str]) -> sa.Executable:
        now = self._database.now
        crashed = sa.case((job.c.state == "running", 1), else_=0)  # its lease ran out under another process
        return (
            job.update()
            .where(job.c.id.in_(ids))
            .values(
                state="running",
                owner=self._owner,
                epoch=job.c.epoch + 1,
                due=now + self._lease,
                attempts=job.c.attempts + crashed,
                waiting_for=None,
                updated=now,
            )
            .returning(*_CLAIMED)
        )

    async def steps(self, job_id: str) -> dict[str, str]:
        """What the job remembers: name to JSON."""
        query = sa.select(job_step.c.name, job_step.c.result).where(job_step.c.job_id == job_id)
        async with self._database.read() as connection:
            return {row.name: row.result for row in await connection.execute(query)}

    async def remember(self, claim: Claim, name: str, result: str) -> None:
        """Keep a step's result, renew the lease, and forget earlier failures."""
        async with self._database.write() as tx:
            now = await self._own(tx, claim, attempts=0)
            await self._note(tx, claim.id, name, result, now)

    async def pause(
        self, claim: Claim, name: str, topic: str | None, seconds: float, until: float | None
    ) -> str | None:
        """The JSON of the topic's signal, "null" if it is `until` (epoch seconds) already, or else None.

        None means that the job now waits, and is no longer this process's. Without `until`, it is `seconds` from now.
        """
        async with self._database.write() as tx:
            now = await self._own(tx, claim, attempts=0)
            if until is None:
                until = now + seconds
                await self._note(tx, claim.id, f"until:{name}", json.dumps(until), now)
            payload = await self._payload(tx, claim.id, topic)
            if payload is None and now < until:
                waiting = {"state": "waiting", "due": until, "owner": None, "waiting_for": topic}
                await tx.execute(job.update().where(job.c.id == claim.id).values(waiting))
                return None
            await self._note(tx, claim.id, name, payload or "null", now)
        return payload or "null"

    async def signal(self, tx: Transaction, job_id: str, topic: str, payload: str) -> bool:
        """Keep a signal and wake who waits for it; False where it is not the first, or comes too late."""
        lock = sa.select(job.c.state, job.c.waiting_for).where(job.c.id == job_id).with_for_update()
        row = (await tx.execute(lock)).first()
        if row is None or row.state not in LIVE or await self._noted(tx, job_id, f"wait:{topic}") is not None:
            return False
        new = self._database.insert(job_signal).values(
            job_id=job_id, topic=topic, payload=payload, at=self._database.now
        )
        if (await tx.execute(new.on_conflict_do_nothing().returning(job_signal.c.topic))).first() is None:
            return False
        if row.state == "waiting" and row.waiting_for == topic:
            await tx.execute(
                job.update().where(job.c.id == job_id).values(state="ready", due=self._database.now),
            )
        return True

    async def lock(self, tx: Transaction, job_id: str) -> bool:
        """Lock the job's row for the rest of the transaction; False where there is no such job, or it is over."""
        return (await tx.scalar(sa.select(job.c.state).where(job.c.id == job_id).with_for_update())) in LIVE

    async def finish(self, claim: Claim, result: str) -> None:
        """The job is done."""
        async with self._database.write() as tx:
            await self._own(tx, claim, state="done", result=result, error=None, owner=None)

    async def postpone(self, claim: Claim, reason: str, after: float) -> None:
        """Look at the job again in `after` seconds; it costs no attempt."""
        async with self._database.write() as tx:
            due = self._database.now + after
            await self._own(tx, claim, state="ready", due=due, error=reason, owner=None)

    async def fail(
        self, claim: Claim, error: str, delay: Callable[[int], float], most: int, mourner: Mourner | None
    ) -> None:
        """Count a failure: try again after `delay(failures)` seconds, or where it was the last, see `bury`."""
        async with self._database.write() as tx:
            await self._own(tx, claim, attempts=job.c.attempts + 1)
            attempts = await tx.scalar(sa.select(job.c.attempts).where(job.c.id == claim.id)) or 0
            if attempts >= most:
                await self._bury(tx, claim, error, mourner)
            else:
                due = self._database.now + delay(attempts)
                await self._own(tx, claim, state="ready", due=due, error=error, owner=None)

    async def bury(self, claim: Claim, error: str, mourner: Mourner | None) -> None:
        """The job is dead; the mourner is submitted with that."""
        async with self._database.write() as tx:
            await self._bury(tx, claim, error, mourner)

    async def _bury(self, tx: Transaction, claim: Claim, error: str, mourner: Mourner | None) -> None:
        await self._own(tx, claim, state="dead", error=error, owner=None)
        if mourner:
            await self.accept(tx, f"dead:{claim.id}:{claim.epoch}", mourner.kind, mourner.args)

    async def renew(self, ids: Collection[str]) -> Mapping[str, int]:
        """Renew the leases of these jobs: those still ours, with their epochs."""
        ours = job.update().where(job.c.id.in_(ids), job.c.owner == self._owner, job.c.state == "running")
        now = self._database.now
        renewed = ours.values(due=now + self._lease, updated=now).returning(job.c.id, job.c.epoch)
        async with self._database.write(first=True) as tx:
            return {row.id: row.epoch for row in await tx.execute(renewed)}

    async def release(self, *, but: Collection[str] = ()) -> None:
        """Give back every job that is ours, for whoever is there to go on at once."""
        ours = job.update().where(job.c.owner == self._owner, job.c.state == "running", job.c.id.not_in(but))
        async with self._database.write() as tx:
            await tx.execute(ours.values(state="ready", owner=None, due=self._database.now))

    async def _own(self, tx: Transaction, claim: Claim, **values: Any) -> float:
        """Change our running job and renew its lease; returns the time. Fenced where it isn't ours any more."""
        now = self._database.now
        own = job.update().where(job.c.id == claim.id, job.c.epoch == claim.epoch, job.c.state == "running")
        changed = own.values({"due": now + self._lease, "updated": now} | values).returning(job.c.updated)
        at = await tx.scalar(changed)
        if at is None:
            raise Fenced(f"job {claim.id} is no longer ours")
        return float(at)

    async def _note(self, tx: Transaction, job_id: str, name: str, result: str, at: float) -> None:
        row = self._database.insert(job_step).values(job_id=job_id, name=name, result=result, at=at)
        await tx.execute(row.on_conflict_do_nothing())

    async def _noted(self, tx: Transaction, job_id: str, name: str) -> str | None:
        query = sa.select(job_step.c.result).where(job_step.c.job_id == job_id, job_step.c.name == name)
        noted: str | None = await tx.scalar(query)
        return noted

    async def _payload(self, tx: Transaction, job_id: str, topic: str | None) -> str | None:
        query = sa.select(job_signal.c.payload).where(job_signal.c.job_id == job_id, job_signal.c.topic == topic)
        payload: str | None = await tx.scalar(query)
        return payload


_CLAIMED = (
    job.c.id,
    job.c.kind,
    job.c.args,
    job.c.epoch,
    job.c.attempts,
    job.c.created,
    job.c.updated,
    job.c.trace,
)


def _claim(row: sa.Row[*tuple[Any, ...]] | None) -> Claim | None:
    return Claim(**row._asdict()) if row else None
