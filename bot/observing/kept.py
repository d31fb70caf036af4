"""An answer that is asked for at most once in a while, however many want it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What `ask` gives, kept for `seconds`. Those who want it meanwhile, or at the same moment, get the same."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._ask, self._seconds = ask, seconds
        self._lock = asyncio.Lock()
        self._answer: tuple[float, T] | None = None

    async def get(self) -> T:
        """The answer, not older than `seconds`. What `ask` raises is not kept."""
        async with self._lock:
            if self._answer is None or time.monotonic() - self._answer[0] >= self._seconds:
                answer = await self._ask()
                self._answer = (time.monotonic(), answer)
            return self._answer[1]
