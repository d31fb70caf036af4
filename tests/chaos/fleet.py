"""The replicas of a bot: kept at their number, killed, stopped and let go on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from random import Random

from tests.chaos.nest import Nest


class Fleet:
    """`size` bots of one nest with the same settings. Whoever dies, by us or by itself, is replaced at once."""

    def __init__(self, nest: Nest, settings: Mapping[str, str], size: int, random: Random) -> None:
        self.kills = 0
        self.fell = 0  # those that ended by themselves
        self._nest, self._settings, self._size = nest, settings, size
        self._random = random
        self._turn = asyncio.Lock()
        self._living: list[int] = []

    async def fill(self) -> None:
        """Start as many as are missing."""
        async with self._turn:
            await self._fill()

    async def kill_one(self) -> None:
        """SIGKILL one of them at random, and start another in its place."""
        async with self._turn:
            pid = await self._take()
            await self._nest.kill(pid)
            self.kills += 1
            await self._fill()

    async def make_zombie(self, seconds: float) -> None:
        """Stop one for so long, put another in its place, and let it go on beside that for a while; then kill it."""
        async with self._turn:
            pid = await self._take()
            await self._nest.send(pid, signal.SIGSTOP)
            await self._fill()
        try:
            await asyncio.sleep(seconds)
            await self._nest.send(pid, signal.SIGCONT)
            await asyncio.sleep(self._random.uniform(0.1, 2.0))
        finally:
            await self._nest.kill(pid)
            self.kills += 1

    async def _take(self) -> int:
        await self._fill()
        return self._living.pop(self._random.randrange(len(self._living)))

    async def _fill(self) -> None:
        for pid in list(self._living):
            if await self._nest.is_over(pid):
                self._living.remove(pid)
                self.fell += 1
        while len(self._living) < self._size:
            self._living.append(await self._nest.start(self._settings))

    async def end(self) -> None:
        """Kill all that are left; they are not counted."""
        while self._living:
            await self._nest.kill(self._living.pop())

    @property
    def processes(self) -> list[int]:
        """The ids of those that should be running now."""
        return list(self._living)
