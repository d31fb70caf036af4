"""A rolling upgrade: two versions of the bot on one database, with work in flight."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import sqlalchemy as sa

from bot.jobs import JobContext, Jobs
from tests.bot.jobs_kit import employed, execute, reached
from tests.until import until

LONG = 60.0
NEWER = (
    "ALTER TABLE job ADD COLUMN mood TEXT",
    "CREATE TABLE moods (name TEXT PRIMARY KEY)",
    "UPDATE alembic_version SET version_num = '9999'",
)


class Version:
    """One version's handler: these steps in this order. `calls` counts each step of each job, of both versions."""

    def __init__(self, calls: Counter[str], *names: str) -> None:
        self.calls, self.names = calls, names

    async def __call__(self, ctx: JobContext, args: dict[str, Any]) -> Any:
        return [await ctx.step(name, self._act, f"{ctx.id}:{name}") for name in self.names]

    async def _act(self, key: str) -> str:
        await asyncio.sleep(0.01)
        self.calls[key] += 1
        return key


async def test_a_rolling_upgrade_loses_nothing_and_repeats_nothing(database: str) -> None:
    """The new version migrates while the old one works, adds a step and a kind, and finishes what the old one began.

    What an older handler has remembered stays done; a step that came in between is done, once; jobs that the old
    version ends by its own steps are done too.
    """
    calls: Counter[str] = Counter()
    async with employed(database, lease=LONG, max_running=5) as old, employed(database, lease=LONG) as new:
        old.register("work", Version(calls, "begin", "end"))
        new.register("work", Version(calls, "begin", "check", "end"))
        new.register("added", Version(calls, "only"))
        await old.start()
        submitting = asyncio.create_task(_submit(old, 80))
        await until(lambda: _some(calls, 20))
        for statement in NEWER:
            await execute(new._store, sa.text(statement))
        await new.start()
        await new.submit("added-1", "added", {})
        assert await old.submit("added-2", "added", {})  # a delivery that reached the old one, of a newer card
        await submitting
        await old.stop(grace=0)
        await until(lambda: _nothing_left(new), 30)
        rows = {row.id: row for row in await new.list(limit=1_000)}
    assert len(rows) == 82
    assert {row.state for row in rows.values()} == {"done"}
    steps = {name: Counter(key.partition(":")[2] for key in calls if key.startswith(f"{name}:")) for name in rows}
    assert all({"begin", "end"} <= set(found) for name, found in steps.items() if name.startswith("j"))
    assert {len(row.result) for name, row in rows.items() if name.startswith("j")} == {2, 3}
    again = [key for key, number in calls.items() if number > 1]
    assert len(again) <= 5  # only what was in flight at the old version's stop


async def test_a_job_that_waits_is_woken_into_the_new_version(database: str) -> None:
    """It was left by the old handler and goes on in the new one, with an added step before and after the wait."""
    calls: Counter[str] = Counter()

    async def act(key: str) -> str:
        calls[key] += 1
        return key

    async def before(ctx: JobContext, args: dict[str, Any]) -> Any:
        await ctx.step("ask", act, "ask")
        return await ctx.wait("answer", LONG)

    async def after(ctx: JobContext, args: dict[str, Any]) -> Any:
        await ctx.step("prepare", act, "prepare")
        await ctx.step("ask", act, "ask")
        answer = await ctx.wait("answer", LONG)
        return [answer, await ctx.step("tell", act, "tell")]

    async with employed(database, lease=LONG) as old:
        old.register("work", before)
        await old.start()
        await old.submit("j1", "work", {})
        await reached(old, "j1", "waiting")
    async with employed(database, lease=LONG) as new:
        new.register("work", after)
        await new.start()
        assert await new.signal("j1", "answer", "yes")
        row = await reached(new, "j1")
    assert (row.state, row.result) == ("done", ["yes", "tell"])
    assert calls == {"ask": 1, "prepare": 1, "tell": 1}


async def test_the_old_version_leaves_alone_what_it_does_not_know(database: str) -> None:
    """However long it takes: such a job costs no attempt, and is done once a process that knows its kind is there."""
    async with employed(database, lease=LONG, max_attempts=1) as old:
        old.register("work", Version(Counter(), "only"))
        await old.start()
        await old.submit("new-1", "added", {})
        await old.submit("old-1", "work", {})
        await reached(old, "old-1")
        row = await old.get("new-1")
        assert row
        assert (row.state, row.attempts, row.epoch) == ("ready", 0, 0)
    async with employed(database, lease=LONG) as new:
        new.register("added", Version(Counter(), "only"))
        await new.start()
        assert (await reached(new, "new-1")).state == "done"


async def _submit(jobs: Jobs, number: int) -> None:
    for each in range(number):
        await jobs.submit(f"j{each}", "work", {})
        await asyncio.sleep(0.01)


async def _some(calls: Counter[str], number: int) -> bool:
    return len(calls) >= number


async def _nothing_left(jobs: Jobs) -> bool:
    gauges = await jobs.gauges()
    return gauges.ready + gauges.running + gauges.waiting == 0
