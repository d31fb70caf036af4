"""The worker: takes due jobs, runs their handlers, keeps their leases, and lets go of them."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from bot.jobs.context import JobContext
from bot.jobs.errors import Fenced, Permanent, RetryLater, Suspended
from bot.jobs.insist import insist
from bot.jobs.payload import decode_args, encode
from bot.jobs.schedules import Schedules
from bot.jobs.table import Claim, JobTable, Mourner
from bot.observing.tracing import span
from bot.store.trouble import TROUBLE, plainly

log = structlog.get_logger(__name__)

Handler = Callable[[JobContext, dict[str, Any]], Awaitable[Any]]
DEATH = "job.dead"
UNWINDING = 2.0  # seconds that a cancelled handler gets for its `finally` blocks


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`lease` and `poll` in seconds; `backoff` gives the seconds to wait after the n-th failure in a row."""

    lease: float
    poll: float
    max_running: int
    max_attempts: int
    backoff: Callable[[int], float]

    def apart(self, deaths: int) -> float:
        """Seconds that a job waits whose process has died under it so often.

        One death says nothing. After the second it may have been this job's doing, or that of another that the process
        ran: they are to part. The last one is to be told at once.
        """
        return self.backoff(deaths - 1) if 1 < deaths < self.max_attempts else 0.0


