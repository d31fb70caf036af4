"""Holds: what only one process may do."""

from __future__ import annotations

import asyncio

import pytest

from bot.jobs import Fenced, Jobs
from bot.store.schema import hold
from tests.bot.jobs_kit import employed, execute


async def expire(jobs: Jobs) -> None:
    await execute(jobs._store, hold.update().values(until=0.0))


async def write_under(jobs: Jobs, fence: int) -> None:
    async with jobs._store.write() as tx:
        await jobs.check_hold(tx, "tracker", fence)
        await jobs._store.posts.attempt(f"by {jobs.owner}", "C1", "nonce", 0.0, tx)


async def test_one_process_holds_and_renews(database: str) -> None:
    """Of many that ask at once one gets it; renewing keeps its token; released, the next one gets a higher one."""
    async with employed(database) as one, employed(database) as two:
        fences = await asyncio.gather(*(jobs.hold("tracker", 30) for jobs in (one, two) * 5))
        holder, other = (one, two) if fences[0] else (two, one)
        assert sorted(fence or 0 for fence in fences) == [0] * 5 + [1] * 5
        await other.release("tracker")
        assert await other.hold("tracker", 30) is None
        assert await other.hold("something else", 30) == 1
        await holder.release("tracker")
        assert await other.hold("tracker", 30) == 2


async def test_who_lost_its_hold_can_write_nothing(database: str) -> None:
    """A process that slept past its hold is fenced in its own transaction; before anybody took it, it was not."""
    async with employed(database) as sleeper, employed(database) as other:
        fence = await sleeper.hold("tracker", 30)
        assert fence
        await expire(sleeper)
        await write_under(sleeper, fence)
        assert await other.hold("tracker", 30) == fence + 1
        with pytest.raises(Fenced):
            await write_under(sleeper, fence)
        assert await other._store.posts.get(f"by {sleeper.owner}")
        await other.release("tracker")
        again = await sleeper.hold("tracker", 30)
        assert again == fence + 2
        with pytest.raises(Fenced):
            await write_under(sleeper, fence)


async def test_a_hold_that_nobody_took_is_nobodys(database: str) -> None:
    """Checking an unknown or released hold is fenced too."""
    async with employed(database) as jobs:
        with pytest.raises(Fenced):
            await write_under(jobs, 0)
        fence = await jobs.hold("tracker", 30)
        await jobs.release("tracker")
        with pytest.raises(Fenced):
            await write_under(jobs, fence or 0)
