"""What is left when a process dies, hangs, is stopped, or its database is away."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.jobs import JobContext, Jobs
from bot.store.schema import job
from tests.bot.jobs_kit import employed, execute, opened, reached
from tests.bot.jobs_worker import handler
from tests.until import until

REPOSITORY = Path(__file__).parents[2]
LONG = 60.0


async def killed(database: str, folder: Path, prefix: str, after: float) -> set[str]:
    """Start a worker and kill it `after` seconds of work; the ids that it accepted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bot.jobs_worker", database, folder, prefix, "400",
        cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    try:
        accepted = {(await process.stdout.readline()).decode().strip()}
        await asyncio.sleep(after)
    finally:
        process.kill()
    accepted |= set((await process.stdout.read()).decode().split("\n")[:-1])
    await process.wait()
    return accepted


def written(folder: Path) -> tuple[Counter[str], set[str]]:
    """The calls of steps with their number, and the effects that were made."""
    calls = Counter((folder / "calls").read_text().splitlines())
    return calls, {path.name for path in folder.glob("* *")}


async def test_killed_processes_lose_nothing_and_repeat_no_remembered_step(database: str, tmp_path: Path) -> None:
    """After four SIGKILLs at unlike instants, every accepted job is done by the next process, each effect once."""
    accepted: set[str] = set()
    for number, after in enumerate((0.0, 0.05, 0.2, 0.4)):
        accepted |= await killed(database, tmp_path, f"p{number}", after)
    assert len(accepted) > 4
    async with employed(database, lease=1.0) as jobs:
        jobs.register("work", handler(tmp_path))
        await jobs.start()
        await until(lambda: _nothing_left(jobs))
        rows = {row.id: row for row in await jobs.list(limit=10_000)}
    assert accepted <= set(rows)
    assert {row.state for row in rows.values()} == {"done"}
    effects = {f"{step} {job_id}:{step}" for job_id in rows for step in ("first", "second")}
    calls, made = written(tmp_path)
    assert set(calls) == effects == made
    redone = sum(calls.values()) - len(effects)
    assert redone <= 4 * 50 * 2  # only what was in flight at a kill: four processes, fifty jobs at once
    assert max(calls.values()) <= 1 + 4


async def test_a_dead_process_s_job_is_taken_over_after_its_lease(database: str) -> None:
    """Not before it; it costs an attempt, so that a job which kills its process is dead in the end."""
    async with employed(database, max_attempts=3) as jobs:
        runs: list[str] = []

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            runs.append(ctx.id)

        await jobs.submit("j1", "work", {})
        await jobs.submit("killer", "work", {})
        crashed = {"state": "running", "owner": "gone", "epoch": 7}
        soon = jobs._store.database.now + 0.5
        await execute(jobs._store, job.update().where(job.c.id == "j1").values(due=soon, attempts=1, **crashed))
        await execute(jobs._store, job.update().where(job.c.id == "killer").values(attempts=2, due=0, **crashed))
        await jobs.start()
        assert (await reached(jobs, "killer")).state == "dead"
        assert runs == []
        assert (await reached(jobs, "j1")).state == "done"
        row = await jobs.get("killer")
        assert row
        assert row.error == "Permanent: its process died 3 times while it ran"


async def test_jobs_whose_process_dies_again_and_again_go_apart(database: str) -> None:
    """One death says nothing: the job goes on at once. From the second on it waits, for longer each time."""
    waits: list[int] = []

    def backoff(failures: int) -> float:
        waits.append(failures)
        return 0.3

    async with employed(database, backoff=backoff) as jobs:

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> float:
            return time.monotonic()

        for name, attempts in (("once", 0), ("again", 1), ("often", 4)):
            await jobs.submit(name, "work", {})
            crashed = job.update().where(job.c.id == name).values(state="running", owner="gone", epoch=7, due=0)
            await execute(jobs._store, crashed.values(attempts=attempts))
        await jobs.start()
        once, again, often = [float((await reached(jobs, name)).result) for name in ("once", "again", "often")]
        assert sorted(waits) == [1, 4]
        assert again - once > 0.25
        assert often - once > 0.25


