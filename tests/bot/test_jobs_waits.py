"""Jobs that wait: for a signal, for a time, for several people's decisions."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import Any

import pytest

from bot.jobs import JobContext, Jobs
from bot.store import Transaction
from tests.bot.jobs_kit import employed, reached
from tests.until import until


def waiter(jobs: Jobs, *topics: str, timeout: float = 60.0) -> list[str]:
    """Register a handler that waits for these topics in turn; the list grows by an id each time it is run."""
    runs: list[str] = []

    @jobs.handler("wait")
    async def wait(ctx: JobContext, args: dict[str, Any]) -> Any:
        runs.append(ctx.id)
        return [await ctx.wait(topic, timeout=timeout) for topic in topics]

    return runs


async def test_a_signal_wakes_a_waiting_job_at_no_attempt(database: str) -> None:
    """However often it wakes, waiting costs nothing of what `max_attempts` allows; its handler is left meanwhile."""
    topics = [f"t{number}" for number in range(5)]
    async with employed(database, max_attempts=2) as jobs:
        runs = waiter(jobs, *topics)
        await jobs.start()
        await jobs.submit("j1", "wait", {})
        for topic in topics:
            await until(partial(_waits_for, jobs, "j1", topic))
            assert jobs._worker._running == {}
            assert await jobs.signal("j1", topic, {"topic": topic})
        row = await reached(jobs, "j1")
        assert (row.state, row.attempts) == ("done", 0)
        assert row.result == [{"topic": topic} for topic in topics]
        assert len(runs) == len(topics) + 1


async def test_a_signal_before_its_wait_is_kept_and_the_first_wins(database: str) -> None:
    """A double click approves once, also when it comes before anybody asks."""
    async with employed(database) as jobs:
        waiter(jobs, "approval")
        await jobs.submit("j1", "wait", {})
        answers = await asyncio.gather(*(jobs.signal("j1", "approval", n) for n in range(1, 6)))
        assert sorted(answers) == [False] * 4 + [True]
        await jobs.start()
        assert (await reached(jobs, "j1")).result == [answers.index(True) + 1]


async def test_a_signal_that_nobody_can_hear_is_refused(database: str) -> None:
    """To a job that is unknown, over, or no longer waiting for it: so the person can be told."""
    async with employed(database) as jobs:
        waiter(jobs, "approval", "more", timeout=0.2)
        await jobs.start()
        await jobs.submit("j1", "wait", {})
        await until(lambda: _waits_for(jobs, "j1", "more"))
        assert not await jobs.signal("j1", "approval", "too late")
        assert (await reached(jobs, "j1")).result == [None, None]
        assert not await jobs.signal("j1", "more", "too late")
        assert not await jobs.signal("unknown", "approval", "yes")


async def test_a_signal_for_something_else_does_not_wake(database: str) -> None:
    """It is kept until its topic is asked for."""
    async with employed(database) as jobs:
        runs = waiter(jobs, "first", "second")
        await jobs.start()
        await jobs.submit("j1", "wait", {})
        await until(lambda: _waits_for(jobs, "j1", "first"))
        await jobs.signal("j1", "second", 2)
        await asyncio.sleep(0.2)
        assert len(runs) == 1
        await jobs.signal("j1", "first", 1)
        assert (await reached(jobs, "j1")).result == [1, 2]
        assert len(runs) == 2


async def test_no_wake_up_is_lost(database: str) -> None:
    """Signals from either process race their jobs into waiting; some win, some lose, all are heard.

    300 of them; `RACES=5000` in the environment makes it as many.
    """
    number = int(os.environ.get("RACES", "300"))
    async with employed(database, poll=0.5) as jobs, employed(database) as elsewhere:
        waiter(jobs, "go")
        await jobs.start()
        at_once = asyncio.Semaphore(10)

        async def race(n: int) -> bool:
            async with at_once:
                await jobs.submit(f"j{n}", "wait", {})
                await asyncio.sleep(n % 10 / 250)
                if n % 50 == 1:
                    await until(lambda: _is_suspended(jobs, f"j{n}"))  # however busy the machine, some are late
                return await (elsewhere if n % 7 == 0 else jobs).signal(f"j{n}", "go", n)

        assert all(await asyncio.gather(*map(race, range(number))))
        await until(lambda: _done(jobs, number), within=60)
        rows = await jobs.list(limit=number)
        assert {row.id: row.result for row in rows} == {f"j{n}": [n] for n in range(number)}
        suspended = sum(row.epoch > 1 for row in rows)
        assert 0 < suspended < number


async def test_a_sleep_outlives_its_process(database: str) -> None:
    """Its end is set when it is first reached, not when the job is taken up again; it costs no attempt."""
    async with employed(database) as old:
        old.register("nap", _nap)
        await old.start()
        begin = time.time()
        await old.submit("j1", "nap", {})
        await reached(old, "j1", "waiting")
    async with employed(database) as new:
        new.register("nap", _nap)
        await new.start()
        row = await reached(new, "j1")
    assert (row.state, row.attempts) == ("done", 0)
    assert row.result - begin == pytest.approx(1.0, abs=0.9)
    assert row.result - begin >= 1.0 - 0.01


async def test_waiting_costs_no_statements(database: str) -> None:
    """Waiting jobs are rows: none is touched while nothing happens."""
    async with employed(database) as jobs:
        runs = waiter(jobs, "go")
        await jobs.start()
        await asyncio.gather(*(jobs.submit(f"j{n}", "wait", {}) for n in range(200)))
        await until(lambda: _waiting(jobs, 200))
        before = {row.id: (row.epoch, row.updated) for row in await jobs.list(limit=200)}
        await asyncio.sleep(0.5)
        assert {row.id: (row.epoch, row.updated) for row in await jobs.list(limit=200)} == before
        assert len(runs) == 200


async def test_each_person_decides_once_and_each_decision_wakes_the_job(database: str) -> None:
    """Two people at one instant both count; the same person again doesn't; a job that is over is closed."""
    async with employed(database) as jobs:
        waiter(jobs, "decision:1", "decision:2")

        async def anything(tx: Transaction) -> None:
            return None

        async def decide(person: str) -> str:
            return await jobs.decide("j1", person, "approve", "looks good", check=anything)

        assert await decide("U1") == "closed"
        await jobs.start()
        await jobs.submit("j1", "wait", {})
        assert sorted(await asyncio.gather(*map(decide, ["U1", "U2", "U1"]))) == ["counted", "counted", "repeated"]
        row = await reached(jobs, "j1")
        assert sorted(decision["person"] for decision in row.result) == ["U1", "U2"]
        assert row.result[0] == {"person": row.result[0]["person"], "verdict": "approve", "reason": "looks good"}
        assert await decide("U3") == "closed"
        assert [decision.person for decision in await jobs._store.decisions.on("j1")] == [
            decision["person"] for decision in row.result
        ]


