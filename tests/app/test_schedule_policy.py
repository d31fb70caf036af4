"""Schedules held against today's policy; those that fail, and runs that were asked for a later time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import Person, RunKey, RunState
from bot.scheduling.keeping import Keeper
from bot.scheduling.spec import ScheduleSpec
from tests.app.conftest import DANA, DELAYS, OMAR, World
from tests.app.schedules_kit import click, made, shown

NIGHTLY = "schedule delays daily at 02:00 max_iter=400"


async def paused(world: World, spec: ScheduleSpec) -> bool:
    """Is it paused in Airflow?"""
    seen = await world.airflow.scheduled(f"stationmaster__{spec.id}")
    assert seen
    return seen.paused


def configure(world: World, before: str, after: str) -> None:
    """Change the configuration as an admin would."""
    text = world.config.read_text(encoding="utf-8")
    assert before in text
    world.config.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("max_iter: {maximum: 500}", "max_iter: {maximum: 300}", "only owners of delays may change max_iter above 300"),
        ("runners: [S0DATASCI]", "runners: []", "Dana may not schedule runs of delays"),
        ("people: {everyone: 25}", "people: {everyone: 0.5}", "a run may cost $1, with $0.50 of $0.50 left this month"),
        ("compute: [one-core, two-cores]", "compute: [two-cores]", "choose this machine"),
    ],
)
async def test_one_that_no_longer_fits_is_paused_and_its_owners_hear_why(
    world: World, before: str, after: str, why: str
) -> None:
    """At the change; once, however often it is looked at."""
    spec = await made(world, NIGHTLY)
    keeper = Keeper(world.station)
    await keeper.look()
    assert not await paused(world, spec)
    configure(world, before, after)
    await keeper.look()
    told = await world.card("I paused", DELAYS)
    assert why in told.text
    assert f"<@{DANA}>" in told.text
    assert f"<@{OMAR}>" in told.text
    assert await paused(world, spec)
    await keeper.check()
    await keeper.check()
    assert len([each for each in world.slack.messages(DELAYS) if "I paused" in each.text]) == 1
    assert [row.outcome for row in await world.audit("schedule")] == ["scheduled", "paused"]


async def test_one_that_no_longer_fits_is_not_resumed(world: World) -> None:
    """Resuming asks the policy too; once it fits again, it goes on."""
    spec = await made(world, NIGHTLY)
    configure(world, "max_iter: {maximum: 500}", "max_iter: {maximum: 300}")
    await Keeper(world.station).look()
    await world.card("I paused", DELAYS)
    await world.type(DANA, f"resume {spec.id}")
    await world.told(DANA, "only owners of delays may change max_iter above 300")
    assert await paused(world, spec)
    configure(world, "max_iter: {maximum: 300}", "max_iter: {maximum: 500}")
    await world.type(DANA, f"resume {spec.id}")
    await world.card("resumed delays")
    assert not await paused(world, spec)


async def test_an_owner_who_left_is_asked_about(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's owners decide; until then it goes on. They can take it over."""
    spec = await made(world, NIGHTLY)
    real = world.station.people.person

    async def without_dana(user_id: str) -> Person:
        person = await real(user_id)
        return person.model_copy(update={"outsider": True}) if user_id == DANA else person

    monkeypatch.setattr(type(world.station.people), "person", lambda _, user_id: without_dana(user_id))
    keeper = Keeper(world.station)
    await keeper.look()
    await keeper.check()
    asked = await world.card("is in this workspace no longer", DELAYS)
    assert asked.text.startswith(f"<@{OMAR}> ")
    assert not await paused(world, spec)
    assert len([each for each in world.slack.messages(DELAYS) if "no longer" in each.text]) == 1
    await click(world, OMAR, asked, "Take it over")
    await world.card("is Omar's now", DELAYS)
    found = (await world.specs.all())[spec.id]
    assert isinstance(found, ScheduleSpec)
    assert found.owner.id == OMAR


async def fail_again(world: World, spec: ScheduleSpec, *, ok: bool = False) -> None:
    """One more run of the schedule, which ends so."""
    clock = world.airflow.clock()
    world.airflow.clock = lambda: clock + timedelta(minutes=1)
    key = world.airflow.fire(spec).key
    await world.tracker.tick()
    await world.has_card(key)
    world.airflow.finish(key, ok=ok)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS if ok else RunState.FAILED)


