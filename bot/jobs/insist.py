"""Writing to a database that may be locked, full or away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.store.trouble import TROUBLE, plainly

log = structlog.get_logger(__name__)
T = TypeVar("T")


async def insist(write: Callable[[], Awaitable[T]], pause: float) -> T:
    """Try `write` every `pause` seconds until the database takes it.

    For what has happened already and would otherwise be forgotten. It must be harmless to repeat: a commit whose
    answer was lost is tried again. The lease's fence ends it, or a cancellation.
    """
    while True:
        try:
            return await write()
        except TROUBLE as error:
            log.warning("database.unavailable", error=plainly(error))
        await asyncio.sleep(pause)
