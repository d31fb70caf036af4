"""Races that need a moment to go wrong: a commit whose answer is lost, processes that sleep, clocks that jump."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.jobs import JobContext, Jobs
from bot.store import Store, Transaction
from bot.store.trouble import TROUBLE
from tests.bot.jobs_kit import employed, opened, reached
from tests.bot.jobs_worker import handler
from tests.databases import PostgresServer
from tests.until import until

REPOSITORY = Path(__file__).parents[2]
LONG = 60.0
HOUR = 3_600.0


class Unheard:
    """A store whose first commit is carried out, and whose answer is then lost."""

    def __init__(self, store: Store) -> None:
        self._write, self._lost = store.write, 0
        store.write = self.write  # type: ignore[method-assign]

    @asynccontextmanager
    async def write(self, *, first: bool = False) -> AsyncIterator[Transaction]:
        async with self._write(first=first) as tx:
            yield tx
        self._lost += 1
        if self._lost == 1:
            raise sa.exc.OperationalError("COMMIT", {}, ConnectionError("the answer was lost"))


def shift(jobs: Jobs, seconds: float) -> None:
    """Let the database's clock be so much ahead, for this process."""
    database = jobs._store.database
    database.now = database.now + seconds
    jobs._table.prepare()


async def test_a_job_whose_acceptance_was_not_heard_is_begun_once_and_at_once(database: str) -> None:
    """Where the commit's answer is lost, accepting again finds it; what goes with it is written once."""
    async with employed(database, lease=LONG) as jobs:
        ran: list[str] = []
        also: list[str] = []

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            ran.append(ctx.id)

        async def note(tx: Transaction) -> None:
            also.append("written")

        await jobs.start()
        Unheard(jobs._store)
        assert await jobs.submit("j1", "work", {}, also=note)
        assert (await reached(jobs, "j1")).state == "done"
        assert (ran, also) == (["j1"], ["written"])
        assert not await jobs.submit("j1", "work", {}, also=note)
        assert len(ran) == 1


async def test_a_process_that_sleeps_past_its_leases_changes_nothing_when_it_wakes(
    database: str, tmp_path: Path
) -> None:
    """Stopped in the middle and going on later, it is fenced: what others remember stands, and nothing is lost."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bot.jobs_worker", database, tmp_path, "zombie", "200",
        cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    try:
        await process.stdout.readline()
        await asyncio.sleep(0.3)
        await stopped(process, database)
        async with employed(database, lease=1.0) as jobs:
            jobs.register("work", handler(tmp_path))
            await jobs.start()
            await until(lambda: _nothing_left(jobs), 60)
            before = {row.id: (row.epoch, row.updated) for row in await jobs.list("done", limit=10_000)}
            assert max(epoch for epoch, _ in before.values()) > 1  # leases ran out, and were taken over
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(1.5)
            await until(lambda: _nothing_left(jobs), 60)
            rows = {row.id: row for row in await jobs.list(limit=10_000)}
            assert {name: (rows[name].epoch, rows[name].updated) for name in before} == before
    finally:
        process.kill()
        await process.wait()
    assert {row.state for row in rows.values()} == {"done"}
    calls = Counter((tmp_path / "calls").read_text().splitlines())
    assert {f"{step} {name}:{step}" for name in before for step in ("first", "second")} <= set(calls)
    assert max(calls.values()) <= 2


async def stopped(process: asyncio.subprocess.Process, database: str) -> None:
    """Stop the process while it holds no lock of the whole database, which SQLite would leave it for as long."""
    for _ in range(100):
        process.send_signal(signal.SIGSTOP)
        try:
            async with opened(database, busy_timeout=0.2) as store, store.write():
                return
        except TROUBLE:
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.01)
    raise TimeoutError("it writes all the time")


async def test_a_server_killed_in_mid_work_costs_no_step_twice(
    postgresql: str, postgres_server: PostgresServer
) -> None:
    """PostgreSQL dies and comes back under a rush: every accepted job is done, each of its steps exactly once."""
    async with employed(postgresql, lease=LONG) as jobs:
        calls: Counter[str] = Counter()

        async def act(key: str) -> None:
            calls[key] += 1
            await asyncio.sleep(0.05)

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            for name in ("first", "second", "third"):
                await ctx.step(name, act, ctx.key(name))

        async def submit(number: int) -> str | None:
            await asyncio.sleep(number * 0.02)
            try:
                return f"j{number}" if await jobs.submit(f"j{number}", "work", {}) else None
            except TROUBLE:
                return None

        await jobs.start()
        submitting = [asyncio.create_task(submit(number)) for number in range(100)]
        await asyncio.sleep(0.5)
        await postgres_server.kill()
        await asyncio.sleep(0.5)
        await postgres_server.server.start()
        accepted = set(await asyncio.gather(*submitting)) - {None}
        await until(lambda: _nothing_left(jobs), 60)
        rows = {row.id: row for row in await jobs.list(limit=1_000)}
    assert len(accepted) > 20
    assert accepted <= set(rows)
    assert {row.state for row in rows.values()} == {"done"}
    assert set(calls) == {f"{name}:{step}" for name in rows for step in ("first", "second", "third")}
    assert set(calls.values()) == {1}


async def _now(jobs: Jobs) -> float:
    """By the database's clock."""
    async with jobs._store.database.read() as connection:
        return float(await connection.scalar(sa.select(jobs._store.database.now)) or 0.0)