async def test_three_failures_in_a_row_are_pointed_out_once(world: World) -> None:
    """With buttons to pause it and to open the last; after a success they count anew."""
    spec = await made(world, NIGHTLY)
    await world.tracker.tick()
    keeper = Keeper(world.station)
    for _ in range(2):
        await fail_again(world, spec)
    await keeper.check()
    assert not any("in a row" in each.text for each in world.slack.messages(DELAYS))
    for _ in range(2):
        await fail_again(world, spec)
        await keeper.check()
    told = await world.card("failed 3 times in a row", DELAYS)
    assert f"<@{DANA}>" in told.text
    await fail_again(world, spec, ok=True)
    await keeper.check()
    assert len([each for each in world.slack.messages(DELAYS) if "in a row" in each.text]) == 1
    await click(world, DANA, told, "Pause")
    await world.card("Dana paused delays", DELAYS)


async def test_a_time_at_which_nothing_started_is_pointed_out(world: World) -> None:
    """The model's DAG was paused: the schedule's own run failed, and nothing would ever say so."""
    spec = await made(world, NIGHTLY)
    keeper = Keeper(world.station)
    await keeper.check()
    run = world.airflow.fire(spec)
    parent = RunKey(f"stationmaster__{spec.id}", run.run_id.removeprefix(f"stationmaster__{spec.id}__"))
    world.airflow.delete_run(run.key)
    world.airflow._change(parent, state=RunState.FAILED)
    await keeper.check()
    told = await world.card("started nothing", DELAYS)
    assert "Dana's schedule of delays, daily 02:00 (Amsterdam), started nothing <!date^" in told.text
    await keeper.check()
    assert len([each for each in world.slack.messages(DELAYS) if "started nothing" in each.text]) == 1


async def test_what_somebody_put_there_by_hand_is_known(world: World) -> None:
    """A spec that the bot didn't write is shown, and held against the policy as any other."""
    spec = await made(world, NIGHTLY)
    changed = spec.model_copy(update={"conf": {"max_iter": 900}, "revision": 2})
    world.specs.write_by_hand(spec.id, changed.to_json())
    await world.airflow.parse("stationmaster_schedules")
    await Keeper(world.station).check()
    await world.card("only owners of delays may change max_iter above 500", DELAYS)
    assert await paused(world, spec)


# ---- one run, at a later time ---------------------------------------------------------------------------------------


async def later(world: World) -> RunKey:
    """A run that Dana wants tomorrow, once its card stands."""
    await world.type(DANA, 'run delays max_iter=400 --at "tomorrow 03:00"')
    key = await world.run_key()
    await world.has_card(key)
    return key


async def test_a_run_for_later_waits_in_airflow(world: World) -> None:
    """Its card says when; it is priced and reserved, and status lists it as coming."""
    key = await later(world)
    run = await world.airflow.run(key)
    assert run
    assert run.run_after
    assert run.state is RunState.SCHEDULED
    assert datetime.now(UTC) < run.run_after < datetime.now(UTC) + timedelta(days=2)
    card = await world.card("delays will train")
    assert f"<!date^{int(run.run_after.timestamp())}^" in str(card.blocks)
    assert "reserved $1" in str(card.blocks)
    await world.type(DANA, "status delays")
    assert "🗓 *delays* · trains <!date^" in str(shown(world).blocks)


async def test_a_run_for_later_can_be_cancelled(world: World) -> None:
    """By its button; it costs nothing."""
    key = await later(world)
    await click(world, DANA, await world.card("delays will train"), "Cancel")
    await world.ended(key, RunState.FAILED)
    followed = await world.station.store.runs.get(key)
    assert followed
    assert followed.job_id
    charge = await world.station.store.charges.get(followed.job_id)
    assert charge
    assert charge.cost == 0


async def test_a_run_for_later_is_stopped_where_it_no_longer_fits(world: World) -> None:
    """Before it begins, and its person is told why."""
    key = await later(world)
    keeper = Keeper(world.station)
    await keeper.look()
    configure(world, "max_iter: {maximum: 500}", "max_iter: {maximum: 300}")
    await keeper.look()
    told = await world.card("was stopped: only owners of delays may change max_iter above 300")
    assert f"<@{DANA}>" in told.text
    run = await world.airflow.run(key)
    assert run
    assert run.state is RunState.FAILED


@pytest.mark.parametrize(("at", "said"), [("yesterday 03:00", "has passed"), ("someday", "I can't read")])
async def test_a_time_that_can_not_be_is_refused(world: World, at: str, said: str) -> None:
    """In words; nothing is started."""
    assert said in await world.type(DANA, f'run delays --at "{at}"')
    assert world.started() == []
