"""When Slack's edits are scarce: cards that go on wait for their turn, ends don't, and each shows the latest."""

from __future__ import annotations

import sqlalchemy as sa

from bot.domain import RunKey, TaskState
from bot.slack.edits import FOR_ENDS, EditBudget
from tests.app.conftest import DANA, World
from tests.bot.jobs_kit import execute


async def spend(world: World, *, leave: int = 0) -> EditBudget:
    """Take what live cards may have of this minute's edits, but for so many."""
    budget = EditBudget(world.station.store)
    while await budget.left() > FOR_ENDS + leave and not await budget.take(live=True):
        pass
    return budget


def edits(world: World) -> int:
    return sum(call.method == "chat.update" for call in world.slack.calls)


async def test_a_card_whose_turn_has_not_come_shows_the_latest_when_it_has(world: World) -> None:
    """Several changes meanwhile are one edit."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    await spend(world)
    before = edits(world)
    for task in ("take_features", "validate_features"):
        world.airflow.set_task(key, task, TaskState.SUCCESS)
        await world.tracker.tick()
    assert (edits(world), (await world.card("delays")).blocks) == (before, card.blocks)
    await execute(world.station.store, sa.text("UPDATE slot SET at = at - 62"))
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    await world.tracker.tick()
    await world.card("is training")
    assert edits(world) == before + 1


async def test_an_end_is_told_though_live_cards_have_to_wait(world: World) -> None:
    """The edits that are kept for ends are there."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    budget = await spend(world)
    world.airflow.finish(key)
    await world.tracker.tick()
    assert (await world.card("has finished")).ts == card.ts
    assert await budget.left() < FOR_ENDS


async def test_of_many_cards_the_stalest_goes_first(world: World) -> None:
    """So that none is passed over for ever: with one edit a look, each has its turn."""
    keys: list[RunKey] = []
    for rate in ("0.1", "0.2", "0.3"):
        await world.type(DANA, f"run delays learning_rate={rate}")
        await world.slack.wait_for(lambda: len(world.started()) > len(keys))
        keys.append(await world.run_key())
        await world.has_card(keys[-1])
    shown = []
    for number in range(3):
        for key in keys:
            world.airflow.set_task(key, ("take_features", "validate_features", "train")[number], TaskState.RUNNING)
        await spend(world, leave=1)
        await world.tracker.tick()
        revisions = [(await world.station.store.runs.get(key)) for key in keys]
        shown.append([each.revision for each in revisions if each])
        await execute(world.station.store, sa.text("UPDATE slot SET at = at - 62"))
    assert sum(shown[0]) == 1
    assert min(shown[-1]) >= 1, shown
