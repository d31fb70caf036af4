"""What goes on in the background: each duty on one replica at a time, by a hold.

A replica that has a duty keeps it while it renews the hold, and gives it up when it stops; where it dies, another one
takes over once the hold has run out. A duty that must not be done by a replica which has lost it without noticing (it
was stopped, and goes on) gets the hold's fencing token, and checks it in the transactions in which it writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from structlog import get_logger

from bot.errors import ServiceError
from bot.jobs import Fenced, Jobs
from bot.store.trouble import TROUBLE, plainly

log = get_logger(__name__)
AT_LEAST = 10.0  # seconds that a hold lasts
MISSED = 4  # turns that may be missed before another replica takes over
LEAVING = 1.0  # seconds to give a hold up in, at a stop


def lasting(every: float) -> float:
    """For how many seconds a duty is held that is done every so many."""
    return max(AT_LEAST, every * MISSED)


async def _nothing() -> None:
    pass


async def keep(
    jobs: Jobs,
    name: str,
    every: float,
    do: Callable[[int], Awaitable[object]],
    stand_by: Callable[[], Awaitable[object]] = _nothing,
) -> None:
    """Every so many seconds, for ever: `do` with the fencing token where this replica has the duty, else `stand_by`.

    A service that doesn't answer, a database that is away or a mistake is logged, and ends one turn, not the duty.
    """
    try:
        while True:
            await _turn(jobs, name, every, do, stand_by)
            await asyncio.sleep(every)
    finally:
        with suppress(Exception):  # at a stop; the hold runs out by itself
            async with asyncio.timeout(LEAVING):
                await jobs.release(name)


async def _turn(
    jobs: Jobs,
    name: str,
    every: float,
    do: Callable[[int], Awaitable[object]],
    stand_by: Callable[[], Awaitable[object]],
) -> None:
    try:
        fence = await jobs.hold(name, ttl=lasting(every))
        await (stand_by() if fence is None else do(fence))
    except ServiceError as error:
        log.warning("duty.waits", duty=name, error=str(error))
    except Fenced:
        log.info("duty.taken_over", duty=name)
    except TROUBLE as error:
        log.warning("database.unavailable", duty=name, error=plainly(error))
    except Exception:  # a turn must not end the duty
        log.exception("duty.failed", duty=name)
