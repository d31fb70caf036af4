"""Moves left by work that died or was cancelled: settled by what MLflow says, so that they hide nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

import bot.promoting.leftovers
from bot.domain import Version
from bot.errors import ServiceDown
from bot.promoting.moving import step_of
from bot.promoting.watching import LOOK, Watching
from bot.store import How, Move, MoveState
from bot.store.schema import job
from tests.app.conftest import DELAYS, OMAR, World
from tests.app.promoting import (
    ask,
    audited,
    becomes,
    buttons,
    click,
    deployed,
    deployment,
    newest,
    promotable,
    settled,
    two_versions,
)
from tests.app.training import trained

MINE = "left"


@pytest.fixture
async def world(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """v1 was promoted to production; work that is over counts as over at once."""
    promotable(world, monkeypatch)
    monkeypatch.setattr(bot.promoting.leftovers, "QUIET", 0.0)
    yield world
    world.mlflow.recover()


def move(after: str, before: str | None, job_id: str | None = None) -> Move:
    return Move(
        id=f"{job_id or 'done'}:{after}",
        registered_model="delays",
        alias="production",
        before=before,
        after=after,
        how=How.PROMOTION,
        job_id=job_id,
    )


async def intend(world: World) -> Move:
    """v1 holds production; work that is not over intends to move it to v2."""
    ledger = world.station.store.ledger
    for number in ("1", "2", "3"):
        world.mlflow.add_version(Version(model="delays", version=number, run_id=f"run-{number}"))
    assert await ledger.add(move("1", None))
    world.mlflow.move_alias("delays", "production", "1")
    await world.station.jobs.submit(MINE, LOOK, {}, start_at=time.time() + 3_600)
    intended = move("2", "1", MINE)
    async with world.station.store.write() as tx:
        assert await ledger.intend(intended, 1, tx)
    return intended


async def moves(world: World) -> list[tuple[str | None, str | None, str]]:
    """The ledger, oldest first."""
    return [(each.before, each.after, each.how) for each in await world.station.store.ledger.of_model("delays")]


async def outcomes(world: World) -> list[str]:
    """What the audit trail has about promotions."""
    return [row.outcome for row in await world.audit("promote")]


@pytest.mark.parametrize(
    ("holds", "entered", "found"),
    [
        ("1", [], ["found unmoved"]),
        ("2", [("1", "2", "promotion")], ["found moved"]),
        ("3", [("1", "3", "outside")], ["found unmoved", "outside"]),
    ],
)
async def test_what_mlflow_says_counts(
    world: World, holds: str, entered: list[tuple[str, str, str]], found: list[str]
) -> None:
    """Nothing while the work goes on. Then done where MLflow has moved it; else abandoned, and others' moves show."""
    left = await intend(world)
    world.mlflow.move_alias("delays", "production", holds)
    await Watching(world.station).look()
    assert await world.station.store.ledger.intended("delays", "production") is not None
    await world.station.jobs.cancel(MINE)
    for _ in range(2):
        await Watching(world.station).look()
    assert (await moves(world))[1:] == entered
    assert await outcomes(world) == found
    kept = await world.station.store.ledger.get(left.id)
    assert kept is not None
    assert kept.state == (MoveState.DONE if holds == "2" else MoveState.ABANDONED)


async def test_mlflow_is_away(world: World) -> None:
    """Nothing is settled unasked; the next look settles it."""
    await intend(world)
    await world.station.jobs.cancel(MINE)
    world.mlflow.fail_with(ServiceDown("MLflow", "away"), times=1, on="holder")
    await Watching(world.station).look()
    assert await outcomes(world) == []
    await Watching(world.station).look()
    assert await outcomes(world) == ["found unmoved"]


async def killed_at_its_tags(world: World) -> None:
    """v2 is approved and in production, and its work can't go on: MLflow doesn't take the tags."""
    await two_versions(world)
    await Watching(world.station).look()
    card = await ask(world)
    world.mlflow.fail_with(ServiceDown("MLflow", "away"), times=1_000, on="tag_version")
    await click(world, OMAR, card, "approve")
    await becomes(world, card, "Still to come: its tags in MLflow")


async def test_a_cancelled_promotion_that_has_moved_its_alias(world: World) -> None:
    """The request ends, its card says what is so, its move counts though somebody moved the alias since: once each."""
    await killed_at_its_tags(world)
    [promotion] = await world.station.store.promotions.of_model("delays")
    steps = await world.station.jobs.steps(promotion.id)
    left = await world.station.store.ledger.intended("delays", "production")
    assert left is not None
    assert steps[f"step:{step_of(left)}"] == '""'
    await world.station.jobs.cancel(promotion.id)
    await trained(world, "3", auc=0.72)
    world.mlflow.move_alias("delays", "production", "3")
    for _ in range(2):
        await Watching(world.station).look()
    assert (await moves(world))[1:] == [("1", "2", "promotion"), ("2", "3", "outside")]
    ended = await settled(world, "failed")
    assert ended.why == "its work was cancelled"
    card = await world.card("⚠️ delays v2 is in production, but not everything was done: its work was cancelled")
    assert buttons(card) == []
    assert (await outcomes(world))[-3:] == ["found moved", "failed", "outside"]
    assert deployment(world) is None
    assert buttons(await world.card("moved from v2 to v3 in MLflow itself", DELAYS)) == ["Roll back to v2"]


@pytest.mark.parametrize("superseded", [False, True])
async def test_a_dead_promotion_that_is_begun_again(world: World, superseded: bool) -> None:
    """It does what was left; where the alias has moved on since, it says so, moves nothing back and deploys nothing."""
    await killed_at_its_tags(world)
    [promotion] = await world.station.store.promotions.of_model("delays")
    await die(world, promotion.id)
    await Watching(world.station).look()
    assert (await moves(world))[1:] == [("1", "2", "promotion")]
    if superseded:
        world.mlflow.move_alias("delays", "production", "1")
        await Watching(world.station).look()
    world.mlflow.recover()
    assert await world.station.jobs.replay(promotion.id)
    if superseded:
        await newest(world, lambda found: found.state == "failed")
        await audited(world, "failed")
        assert deployment(world) is None
    else:
        await deployed(world)
        await audited(world, "deployed")
    holder = await world.mlflow.holder("delays", "production")
    assert holder is not None
    assert holder.version == ("1" if superseded else "2")


async def die(world: World, job_id: str) -> None:
    """Let the work be dead, as after its last attempt."""
    async with world.station.store.write() as tx:
        await tx.execute(job.update().where(job.c.id == job_id).values(state="dead", owner=None))