@pytest.mark.parametrize("heir_is_done", [False, True])
async def test_a_zombie_can_neither_remember_nor_finish(database: str, *, heir_is_done: bool) -> None:
    """A process that lost its lease in mid-step is fenced: its late result is dropped, the new owner's counts."""
    async with employed(database, lease=LONG) as zombie, employed(database, lease=LONG) as heir:
        wakes = {"zombie": asyncio.Event(), "heir": asyncio.Event()}
        went_on: list[str] = []

        def worker(jobs: Jobs, name: str) -> None:
            async def act() -> str:
                await wakes[name].wait()
                return name

            @jobs.handler("work")
            async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
                went_on.append(await ctx.step("act", act))
                return went_on

            @jobs.handler("short")
            async def short(ctx: JobContext, args: dict[str, Any]) -> Any:
                return await act()

        worker(zombie, "zombie")
        worker(heir, "heir")
        await zombie.start()
        for kind in ("work", "short"):
            await zombie.submit(kind, kind, {})
        await execute(zombie._store, job.update().values(due=0.0))
        await heir.start()
        await until(lambda: _is(len(heir._worker._running) == 2))
        order = ("heir", "zombie") if heir_is_done else ("zombie", "heir")
        for name, jobs in zip(order, (heir, zombie) if heir_is_done else (zombie, heir), strict=True):
            wakes[name].set()
            await until(partial(_idle, jobs))
        rows = [await reached(heir, job_id) for job_id in ("work", "short")]
        assert [(row.state, row.result) for row in rows] == [("done", ["heir"]), ("done", "heir")]
        assert went_on == ["heir"]


async def test_a_lost_lease_cancels_what_still_runs(database: str) -> None:
    """The heartbeat notices that another process has the job, and stops the handler here."""
    async with employed(database, lease=0.3) as jobs:
        cancelled = asyncio.Event()

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            try:
                await asyncio.sleep(LONG)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        await jobs.start()
        await jobs.submit("j1", "work", {})
        await execute(jobs._store, job.update().values(epoch=9, owner="other", due=jobs._store.database.now + LONG))
        await asyncio.wait_for(cancelled.wait(), 30)
        row = await jobs.get("j1")
        assert row
        assert (row.state, row.owner) == ("running", "other")


async def test_two_processes_never_run_one_job_at_once(database: str) -> None:
    """Sixty jobs on one file, two workers, some steps longer than a lease: no overlap, and both take part."""
    options = {"lease": 1.5, "max_running": 8}
    async with employed(database, **options) as one, employed(database, **options) as two:
        inside: set[str] = set()
        done: Counter[str] = Counter()

        def worker(jobs: Jobs) -> None:
            async def act(job_id: str, seconds: float) -> None:
                assert job_id not in inside
                inside.add(job_id)
                await asyncio.sleep(seconds)
                inside.remove(job_id)
                done[job_id] += 1

            @jobs.handler("work")
            async def work(ctx: JobContext, args: dict[str, Any]) -> str:
                await ctx.step("act", act, ctx.id, args["seconds"])
                return jobs.owner

        for number in range(60):
            await one.submit(f"j{number}", "work", {"seconds": 2.0 if number < 5 else 0.02})
        for jobs in (one, two):
            worker(jobs)
            await jobs.start()
        await until(lambda: _nothing_left(one))
        rows = await one.list("done")
        assert len(rows) == 60
        assert {row.result for row in rows} == {one.owner, two.owner}
        assert set(done.values()) == {1}


async def test_stop_cancels_first_and_lets_go_after(database: str) -> None:
    """What ends within the grace is done; the rest is cancelled, and its lease freed only once it has really ended."""
    async with employed(database, lease=LONG) as jobs, employed(database, lease=LONG) as next_one:
        log: list[str] = []

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            try:
                await asyncio.sleep(args["seconds"])
            finally:
                await asyncio.sleep(args["unwinding"])
                row = await next_one.get(ctx.id)
                log.append(f"{ctx.id} ended while {row.state if row else '?'}")

        await jobs.start()
        await jobs.submit("quick", "work", {"seconds": 0.2, "unwinding": 0})
        await jobs.submit("slow", "work", {"seconds": LONG, "unwinding": 0.3})
        await reached(jobs, "slow", "running")
        await jobs.stop(grace=0.6)
        assert log == ["quick ended while running", "slow ended while running"]
        quick, slow = await next_one.get("quick"), await next_one.get("slow")
        assert quick
        assert slow
        assert (quick.state, slow.state, slow.owner, slow.attempts) == ("done", "ready", None, 0)
        assert not await jobs.submit("slow", "work", {})
        await jobs.submit("after", "work", {"seconds": 0, "unwinding": 0})
        assert (await reached(next_one, "after", "ready")).epoch == 0


