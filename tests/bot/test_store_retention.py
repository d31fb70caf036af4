"""What is forgotten after a while, and what never is."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from bot import forgetting
from bot.jobs import JobContext, Jobs
from bot.store import AskedQuestion, AuditEntry, Draft, Duration, FollowedRun, Store
from bot.store.schema import decision, draft, job, job_signal, job_step, post, question
from tests.bot.jobs_kit import employed, execute, reached

DAY = 86_400.0


async def age(store: Store, days: float) -> None:
    """Let everything that there is be so many days older."""
    for table, columns in {
        job: ("created", "updated"), post: ("at",), question: ("created", "closed"), draft: ("created",),
    }.items():  # fmt: skip
        await execute(store, table.update().values({name: table.c[name] - days * DAY for name in columns}))


async def count(store: Store, *tables: sa.Table) -> list[int]:
    async with store.database.read() as connection:
        return [await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


async def filled(jobs: Jobs) -> Store:
    """A store with one of each: finished, dead and waiting work, and what goes with it."""
    store = jobs._store

    async def act() -> str:
        return "acted"

    @jobs.handler("work")
    async def work(ctx: JobContext, args: dict[str, Any]) -> Any:
        await ctx.step("act", act)
        return await ctx.wait("go", 3_600) if args["waits"] else 1 / args["by"]

    await jobs.start()
    for name, waits, by in (("done", False, 1), ("dead", False, 0), ("woken", True, 1), ("waits", True, 1)):
        await jobs.submit(name, "work", {"waits": waits, "by": by})
    await reached(jobs, "woken", "waiting")
    await jobs.signal("woken", "go", "yes")
    for name, state in (("done", "done"), ("dead", "dead"), ("woken", "done"), ("waits", "waiting")):
        await reached(jobs, name, state)
    async with store.write() as tx:
        await store.decisions.add("done", "U1", "approve", "", tx)
        await store.decisions.add("waits", "U1", "approve", "", tx)
    for name in ("closed", "open"):
        asked = AskedQuestion(id=name, dag_id="d", dag_run_id="r", model="m", asked={}, channel="C1")
        await store.questions.add(asked)
    await store.questions.close("closed")
    await store.drafts.save(Draft(id="x", person="U1", channel="C1", model="m", data={}))
    await store.audit.append(AuditEntry(id="a", actor="U1", actor_name="Ada", action="run", outcome="accepted"))
    await store.runs.add(FollowedRun(dag_id="d", dag_run_id="r", model="m", origin="command", state="success", conf={}))
    await store.durations.put([Duration(dag_id="d", dag_run_id="r", profile="", seconds=1.0, ended=1.0)])
    return store


async def test_what_is_over_is_forgotten_and_the_rest_kept(database: str) -> None:
    """With finished work go its steps, signals and decisions; live work, runs, durations and the audit trail stay."""
    async with employed(database, max_attempts=1) as jobs:
        store = await filled(jobs)
        await age(store, 29)
        assert sum((await store.retention.sweep(30, 100)).values()) == 1  # a draft is kept for a day
        await age(store, 2)
        assert await store.retention.sweep(30, 100) == {"jobs": 3, "posts": 0, "questions": 1, "drafts": 0}
        assert [row.id for row in await jobs.list()] == ["waits"]
        assert await count(store, job_step, job_signal, decision) == [2, 0, 1]  # of the one that waits
        assert await store.questions.get("open")
        assert len(await store.audit.after()) == len(await store.runs.followed()) == 1
        assert await store.durations.last("d", 10)
        assert await jobs.signal("waits", "go", "yes")
        assert (await reached(jobs, "waits")).result == "yes"


async def test_what_keeps_a_post_from_being_repeated_stays_while_work_may_post_it(database: str) -> None:
    """Posts that are older than every live job go; one of a job that has waited for months does not."""
    async with employed(database) as jobs:
        store = jobs._store
        await store.posts.attempt("long ago", "C1", "n", time.time())
        await age(store, 10)
        await jobs.submit("waits", "unknown here", {})
        await store.posts.attempt("waits:card", "C1", "n", time.time())
        await age(store, 100)
        assert (await store.retention.sweep(30, 100))["posts"] == 1
        assert await store.posts.get("long ago") is None
        assert await store.posts.get("waits:card")
        await jobs.cancel("waits")
        assert (await store.retention.sweep(30, 100))["posts"] == 1


async def test_it_is_done_in_batches(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is, each transaction forgets a few; work goes on until nothing is left, and says how much."""
    monkeypatch.setattr(forgetting, "BATCH", 10)
    monkeypatch.setattr(forgetting, "PAUSE", 0.0)
    async with employed(database) as jobs:
        store = jobs._store
        for number in range(35):
            await jobs.submit(f"j{number}", "work", {})
        await execute(store, job.update().values(state="done"))
        await age(store, 31)
        assert await store.retention.sweep(30, 10) == {"jobs": 10, "posts": 0, "questions": 0, "drafts": 0}
        station: Any = type("OnlyTheStore", (), {"store": store})
        total = await forgetting.forget(None, {"days": 30}, station)  # type: ignore[arg-type]
        assert total["jobs"] == 25
        assert await jobs.list() == []
