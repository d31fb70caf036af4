"""What a handler is given to work with."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.jobs.errors import Fenced, Permanent, RetryLater, Suspended
from bot.jobs.insist import insist
from bot.jobs.payload import decode, encode
from bot.jobs.table import Claim, JobTable
from bot.observing.tracing import span
from bot.uptime import uptime

log = structlog.get_logger(__name__)
Step = Callable[..., Awaitable[Any]]


class JobContext:
    """One job, being run. `accepted_at` is when it was accepted, in epoch seconds of the database's clock."""

    def __init__(self, table: JobTable, claim: Claim, remembered: Mapping[str, str], pause: float) -> None:
        self.id = claim.id
        self.kind = claim.kind
        self.accepted_at = claim.created
        self._table = table
        self._claim = claim
        self._remembered = dict(remembered)
        self._pause = pause

    @property
    def now(self) -> float:
        """Epoch seconds by the database's clock, which is one for all replicas, and nobody sets while the job runs."""
        return self._claim.updated + uptime() - self._claim.at

    @property
    def age(self) -> float:
        """Seconds since it was accepted."""
        return self.now - self.accepted_at

    def key(self, name: str) -> str:
        """An id that is the same each time this job runs: what makes a downstream call harmless to repeat."""
        return f"{self.id}:{name}"

    async def step(self, name: str, fn: Step, *args: Any, tries: int = 1) -> Any:
        """The result of `fn(*args)`, as JSON gives it back; from memory if this job has done the step before.

        `tries`: how often to call it at once, with short pauses, before the failure is the job's. Where the process
        dies between the step's end and its being remembered, the step is done again: make it harmless to repeat.
        Permanent if the result isn't JSON; Fenced if the job has been taken over meanwhile.
        """
        key = f"step:{name}"
        if key not in self._remembered:
            with span(f"step {name}", job=self.id):
                result = encode(await _attempt(fn, args, tries), f"the result of step {name!r}")
            await insist(lambda: self._table.remember(self._claim, key, result), self._pause)
            self._remembered[key] = result
        return decode(self._remembered[key], f"what step {name!r} remembered")

    async def wait(self, topic: str, timeout: float) -> Any:  # noqa: ASYNC109 - days, and it outlives the process
        """The payload of the first `signal` of this topic; None once `timeout` seconds have passed since first asked.

        Meanwhile the job is a row and nothing else: the handler is left, and run again from its top when it goes on.
        """
        return await self._suspend(f"wait:{topic}", topic, timeout)

    async def sleep(self, name: str, seconds: float) -> None:
        """Go on `seconds` after this was first called, whatever is restarted meanwhile."""
        await self._suspend(f"sleep:{name}", None, seconds)

    async def _suspend(self, key: str, topic: str | None, seconds: float) -> Any:
        if key not in self._remembered:
            until = decode(self._remembered.get(f"until:{key}", "null"), f"until when {key!r} lasts")
            result = await insist(lambda: self._table.pause(self._claim, key, topic, seconds, until), self._pause)
            if result is None:
                raise Suspended
            self._remembered[key] = result
        return decode(self._remembered[key], f"what {key!r} remembered")


async def _attempt(fn: Step, args: tuple[Any, ...], tries: int) -> Any:
    for past in range(tries - 1):
        try:
            return await fn(*args)
        except (Permanent, RetryLater, Fenced):
            raise
        except Exception as error:  # noqa: BLE001 - the last try's error is the one that counts
            log.info("step.again", error=repr(error))
            await asyncio.sleep(random.uniform(0.25, 0.5) * 2**past)  # noqa: S311 - spreads load, hides nothing
    return await fn(*args)
