"""Schedules made in Slack: shown first, made on a click, told when Airflow has them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.errors import ServiceDown
from bot.scheduling.clock import upcoming
from bot.scheduling.said import coming
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.when import read_when
from tests.app.conftest import DANA, OMAR, TRAINING, VERA, World

EVERY = "every monday at 06:00"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


async def asked(world: World, text: str = f"schedule delays {EVERY} months=1-6", person: str = DANA) -> str:
    """What the person alone is shown, before anything is made."""
    return await world.type(person, text)


async def click(world: World, person: str, label: str, channel: str = TRAINING) -> None:
    """Click this button on the newest message that only this person sees."""
    await world.slack.as_user(person).click(world.slack.ephemerals(person, channel)[-1], label)


async def made(world: World, text: str = f"schedule delays {EVERY} months=1-6", person: str = DANA) -> ScheduleSpec:
    """A schedule, asked for and confirmed; once Airflow has it."""
    before = {each.id for each in await world.station.store.schedules.all()}
    await asked(world, text, person)
    await click(world, person, "Create schedule")
    await world.card("scheduled delays")
    [kept] = [each for each in await world.station.store.schedules.all() if each.id not in before]
    return ScheduleSpec.model_validate(kept.spec)


async def test_it_is_read_back_before_it_is_made(world: World) -> None:
    """Words, the next five times by the person's own clock, and what the model has already; nothing is made yet."""
    assert await asked(world) == "Train delays every Monday at 06:00, Amsterdam time?"
    shown = world.blocks(DANA)
    now = datetime.now(AMSTERDAM)
    five = upcoming(read_when(EVERY), "Europe/Amsterdam", now, 5)
    assert f"Next: {coming(five, AMSTERDAM)}" in shown
    assert "months 1-6 (default 1-9) · on one-core · no history yet" in shown
    assert await world.specs.all() == {}
    assert await world.station.store.schedules.all() == []


async def test_a_click_makes_it_and_the_channel_hears_when_it_runs_first(world: World) -> None:
    """Airflow has its DAG with a next run before that is said; the spec holds who made it, and when it begins."""
    spec = await made(world)
    told = await world.card("scheduled delays")
    assert told.text.startswith("🗓 Dana scheduled delays: Mondays 06:00 (Amsterdam). First run <!date^")
    assert (spec.maker.id, spec.owner.id, spec.conf, spec.zone) == (DANA, DANA, {"months": "1-6"}, "Europe/Amsterdam")
    assert (await world.specs.all())[spec.id] == spec
    seen = await world.airflow.scheduled(f"stationmaster__{spec.id}")
    assert seen
    assert seen.next_run == upcoming(spec.when, spec.zone, spec.start, 1)[0]
    assert f"<!date^{int(seen.next_run.timestamp())}^" in told.text
    assert [row.outcome for row in await world.audit("schedule")] == ["scheduled"]


async def test_a_double_click_makes_one(world: World) -> None:
    """The second click is the same request."""
    await asked(world)
    message = world.slack.ephemerals(DANA, TRAINING)[-1]
    await world.slack.as_user(DANA).click(message, "Create schedule")
    await world.slack.as_user(DANA).click(message, "Create schedule")
    await world.told(DANA, "already under way")
    await world.card("scheduled delays")
    assert len(await world.specs.all()) == 1


async def test_who_may_not_schedule_is_told_so(world: World) -> None:
    """A viewer has no right to, a runner none beyond the contract."""
    assert "may schedule runs" in await asked(world, person=VERA)
    beyond = await asked(world, f"schedule delays {EVERY} max_iter=900")
    assert beyond.startswith("Only owners of delays may change max_iter above 500 (you asked for 900).")
    assert "every Monday" in await asked(world, f"schedule delays {EVERY} max_iter=900", OMAR)


async def test_airflow_away_is_waited_for(world: World) -> None:
    """The person is told at once; the schedule is made when Airflow is back."""
    await asked(world)
    world.airflow.fail_with(ServiceDown("Airflow"), times=1_000)
    await click(world, DANA, "Create schedule")
    await world.told(DANA, "I keep this schedule of delays")
    world.airflow.recover()