async def test_a_decision_is_checked_where_nobody_else_can_decide(database: str) -> None:
    """The check sees every earlier decision, so a limit of one holds under a rush; a refusal leaves nothing behind."""
    async with employed(database) as jobs, employed(database) as elsewhere:
        waiter(jobs, "decision:1")
        await jobs.submit("j1", "wait", {})

        async def decide(number: int) -> str:
            here = elsewhere if number % 2 else jobs

            async def only_one(tx: Transaction) -> None:
                if await here._store.decisions.on("j1", tx):
                    raise PermissionError("decided already")

            return await here.decide("j1", f"U{number}", "approve", "", check=only_one)

        answers = await asyncio.gather(*map(decide, range(10)), return_exceptions=True)
        assert [answer for answer in answers if not isinstance(answer, PermissionError)] == ["counted"]
        assert len(await jobs._store.decisions.on("j1")) == 1


async def _nap(ctx: JobContext, args: dict[str, Any]) -> float:
    await ctx.sleep("nap", 1.0)
    return time.time()


async def _waits_for(jobs: Jobs, job_id: str, topic: str) -> bool:
    row = await jobs.get(job_id)
    return row is not None and (row.state, row.waiting_for) == ("waiting", topic) and not jobs._worker._running


async def _is_suspended(jobs: Jobs, job_id: str) -> bool:
    row = await jobs.get(job_id)
    return row is not None and row.state == "waiting"


async def _done(jobs: Jobs, number: int) -> bool:
    return len(await jobs.list("done", limit=number)) == number


async def _waiting(jobs: Jobs, number: int) -> bool:
    return (await jobs.gauges()).waiting == number