class Worker:
    """Runs jobs of the kinds that have a handler here; others stay in the table for a newer version of the bot."""

    def __init__(self, table: JobTable, schedules: Schedules, limits: Limits) -> None:
        self.handlers: dict[str, Handler] = {}
        self.on_stolen: Callable[[str], object] | None = None
        self._table = table
        self._schedules = schedules
        self._limits = limits
        self._running: dict[str, tuple[asyncio.Task[None], int]] = {}  # by job, with its epoch
        self._slots = 0
        self._wake = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._looked = time.monotonic()

    @property
    def idle(self) -> float:
        """Seconds since the last look at what is due, whether it succeeded or not."""
        return time.monotonic() - self._looked

    def start(self) -> None:
        """Begin to take jobs."""
        self._slots = self._limits.max_running
        self._looking = asyncio.create_task(self._every(self._limits.poll, self._look, self._nap))
        self._beating = asyncio.create_task(self._every(self._limits.lease / 3, self._beat, asyncio.sleep))

    async def stop(self, grace: float) -> None:
        """Take no more jobs; let the running ones end within `grace` seconds, cancel the rest, then free their leases.

        A lease is freed only once its handler has really ended: a cancelled handler that goes on regardless keeps it
        until it runs out by itself. (A thread that a step started can't be stopped by a cancellation.)
        """
        looking, beating, self._looking, self._beating = self._looking, self._beating, None, None
        await _end(looking)
        await self._wait_for_running(grace)
        for task, _ in self._running.values():
            task.cancel()
        await self._wait_for_running(UNWINDING)
        await _end(beating)
        try:
            await self._table.release(but=list(self._running))
        except Exception:
            log.exception("jobs.not_released")  # whoever takes over waits for the leases to run out

    def take_slot(self, kind: str) -> bool:
        """Reserve room to run a job of this kind at once; `run` uses it, `free_slot` gives it back."""
        able = self._looking is not None and kind in self.handlers and self._slots > 0
        self._slots -= able
        return able

    def free_slot(self) -> None:
        """Give room back."""
        self._slots += 1

    def look(self) -> None:
        """Something may have become due: don't wait for the next look."""
        self._wake.set()

    async def run(self, claim: Claim) -> None:
        """Begin to run a job that is ours, in room that was reserved for it."""
        if self._looking is None:  # stopped since
            await self._table.postpone(claim, "", 0.0)
            return
        task = asyncio.create_task(self._run(claim), name=f"job:{claim.id}")
        self._running[claim.id] = (task, claim.epoch)
        task.add_done_callback(lambda _: self._ended(claim))

    def interrupt(self, job_id: str) -> None:
        """Cancel the job's handler if it runs here."""
        if job_id in self._running:
            self._running[job_id][0].cancel()

    def _ended(self, claim: Claim) -> None:
        del self._running[claim.id]
        self.free_slot()
        self.look()  # there is room; and this very job may be due again already

    async def _wait_for_running(self, seconds: float) -> None:
        if self._running:
            await asyncio.wait([task for task, _ in self._running.values()], timeout=seconds)

    async def _every(
        self, seconds: float, work: Callable[[], Awaitable[None]], nap: Callable[[float], Awaitable[None]]
    ) -> None:
        while True:
            try:
                await work()
            except TROUBLE as error:
                log.warning("database.unavailable", doing=work.__name__, error=plainly(error))
            except Exception:
                log.exception("jobs.trouble", doing=work.__name__)
            await nap(seconds * random.uniform(0.9, 1.1))  # noqa: S311 - keeps replicas from moving in step

    async def _nap(self, seconds: float) -> None:
        self._looked = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def _look(self) -> None:
        jobs, schedules = await self._table.anything_due(self._kinds)
        if schedules:
            await self._schedules.fire(self._table)
        while (jobs or schedules) and self._slots and await self._claim():
            pass

    @property
    def _kinds(self) -> Collection[str]:
        return list(self.handlers)

    async def _claim(self) -> bool:
        room, self._slots = self._slots, 0
        try:
            taken = await self._table.claim(self._kinds, room, list(self._running), self._limits.apart)
        finally:
            self._slots += room
        self._slots -= len(taken.claims)
        for job_id in taken.stolen:
            if self.on_stolen:
                self.on_stolen(job_id)
        for claim in taken.claims:
            await self.run(claim)
        return bool(taken.claims or taken.stolen)

    async def _beat(self) -> None:
        epochs = {job_id: epoch for job_id, (_, epoch) in self._running.items()}
        kept = await self._table.renew(list(epochs)) if epochs else {}
        for job_id, epoch in epochs.items():
            if kept.get(job_id) != epoch and self._running.get(job_id, (None, 0))[1] == epoch:
                self.interrupt(job_id)

    async def _run(self, claim: Claim) -> None:
        structlog.contextvars.bind_contextvars(job=claim.id)
        try:
            settle = await self._perform(claim)
            await insist(settle, self._limits.poll)
        except Suspended:
            pass
        except Fenced as fenced:
            log.info("job.fenced", reason=str(fenced))

    async def _perform(self, claim: Claim) -> Callable[[], Awaitable[None]]:
        """Run the handler; what is then to be written."""
        try:
            result = await self._handle(claim)
            return lambda: self._table.finish(claim, result)
        except Fenced:
            raise
        except RetryLater as later:
            reason, after = str(later), later.after
            log.info("job.postponed", reason=reason, seconds=after)
            return lambda: self._table.postpone(claim, reason, after)
        except asyncio.CancelledError as error:
            if _is_being_cancelled():
                raise
            return self._failed(claim, error)  # raised by the handler itself: a failure like any other
        except Exception as error:  # noqa: BLE001 - whatever a handler raises must not end the worker
            return self._failed(claim, error)

    async def _handle(self, claim: Claim) -> str:
        if claim.attempts >= self._limits.max_attempts:
            raise Permanent(f"its process died {claim.attempts} times while it ran")
        remembered = {}
        if claim.epoch > 1:
            remembered = dict(await insist(lambda: self._table.steps(claim.id), self._limits.poll))
        context = JobContext(self._table, claim, remembered, self._limits.poll)
        with span(f"job {claim.kind}", claim.trace, job=claim.id, epoch=str(claim.epoch)):
            return encode(await self.handlers[claim.kind](context, decode_args(claim.args)), "the job's result")

    def _failed(self, claim: Claim, error: BaseException) -> Callable[[], Awaitable[None]]:
        log.warning("job.failed", kind=claim.kind, exc_info=error)
        text = f"{type(error).__name__}: {error}"[:2000]
        mourner = None
        if DEATH in self.handlers and claim.kind != DEATH:
            mourner = Mourner(DEATH, json.dumps({"id": claim.id}))
        if isinstance(error, Permanent):
            return lambda: self._table.bury(claim, text, mourner)
        limits = self._limits
        return lambda: self._table.fail(claim, text, limits.backoff, limits.max_attempts, mourner)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _end(task: asyncio.Task[None] | None) -> None:
    if task:
        task.cancel()
        await asyncio.wait([task])
