"""A run that is retried ends again: each end is told once, however the retry and the telling cross."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import bot.following.finishing
import bot.following.steering
from bot.domain import RunKey, RunState, TaskState
from bot.following.finishing import submit_finish
from tests.app.conftest import DANA, TRAINING, World
from tests.app.test_control import audited, running
from tests.until import until


def held(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Let this function wait before it does anything, once: it has come there, and it may go on."""
    original: Callable[..., Awaitable[Any]] = getattr(module, name)
    came, go_on = asyncio.Event(), asyncio.Event()

    async def waits(*args: Any) -> Any:
        monkeypatch.setattr(module, name, original)
        came.set()
        await go_on.wait()
        return await original(*args)

    monkeypatch.setattr(module, name, waits)
    return came, go_on


async def over(world: World, key: RunKey, *, ok: bool) -> None:
    """Let the run end at Airflow; nobody has noticed yet."""
    if ok:
        world.trained(key)
    else:
        world.airflow.set_task(key, "validate_features", TaskState.FAILED, failure="3 of 14 checks failed")
    world.airflow.finish(key, ok=ok)


async def told(world: World, key: RunKey) -> list[str]:
    """What was said below the run's card, once there is no work left."""

    async def idle() -> bool:
        return not any(job.state in {"ready", "running"} for job in await world.station.jobs.list(limit=1_000))

    await until(idle)
    followed = await world.station.store.runs.get(key)
    assert followed
    assert followed.card_ts
    return [reply.text for reply in world.slack.replies(TRAINING, followed.card_ts)]


async def test_an_end_that_is_told_late_leaves_the_next_one_to_its_own_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The retried run is over before its first end was told, and before the retry was written down."""
    key = await running(world)
    await over(world, key, ok=False)
    first = await world.airflow.run(key)
    assert first
    came, go_on = held(monkeypatch, bot.following.steering, "_record")
    await world.type(DANA, f"retry {key.dag_id}/{key.run_id}")
    await asyncio.wait_for(came.wait(), 30)
    await over(world, key, ok=True)
    await submit_finish(world.station, first)
    await world.ended(key, RunState.SUCCESS)
    go_on.set()
    await audited(world, "retry", "retried")
    await world.tracker.tick()
    assert await told(world, key) == ["<@U0DANA> your run of delays is ready: v1."]
    followed = await world.station.store.runs.get(key)
    assert followed
    assert (followed.state, bool(followed.ended)) == (RunState.SUCCESS, True), "its last end is not forgotten"
    assert (followed.shown or {})["retried_by"] == "Dana"


async def test_two_works_of_one_run_tell_its_end_once(world: World) -> None:
    """The first end's work was held up until the second end was noticed too."""
    key = await running(world)
    await over(world, key, ok=False)
    first = await world.airflow.run(key)
    assert first
    await world.airflow.retry(key)
    await over(world, key, ok=True)
    second = await world.airflow.run(key)
    assert second
    assert second.ended != first.ended
    await asyncio.gather(submit_finish(world.station, first), submit_finish(world.station, second))
    await world.ended(key, RunState.SUCCESS)
    assert await told(world, key) == ["<@U0DANA> your run of delays is ready: v1."]


async def test_a_run_that_is_retried_while_its_end_is_told_is_followed_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its failure is written down only after it was set going again: that must not be taken for its last end."""
    key = await running(world)
    await over(world, key, ok=False)
    came, go_on = held(monkeypatch, bot.following.finishing, "_record")
    await world.tracker.tick()
    await asyncio.wait_for(came.wait(), 30)
    await world.type(DANA, f"retry {key.dag_id}/{key.run_id}")
    await audited(world, "retry", "retried")
    go_on.set()
    assert await told(world, key) == ["<@U0DANA> your run of delays failed at validate features."]
    await over(world, key, ok=True)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    assert (await told(world, key))[1:] == ["<@U0DANA> your run of delays is ready: v1."]
