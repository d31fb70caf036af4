"""Accepting jobs, running them in steps, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bot.jobs import JobContext, JobRow, Jobs, Permanent, RetryLater
from bot.store import AuditEntry, Transaction
from bot.store.schema import job, job_step
from tests.bot.jobs_kit import employed, execute, reached
from tests.until import until


def entry(name: str) -> AuditEntry:
    return AuditEntry(id=name, actor="U1", actor_name="Ada", action="run", outcome="accepted", job_id=name)


class Recorder:
    """A step whose calls are kept, and which fails as often as told."""

    def __init__(self, fails: int = 0, error: Exception | None = None) -> None:
        self.calls: list[str] = []
        self.fails = fails
        self.error = error or ConnectionError("away")

    async def __call__(self, key: str = "") -> str:
        self.calls.append(key)
        if len(self.calls) <= self.fails:
            raise self.error
        return f"did {key}"


async def test_a_job_is_accepted_once_and_done(database: str) -> None:
    """The same id a second time is refused, during the job and after it; the result is kept."""
    async with employed(database) as jobs:
        did = Recorder()

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
            assert abs(ctx.accepted_at - time.time()) < 5
            return await ctx.step("act", did, ctx.key("act")), args["n"]

        await jobs.start()
        answers = await asyncio.gather(*(jobs.submit("j1", "work", {"n": n}) for n in range(5)))
        row = await reached(jobs, "j1")
        assert sorted(answers) == [False] * 4 + [True]
        assert not await jobs.submit("j1", "work", {"n": 9})
        assert (row.state, row.result[0]) == ("done", "did j1:act")
        assert did.calls == ["j1:act"]


async def test_a_job_and_its_audit_row_are_one(database: str) -> None:
    """`also` writes with a new job, is not called for a known one, and takes the job with it when it fails."""
    async with employed(database) as jobs:
        store = jobs._store

        async def note(tx: Transaction) -> None:
            await store.audit.append(entry(f"row {len(await store.audit.after())}"), tx)

        async def fail(tx: Transaction) -> None:
            await note(tx)
            raise ZeroDivisionError

        assert await jobs.submit("j1", "work", {}, also=note)
        assert not await jobs.submit("j1", "work", {}, also=note)
        with pytest.raises(ZeroDivisionError):
            await jobs.submit("j2", "work", {}, also=fail)
        assert [row.id for row in await store.audit.after()] == ["row 0"]
        assert [row.id for row in await jobs.list()] == ["j1"]


async def test_a_step_is_remembered_across_attempts(database: str) -> None:
    """A job that fails later runs again from its top, but not the steps it remembers; failing costs attempts."""
    async with employed(database) as jobs:
        first, second = Recorder(), Recorder(fails=2)

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
            return [await ctx.step("first", first), await ctx.step("second", second)]

        await jobs.start()
        await jobs.submit("j1", "work", {})
        row = await reached(jobs, "j1")
        assert (row.state, row.attempts, len(first.calls), len(second.calls)) == ("done", 0, 1, 3)


async def test_a_result_is_the_same_the_first_time_and_from_memory(database: str) -> None:
    """A step's tuple comes back as JSON's list at once, and not only after a crash."""
    async with employed(database) as jobs:
        seen: list[Any] = []

        async def pair() -> Any:
            return (1, {2: "b"})

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            seen.append(await ctx.step("pair", pair))
            if len(seen) == 1:
                raise ConnectionError

        await jobs.start()
        await jobs.submit("j1", "work", {})
        await reached(jobs, "j1")
        assert seen == [[1, {"2": "b"}]] * 2


async def test_a_step_tries_again_at_once_where_asked(database: str) -> None:
    """`tries` failures within a step cost the job no attempt and no new run of the handler."""
    async with employed(database) as jobs:
        runs, flaky = Recorder(), Recorder(fails=1)

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await runs()
            await ctx.step("flaky", flaky, tries=2)

        await jobs.start()
        await jobs.submit("j1", "work", {})
        row = await reached(jobs, "j1")
        assert (row.state, len(runs.calls), len(flaky.calls)) == ("done", 1, 2)


async def test_a_job_that_keeps_failing_is_dead_and_can_be_replayed(database: str) -> None:
    """After `max_attempts` failures in a row it is left alone with its error; replayed, it goes on where it was."""
    async with employed(database, max_attempts=3) as jobs:
        first, broken = Recorder(), Recorder(fails=3)

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await ctx.step("first", first)
            await ctx.step("broken", broken)

        await jobs.start()
        await jobs.submit("j1", "work", {})
        row = await reached(jobs, "j1")
        assert (row.state, row.attempts, row.error) == ("dead", 3, "ConnectionError: away")
        assert (await jobs.gauges()).dead == 1
        assert not await jobs.replay("unknown")
        assert await jobs.replay("j1")
        row = await reached(jobs, "j1")
        assert (row.state, len(first.calls), len(broken.calls)) == ("done", 1, 4)
        assert not await jobs.replay("j1")


async def test_every_dead_job_is_told_of(database: str) -> None:
    """`on_dead` gets the job with its arguments and error; where telling fails, it is told again."""
    async with employed(database) as jobs:
        told: list[JobRow] = []

        async def tell(row: JobRow) -> None:
            told.append(row)
            if len(told) == 1:
                raise ConnectionError("Slack is away")

        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            raise Permanent("no such model")

        jobs.on_dead = tell
        jobs.register("work", work)
        await jobs.start()
        await jobs.submit("j1", "work", {"model": "delays"})
        await until(lambda: _is(len(told) == 2))
        assert {(row.id, row.state, row.args["model"], row.error) for row in told} == {
            ("j1", "dead", "delays", "Permanent: no such model")
        }


async def test_what_is_away_costs_no_attempt(database: str) -> None:
    """A job that asks to be looked at later is never dead of it."""
    async with employed(database, max_attempts=2) as jobs:
        away = Recorder(fails=5, error=RetryLater("Airflow is down", after=0.01))

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await ctx.step("call", away, tries=3)

        await jobs.start()
        await jobs.submit("j1", "work", {})
        row = await reached(jobs, "j1")
        assert (row.state, row.attempts, len(away.calls)) == ("done", 0, 6)


@pytest.mark.parametrize("result", [object(), {1, 2}, {("a",): 1}])
async def test_a_result_that_is_no_json_kills_the_job_clearly(database: str, result: Any) -> None:
    """It can't be remembered, so trying again can't help; the error names the step."""
    async with employed(database) as jobs:

        async def odd() -> Any:
            return result

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await ctx.step("odd", odd)

        await jobs.start()
        await jobs.submit("j1", "work", {})
        row = await reached(jobs, "j1")
        assert row.state == "dead"
        assert (row.error or "").startswith("Permanent: the result of step 'odd' can't be kept as JSON: ")
        with pytest.raises(Permanent, match="the job's arguments can't be kept as JSON"):
            await jobs.submit("j2", "work", {"odd": result})


async def test_an_error_of_any_words_is_kept(database: str) -> None:
    """Half an emoji in an error's text, or a page of it, doesn't keep the job from being dead."""
    async with employed(database) as jobs:

        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            raise Permanent("half: \ud83d, nothing: \x00, long: " + "x" * 9000)

        jobs.register("work", work)
        await jobs.start()
        await jobs.submit("j1", "work", {})
        row = await reached(jobs, "j1")
        assert row.state == "dead"
        assert (row.error or "").startswith("Permanent: half: \ufffd, nothing: \ufffd, long: xxx")
        assert len(row.error or "") == 2000


@pytest.mark.parametrize("args", ["{", "[1]", "null", ""])
async def test_unreadable_rows_die_without_harm_to_others(database: str, args: str) -> None:
    """A job whose arguments, or whose memory, can't be read is dead with a clear error; the next one is done."""
    async with employed(database) as jobs:

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await ctx.step("act", Recorder())

        for job_id in ("bad args", "bad memory", "good"):
            await jobs.submit(job_id, "work", {})
        await execute(jobs._store, job.update().where(job.c.id == "bad args").values(args=args))
        await execute(jobs._store, job.update().where(job.c.id == "bad memory").values(epoch=1))
        memory = {"job_id": "bad memory", "name": "step:act", "result": "{", "at": 0.0}
        await execute(jobs._store, job_step.insert().values(memory))
        await jobs.start()
        rows = [await reached(jobs, job_id) for job_id in ("bad args", "bad memory", "good")]
        assert [row.state for row in rows] == ["dead", "dead", "done"]
        assert "arguments can't be read" in (rows[0].error or "")
        assert "what step 'act' remembered can't be read" in (rows[1].error or "")


