"""Waiting until something is so: long enough for a busy machine, as only a test that fails waits in vain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE, AIRFLOWS = 30.0, 240.0  # seconds


async def until(look: Callable[[], Awaitable[T | None]], within: float = PATIENCE) -> T:
    """What the look finds, once it finds something."""
    found = await _fitting(look, bool, within, every=0.02)
    assert found is not None
    return found


async def fitting_in_airflow(
    look: Callable[[], Awaitable[T]], fits: Callable[[T], bool], within: float = AIRFLOWS
) -> T:
    """What the look finds in a real Airflow, once it fits."""
    return await _fitting(look, fits, within, every=0.3)


async def _fitting(look: Callable[[], Awaitable[T]], fits: Callable[[T], bool], within: float, *, every: float) -> T:
    deadline = time.monotonic() + within
    while not fits(found := await look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {within:g} s still {found}")
        await asyncio.sleep(every)
    return found
