"""What a schedule starts: whose doing it is, what its card says, whose budget it draws on, how its end is told."""

from __future__ import annotations

from bot.domain import RunKey, RunState
from bot.scheduling.spec import ScheduleSpec
from bot.store import ChargeState
from tests.app.conftest import DANA, DELAYS, OMAR, World
from tests.app.schedules_kit import click, made, shown

ONE_CORE_FOR_TEN_MINUTES = 1_000_000  # millionths of a dollar: what is reserved without history


async def fired(world: World, text: str = "schedule delays daily at 02:00 months=1-6 --reason nightly") -> RunKey:
    """The key of a run that Dana's schedule has started, once its card stands."""
    spec = await made(world, text)
    await world.tracker.tick()  # from now on runs are met
    key = world.airflow.fire(spec).key
    await world.tracker.tick()
    await world.has_card(key)
    return key


async def test_its_card_names_the_schedule(world: World) -> None:
    """In the model's channel, with whose schedule it is and what differs from the defaults."""
    await fired(world)
    card = await world.card("delays", DELAYS)
    assert "by Dana's schedule, daily 02:00 (Amsterdam)" in str(card.blocks)
    assert "months 1-6 (default 1-9) · on one-core · “nightly”" in str(card.blocks)


async def test_its_makers_are_on_record_as_who_started_it(world: World) -> None:
    """Who made it, and who changed it since, may not approve what comes of it."""
    key = await fired(world)
    assert await world.station.store.audit.actors("delays", key.run_id) == {DANA}
    [kept] = await world.station.store.schedules.all()
    await world.type(OMAR, f"reschedule {kept.id} months=1-9")
    await click(world, OMAR, shown(world, OMAR), "Save changes")
    await world.card("changed a schedule")
    spec = (await world.specs.all())[kept.id]
    assert isinstance(spec, ScheduleSpec)
    world.airflow.clock = lambda: spec.start.replace(year=spec.start.year + 1)
    again = world.airflow.fire(spec).key
    await world.tracker.tick()
    await world.has_card(again)
    assert await world.station.store.audit.actors("delays", again.run_id) == {DANA, OMAR}


async def test_it_counts_against_its_owners_budget(world: World) -> None:
    """Reserved when it is met, settled when it ends: as if its owner had started it."""
    key = await fired(world)
    followed = await world.station.store.runs.get(key)
    assert followed
    assert followed.job_id
    charge = await world.station.store.charges.get(followed.job_id)
    assert charge
    assert (charge.state, charge.amount, charge.profile) == (
        ChargeState.RESERVED,
        ONE_CORE_FOR_TEN_MINUTES,
        "one-core",
    )
    spent = await world.station.store.charges.spent([f"person:{DANA}", "model:delays"], charge.month, "USD")
    assert set(spent.values()) == {ONE_CORE_FOR_TEN_MINUTES}
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    settled = await world.station.store.charges.get(followed.job_id)
    assert settled
    assert settled.state == ChargeState.SETTLED


async def test_nobody_is_mentioned_for_a_run_that_went_well(world: World) -> None:
    """Its card says so; a nightly mention would be noise."""
    key = await fired(world)
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    assert f"<@{DANA}>" not in "".join(each.text for each in world.slack.messages(DELAYS))


async def test_its_owner_hears_of_a_failure(world: World) -> None:
    """In the card's thread, by a mention."""
    key = await fired(world)
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    await world.ended(key, RunState.FAILED)
    card = await world.card("delays", DELAYS)
    replies = world.slack.replies(DELAYS, card.ts)
    assert any(f"<@{DANA}> your scheduled run of delays failed" in each.text for each in replies)


async def test_what_airflow_does_not_confirm_is_nobodys(world: World) -> None:
    """A run whose id only says that it is of a schedule has no owner, and draws on no budget."""
    spec = await made(world, "schedule delays daily at 02:00")
    await world.tracker.tick()
    run = world.airflow.fire(spec)
    world.airflow.delete_run(
        RunKey(f"stationmaster__{spec.id}", run.run_id.removeprefix(f"stationmaster__{spec.id}__"))
    )
    await world.tracker.tick()
    await world.has_card(run.key)
    followed = await world.station.store.runs.get(run.key)
    assert followed
    assert followed.requested_by is None
    assert await world.station.store.audit.actors("delays", run.run_id) == frozenset()
    assert await world.station.store.charges.get(f"meet:{run.dag_id}:{run.run_id}") is None


async def test_history_lists_its_runs_with_their_outcomes(world: World) -> None:
    """The schedule's page has its own runs, not those of others."""
    key = await fired(world)
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    await world.ended(key, RunState.FAILED)
    await world.type(DANA, "run delays --yes")
    [kept] = await world.station.store.schedules.all()
    await world.type(DANA, f"schedules {kept.id}")
    page = world.blocks(DANA)
    assert "❌ *delays*" in page
    assert "🚉" not in page