async def test_a_kind_unknown_here_is_left_for_who_knows_it(database: str) -> None:
    """It stays as it is, and shows up as late work; a version of the bot that has its handler does it."""
    async with employed(database) as old, employed(database) as new:
        old.register("work", _nothing)
        await old.start()
        await old.submit("j1", "invented later", {})
        await old.submit("j2", "work", {})
        await reached(old, "j2")
        row = await reached(old, "j1", "ready")
        assert (row.epoch, row.attempts) == (0, 0)
        assert (await old.gauges()).ready == 1
        new.register("invented later", _nothing)
        await new.start()
        assert (await reached(new, "j1")).state == "done"


async def test_a_job_can_start_later(database: str) -> None:
    """`start_at` is kept to: not before, and soon after."""
    async with employed(database) as jobs:
        started: list[float] = []

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            started.append(time.time())

        await jobs.start()
        begin = time.time()
        await jobs.submit("j1", "work", {}, start_at=begin + 0.5)
        await reached(jobs, "j1", "done")
        assert started[0] >= begin + 0.5 - 0.01


async def test_a_cancelled_job_stops_and_stays_stopped(database: str) -> None:
    """Running or not yet begun, it ends without a result; what is over can't be cancelled."""
    async with employed(database) as jobs:
        stopped = asyncio.Event()

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            try:
                await asyncio.sleep(30)
            finally:
                stopped.set()

        await jobs.start()
        await jobs.submit("running", "work", {})
        await jobs.submit("later", "work", {}, start_at=time.time() + 60)
        await reached(jobs, "running", "running")
        await asyncio.sleep(0.05)
        assert await jobs.cancel("running")
        assert await jobs.cancel("later")
        await asyncio.wait_for(stopped.wait(), 30)
        assert not await jobs.cancel("later")
        assert {row.state for row in await jobs.list()} == {"cancelled"}


