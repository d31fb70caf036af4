"""Whose turn it is to write, within one process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

IN_A_ROW = 4


class Turns:
    """As many at a time as there are `places`.

    Those who ask to be first go before the others, each kind in order of arrival.

    After `IN_A_ROW` who went first one of the others is let in, so that a storm of requests can't keep a running job
    from remembering its steps.
    """

    def __init__(self, places: int = 1) -> None:
        self._places = places
        self._in_a_row = 0
        self._holders: set[asyncio.Task[Any] | None] = set()
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, first: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the block. RuntimeError where this task has it already."""
        task = asyncio.current_task()
        if task in self._holders:
            raise RuntimeError("this task is writing already: pass its open transaction on")
        if self._places:
            self._places -= 1
        else:
            await self._queue(self._first if first else self._others)
        self._holders.add(task)
        try:
            yield
        finally:
            self._holders.remove(task)
            self._pass_on()

    async def _queue(self, queue: deque[asyncio.Future[None]]) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it came at the very moment of the cancellation
            raise

    def _pass_on(self) -> None:
        queues = (self._others, self._first) if self._in_a_row >= IN_A_ROW else (self._first, self._others)
        for queue in queues:
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    self._in_a_row = self._in_a_row + 1 if queue is self._first else 0
                    turn.set_result(None)
                    return
        self._places += 1
        self._in_a_row = 0