async def test_a_handler_that_ignores_its_cancellation_keeps_its_lease(database: str, unwinding: float) -> None:
    """Nobody may start the job while its effects still happen; stopping doesn't wait for it for ever."""
    async with employed(database, lease=LONG) as jobs:
        release = asyncio.Event()

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue

        await jobs.start()
        await jobs.submit("stubborn", "work", {})
        await reached(jobs, "stubborn", "running")
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        await jobs.stop(grace=0.1)
        took, row = time.monotonic() - begin, await jobs.get("stubborn")
        release.set()
        await until(lambda: _idle(jobs))
        assert took < unwinding + 5
        assert row
        assert (row.state, row.owner) == ("running", jobs.owner)


async def test_a_stopped_step_is_ready_to_resume_at_once(database: str) -> None:
    """The next process doesn't wait for the lease, and doesn't redo what is remembered."""
    calls: list[str] = []

    def worker(jobs: Jobs, seconds: float) -> None:
        async def act(name: str, pause: float) -> None:
            calls.append(name)
            await asyncio.sleep(pause)

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> None:
            await ctx.step("first", act, "first", 0)
            await ctx.step("second", act, "second", seconds)

    async with employed(database, lease=LONG) as old:
        worker(old, LONG)
        await old.start()
        await old.submit("j1", "work", {})
        await until(lambda: _is("second" in calls))
        await old.stop(grace=0)
    async with employed(database, lease=LONG) as new:
        worker(new, 0)
        await new.start()
        row = await reached(new, "j1")
    assert (row.state, row.attempts) == ("done", 0)
    assert calls == ["first", "second", "second"]


async def test_a_locked_database_is_waited_out(tmp_path: Path) -> None:
    """While another process holds it, loops and a finished step carry on; the step isn't done again afterwards."""
    async with opened(tmp_path, busy_timeout=0.1) as store:
        jobs = Jobs(store, poll=0.05, lease=LONG)
        acted = asyncio.Event()
        calls: list[str] = []

        async def act() -> str:
            calls.append("act")
            other.execute("BEGIN IMMEDIATE")
            acted.set()
            return "acted"

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
            return await ctx.step("act", act)

        other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
        await jobs.start()
        await jobs.submit("j1", "work", {})
        await acted.wait()
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            await jobs.submit("refused", "work", {})
        await asyncio.sleep(0.5)
        assert (await reached(jobs, "j1", "running")).result is None
        other.execute("ROLLBACK")
        assert (await reached(jobs, "j1")).result == "acted"
        await jobs.stop()
        other.close()
        assert calls == ["act"]
        assert await jobs.get("refused") is None


FULL = {
    "sqlite": ("PRAGMA max_page_count = 1",),  # as full as it gets: not one page more
    "postgresql": (
        """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE 'could not extend file: disk full' USING ERRCODE = 'disk_full'; END$$""",
        "CREATE TRIGGER no_room BEFORE INSERT ON job_step EXECUTE FUNCTION no_room()",
        "CREATE TRIGGER no_room BEFORE INSERT ON job EXECUTE FUNCTION no_room()",
    ),
}
ROOM = {"sqlite": ("PRAGMA max_page_count = 1000000",), "postgresql": ("DROP FUNCTION no_room CASCADE",)}


async def test_a_full_disk_is_waited_out(database: str) -> None:
    """A step's result that can't be written is kept until it can; a submission meanwhile is refused, not half kept."""
    kind = sa.make_url(database).get_backend_name()
    async with employed(database, lease=LONG) as jobs:
        calls: list[str] = []

        async def do(statements: tuple[str, ...]) -> None:
            async with jobs._store.write() as tx:
                for statement in statements:
                    await tx.execute(sa.text(statement))

        async def act() -> str:
            calls.append("act")
            await do(FULL[kind])
            return "x" * 100_000

        @jobs.handler("work")
        async def work(ctx: JobContext, args: dict[str, Any]) -> int:
            return len(await ctx.step("act", act))

        await jobs.start()
        await jobs.submit("j1", "work", {})
        await until(lambda: _is(calls))
        await asyncio.sleep(0.3)
        with pytest.raises(sa.exc.OperationalError, match="full"):
            await jobs.submit("refused", "work", {"big": "x" * 100_000})
        assert (await reached(jobs, "j1", "running")).result is None
        await do(ROOM[kind])
        assert (await reached(jobs, "j1")).result == 100_000
        assert calls == ["act"]
        assert await jobs.get("refused") is None


@pytest.fixture
def unwinding(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr("bot.jobs.worker.UNWINDING", 0.2)
    return 0.2


async def _nothing_left(jobs: Jobs) -> bool:
    gauges = await jobs.gauges()
    return gauges.ready + gauges.running + gauges.waiting == 0


async def _idle(jobs: Jobs) -> bool:
    return not jobs._worker._running


async def _is(true: object) -> bool:
    return bool(true)