async def test_no_more_than_max_running_at_once(database: str) -> None:
    """A burst is accepted whole, and worked off a few at a time; the gauges say how it stands."""
    async with employed(database, max_running=4) as jobs:
        now, most = 0, 0
        gate = asyncio.Event()

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await gate.wait()
            now -= 1

        for start in (0, 20):
            assert all(await asyncio.gather(*(jobs.submit(f"j{start + n}", "work", {}) for n in range(20))))
            if start == 0:
                await jobs.start()
            await asyncio.sleep(0.3)
        gauges = await jobs.gauges()
        assert (gauges.running, gauges.ready) == (4, 36)
        gate.set()
        await until(lambda: _all_done(jobs, 40))
        assert most == 4


async def test_a_step_that_is_cancelled_inside_is_a_failure_like_any_other(database: str) -> None:
    """CancelledError out of a handler that nobody cancelled costs an attempt, and doesn't leave the job hanging."""
    async with employed(database) as jobs:
        cancelled = Recorder(fails=1)

        async def odd() -> None:
            try:
                await cancelled()
            except ConnectionError:
                raise asyncio.CancelledError from None

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await ctx.step("odd", odd)

        await jobs.start()
        await jobs.submit("j1", "work", {})
        assert (await reached(jobs, "j1")).state == "done"
        assert len(cancelled.calls) == 2


async def test_a_kind_has_one_handler(database: str) -> None:
    """Two functions for one kind of job are a mistake, found when it is made."""
    async with employed(database) as jobs:
        jobs.register("work", _nothing)
        with pytest.raises(ValueError, match="'work' have a handler already"):
            jobs.register("work", _nothing)


async def _nothing(ctx: JobContext, args: dict[str, Any]) -> None:
    return None


async def _is(true: object) -> bool:
    return bool(true)


async def _all_done(jobs: Jobs, number: int) -> bool:
    return len(await jobs.list("done", limit=number)) == number
