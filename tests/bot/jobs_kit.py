"""What the tests of the store and of jobs share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store import Store


@asynccontextmanager
async def opened(folder: Path, *, busy_timeout: float = 10.0) -> AsyncIterator[Store]:
    """A store on a file in `folder`, closed at the end. Opened twice, it is two processes' view of one database."""
    store = await Store.open(f"sqlite:///{folder}/bot.db", busy_timeout=busy_timeout)
    try:
        yield store
    finally:
        await store.close()


async def until(true: Callable[[], Awaitable[object]], seconds: float = 15.0) -> None:
    """Wait until `true()` is, asking fifty times a second; fail after `seconds`."""
    for _ in range(int(seconds * 50)):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"not true after {seconds} s")
