"""Jobs: the five verbs, over the table and the worker."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import structlog

from bot.jobs.context import JobContext
from bot.jobs.holds import Holds
from bot.jobs.overview import Also, Gauges, JobRow, Overview
from bot.jobs.payload import encode
from bot.jobs.schedules import Schedule, Schedules
from bot.jobs.table import Claim, JobTable
from bot.jobs.worker import DEATH, Handler, Limits, Worker
from bot.observing import tracing
from bot.store import Store, Transaction
from bot.store.trouble import TROUBLE, plainly

log = structlog.get_logger(__name__)
PATIENCE = 1.5  # seconds for a database in trouble while somebody waits: Slack waits for 3

Tell = Callable[[JobRow], Awaitable[object]]


def exponential(failures: int) -> float:
    """About 2, 4, 8 … seconds, 10 minutes at most, spread so that jobs that failed together don't return together."""
    return random.uniform(0.5, 1.0) * min(600.0, 2.0**failures)  # noqa: S311 - spreads load, hides nothing


class Jobs:
    """Durable work on the store's database.

    `owner` names this process in the table; each instance adds something unique to it. `lease`: seconds until another
    process takes over what a dead one ran. `poll`: seconds between looks at what has become due. A job that fails, or
    whose process dies, `max_attempts` times without remembering a step is dead: with these delays, after two hours.
    """

    def __init__(
        self,
        store: Store,
        *,
        owner: str = "bot",
        lease: float = 30.0,
        poll: float = 1.0,
        max_running: int = 50,
        max_attempts: int = 24,
        backoff: Callable[[int], float] = exponential,
    ) -> None:
        self.owner = f"{owner}:{uuid.uuid4().hex[:8]}"
        self._store = store
        self._table = JobTable(store.database, self.owner, lease)
        self._schedules = Schedules(store.database)
        self._holds = Holds(store.database, self.owner)
        self._overview = Overview(store.database)
        limits = Limits(lease=lease, poll=poll, max_running=max_running, max_attempts=max_attempts, backoff=backoff)
        self._worker = Worker(self._table, self._schedules, limits)
        self._on_dead: Tell | None = None

    def handler(self, kind: str) -> Callable[[Handler], Handler]:
        """Declare the decorated function to be what runs jobs of this kind."""

        def declare(handler: Handler) -> Handler:
            self.register(kind, handler)
            return handler

        return declare

    def register(self, kind: str, handler: Handler) -> None:
        """Let jobs of this kind be run by `handler`. ValueError where another one has it."""
        if kind in self._worker.handlers:
            raise ValueError(f"jobs of kind {kind!r} have a handler already")
        self._worker.handlers[kind] = handler

    @property
    def on_dead(self) -> Tell | None:
        """What is called with each job that dies: at least once, by a job of its own, submitted with the death."""
        return self._on_dead

    @on_dead.setter
    def on_dead(self, tell: Tell | None) -> None:
        self._on_dead = tell
        self._worker.handlers.pop(DEATH, None)
        if tell:
            self.register(DEATH, self._mourn)

    async def _mourn(self, _: JobContext, args: dict[str, Any]) -> None:
        dead = await self.get(args["id"])
        if self._on_dead and dead and dead.state == "dead":
            await self._on_dead(dead)

    @property
    def on_stolen(self) -> Callable[[str], object] | None:
        """What is called with the id of a job that is taken over from a process that let its lease run out."""
        return self._worker.on_stolen

    @on_stolen.setter
    def on_stolen(self, tell: Callable[[str], object] | None) -> None:
        self._worker.on_stolen = tell

    @property
    def idle(self) -> float:
        """Seconds since the worker last looked whether anything is due; `poll` or so where all is well."""
        return self._worker.idle

    async def start(self) -> None:
        """Begin to run what is due."""
        self._worker.start()

    async def stop(self, grace: float = 8.0) -> None:
        """End within `grace` seconds and a little; what isn't finished is ready for the next process at once."""
        await self._worker.stop(grace)

    async def submit(
        self,
        job_id: str,
        kind: str,
        args: dict[str, Any],
        *,
        also: Also | None = None,
        start_at: float | None = None,
        about: str | None = None,
    ) -> bool:
        """Accept a job: durable when this returns. False where `job_id` was accepted before, whatever became of it.

        `also(tx)` writes in the same transaction, for a new job only; if it raises, nothing is accepted. The job
        starts at once, or at `start_at` in epoch seconds. `about` is what `coming` finds it by. Permanent where `args`
        isn't JSON.
        """
        text = encode(args, "the job's arguments")
        here = start_at is None and self._worker.take_slot(kind)

        async def accept(tx: Transaction) -> Claim | None:
            claim = await self._table.accept(
                tx, job_id, kind, text, here=here, start_at=start_at, about=about, trace=tracing.context()
            )
            if claim and also:
                await also(tx)
            return claim

        try:
            claim = await self._accepted(job_id, accept)
        except BaseException:
            if here:
                self._worker.free_slot()
            raise
        await self._begin(claim, here=here)
        return claim is not None

    async def _accepted(self, job_id: str, accept: Callable[[Transaction], Awaitable[Claim | None]]) -> Claim | None:
        """Accept, again for a moment where the database is in trouble; the first time may have done, unheard."""
        deadline, again = time.monotonic() + PATIENCE, False
        while True:
            try:
                async with self._store.write(first=True) as tx:
                    return await accept(tx) or (await self._table.unbegun(tx, job_id) if again else None)
            except TROUBLE as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("database.unavailable", error=plainly(error))
            again = True
            await asyncio.sleep(0.1)

    async def _begin(self, claim: Claim | None, *, here: bool) -> None:
        if claim and here:
            await self._worker.run(claim)
        elif claim:
            self._worker.look()
        elif here:
            self._worker.free_slot()

    async def signal(self, job_id: str, topic: str, payload: Any) -> bool:
        """Tell a job something, once: the first signal of a topic wins.

        False where it isn't the first, or the job is unknown, over, or has stopped waiting for it. `payload` is JSON
        and not None, which is what `JobContext.wait` gives when its time is up.
        """
        text = encode(payload, "the signal's payload")
        async with self._store.write(first=True) as tx:
            first = await self._table.signal(tx, job_id, topic, text)
        self._worker.look()
        return first

    async def decide(
        self,
        job_id: str,
        person: str,
        verdict: str,
        reason: str,
        *,
        check: Also,
        name: str = "",
    ) -> Literal["counted", "repeated", "closed"]:
        """Keep one person's verdict on what a job waits for, and wake the job: all or nothing.

        `check(tx)` runs while nobody else can decide on this job; where it raises, nothing is kept. The n-th verdict
        that counts is the signal `decision:n`, with `person`, `verdict` and `reason`. "repeated": this person has
        decided before; "closed": the job is over, or unknown. `name` is the person's, kept beside the verdict.
        """
        async with self._store.write(first=True) as tx:
            if not await self._table.lock(tx, job_id):
                return "closed"
            await check(tx)
            if not await self._store.decisions.add(job_id, person, verdict, reason, tx, name=name):
                return "repeated"
            number = len(await self._store.decisions.on(job_id, tx))
            payload = encode({"person": person, "verdict": verdict, "reason": reason}, "the verdict")
            await self._table.signal(tx, job_id, f"decision:{number}", payload)
        self._worker.look()
        return "counted"

    async def put_schedule(
        self,
        schedule_id: str,
        kind: str,
        args: dict[str, Any],
        *,
        cron: str,
        zone: str,
        enabled: bool = True,
    ) -> Schedule:
        """Submit such a job whenever `cron` comes round in `zone`: ValueError says what is wrong."""
        return await self._schedules.put(schedule_id, kind, args, cron=cron, zone=zone, enabled=enabled)

    async def remove_schedule(self, schedule_id: str) -> bool:
        """Forget a schedule; False where there is none of that id."""
        return await self._schedules.remove(schedule_id)

    async def list_schedules(self) -> Sequence[Schedule]:
        """Every schedule, by id."""
        return await self._schedules.all()

    async def hold(self, name: str, ttl: float) -> int | None:
        """Take or renew what only one process may have, for `ttl` seconds: its fencing token, or None if it's taken."""
        return await self._holds.take(name, ttl)

    async def check_hold(self, tx: Transaction, name: str, fence: int) -> None:
        """Fenced unless the hold is still ours under this token; if it is, it stays so until `tx` ends."""
        await self._holds.check(tx, name, fence)

    async def release(self, name: str) -> None:
        """Give a hold up, if it is ours."""
        await self._holds.release(name)

    async def list(self, state: str | None = None, *, kind: str | None = None, limit: int = 100) -> Sequence[JobRow]:
        """The jobs that changed last, newest first: all, or those in one state, or of one kind."""
        return await self._overview.list(state, kind=kind, limit=limit)

    async def steps(self, job_id: str) -> Mapping[str, str]:
        """What a job remembers, oldest first: the names of steps and waits, and their results as JSON."""
        return await self._overview.steps(job_id)

    async def coming(self, kind: str, about: str) -> Sequence[JobRow]:
        """The jobs of this kind that are not over and about this, or about nobody knows what; oldest first."""
        return await self._overview.coming(kind, about)

    async def get(self, job_id: str) -> JobRow | None:
        """One job."""
        return await self._overview.get(job_id)

    async def gauges(self) -> Gauges:
        """How work stands."""
        return await self._overview.gauges()

    async def replay(self, job_id: str, *, also: Also | None = None) -> bool:
        """Try a dead job again, from its last remembered step; False where it isn't dead.

        `also(tx)` writes in the same transaction.
        """
        replayed = await self._overview.replay(job_id, also)
        self._worker.look()
        return replayed

    async def cancel(self, job_id: str, *, also: Also | None = None) -> bool:
        """End a job that isn't over; False where it is. What its running step does outside may still happen.

        `also(tx)` writes in the same transaction.
        """
        cancelled = await self._overview.cancel(job_id, also)
        self._worker.interrupt(job_id)
        return cancelled