@pytest.mark.parametrize("hours", [-3, 3])
async def test_this_processs_clock_decides_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    """Leases, starts, waits and schedules go by the database's clock: one that is hours off here changes nothing."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + hours * HOUR)
    async with employed(database, lease=LONG) as jobs, employed(database, lease=LONG) as elsewhere:

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
            await ctx.sleep("a moment", 0.3)
            assert abs(ctx.now - await _now(jobs)) < 1
            assert 0.3 <= ctx.age < 30
            return await ctx.wait("never", timeout=0.3)

        await jobs.start()
        await jobs.submit("j1", "work", {})
        await jobs.submit("later", "work", {}, start_at=await _now(jobs) + 0.5)
        schedule = await jobs.put_schedule("hourly", "work", {}, cron="0 * * * *", zone="UTC")
        assert 0 < schedule.due - await _now(jobs) <= HOUR
        assert [(await reached(jobs, name)).state for name in ("j1", "later")] == ["done", "done"]
        fence = await jobs.hold("duty", LONG)
        assert fence
        assert await elsewhere.hold("duty", LONG) is None
        assert len(await jobs.list(limit=10)) == 2  # no schedule has fired


async def test_a_database_clock_that_jumps_ahead_costs_leases_and_nothing_else(database: str) -> None:
    """Every lease seems over: others take the work, who had it is fenced, and each step counts once."""
    async with employed(database, lease=LONG) as jobs, employed(database, lease=LONG) as heir:
        begun, go_on = asyncio.Event(), asyncio.Event()

        def worker(who: Jobs, name: str) -> None:
            async def act() -> str:
                begun.set()
                if name == "old":
                    await go_on.wait()
                return name

            @who.handler("work")
            async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
                return await ctx.step("act", act)

        worker(jobs, "old")
        worker(heir, "new")
        await jobs.start()
        await jobs.submit("j1", "work", {})
        await begun.wait()
        shift(jobs, HOUR)
        shift(heir, HOUR)
        await heir.start()
        row = await reached(heir, "j1")
        go_on.set()
        await until(lambda: _idle(jobs))
        assert (row.state, row.result, row.epoch) == ("done", "new", 2)
        assert await reached(heir, "j1") == row


async def test_a_database_clock_that_is_set_back_stops_no_work(database: str) -> None:
    """What is accepted afterwards runs at once, and so does what is woken; only waiting for a time takes longer."""
    async with employed(database, lease=LONG) as jobs:

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
            return await ctx.wait("go", timeout=HOUR)

        await jobs.start()
        await jobs.submit("before", "work", {})
        await reached(jobs, "before", "waiting")
        shift(jobs, -HOUR)
        await jobs.submit("after", "work", {})
        for name in ("before", "after"):
            await reached(jobs, name, "waiting")
            assert await jobs.signal(name, "go", name)
        assert [(await reached(jobs, name)).result for name in ("before", "after")] == ["before", "after"]


async def test_work_that_was_begun_while_the_clock_was_ahead_does_not_wait_for_it(database: str) -> None:
    """Its process died, and its lease lasts for an hour by the right clock: it is taken over at once all the same."""
    async with employed(database, lease=LONG) as dead, employed(database, lease=LONG) as heir:
        begun = asyncio.Event()

        @dead.handler("work")
        async def hang(ctx: JobContext, args: dict[str, Any]) -> None:
            begun.set()
            await asyncio.Event().wait()

        @heir.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> str:
            return "done by the heir"

        shift(dead, HOUR)
        await dead.start()
        await dead.submit("j1", "work", {})
        await begun.wait()
        assert await heir.submit("tomorrow", "work", {}, start_at=time.time() + 24 * HOUR)
        await heir.start()
        assert (await reached(heir, "j1")).result == "done by the heir"
        assert (await reached(heir, "tomorrow", "ready")).epoch == 0


async def test_work_that_was_accepted_while_the_clock_was_ahead_does_not_wait_for_it(database: str) -> None:
    """Nobody had begun it; what was to begin later keeps the time that was asked for."""
    async with employed(database) as dead, employed(database) as heir:
        shift(dead, HOUR)
        assert await dead.submit("j1", "work", {})
        later = time.time() + 2 * HOUR
        assert await dead.submit("later", "work", {}, start_at=later)
        soon = time.time() + HOUR / 2  # past by the clock that is ahead, and yet to come by the right one
        assert await dead.submit("soon", "work", {}, start_at=soon)

        @heir.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> str:
            return "done by the heir"

        await heir.start()
        assert (await reached(heir, "j1")).result == "done by the heir"
        assert (await reached(heir, "later", "ready")).due == pytest.approx(later)
        assert (await reached(heir, "soon", "ready")).due == pytest.approx(soon)


async def test_a_hold_that_was_taken_while_the_clock_was_ahead_does_not_outlast_it(database: str) -> None:
    """Its holder died: another process gets it, by a higher token, once the clock is right."""
    async with employed(database) as dead, employed(database) as heir:
        shift(dead, HOUR)
        assert await dead.hold("tracker", 10) == 1
        assert await heir.hold("tracker", 10) == 2


async def _nothing_left(jobs: Jobs) -> bool:
    try:
        gauges = await jobs.gauges()
    except TROUBLE:
        return False
    return gauges.ready + gauges.running + gauges.waiting == 0


async def _idle(jobs: Jobs) -> bool:
    return not jobs._worker._running
