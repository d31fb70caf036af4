"""Schedules made in Slack: shown first, made on a click, told when Airflow has them."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import ServiceDown
from bot.jobs import Permanent
from bot.scheduling import changing
from bot.scheduling.clock import upcoming
from bot.scheduling.said import coming
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.when import read_when
from tests.app.conftest import DANA, OMAR, VERA, World
from tests.app.promoting import buttons
from tests.app.schedules_kit import EVERY, click, made, shown

ASKED = f"schedule delays {EVERY} months=1-6"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


async def test_it_is_read_back_before_it_is_made(world: World) -> None:
    """Words, the next five times by the person's own clock, machine and price; nothing is made yet."""
    assert await world.type(DANA, ASKED) == "Train delays every Monday at 06:00, Amsterdam time?"
    five = upcoming(read_when(EVERY), "Europe/Amsterdam", datetime.now(AMSTERDAM), 5)
    assert f"Next: {coming(five, AMSTERDAM)}" in world.blocks(DANA)
    priced = r"months 1-6 \(default 1-9\) · on one-core · no history yet: \$1 a run at most, \$4\.(34|42) a month"
    assert re.search(priced, world.blocks(DANA))  # 52 or 53 Mondays in the year to come
    assert await world.specs.all() == {}
    assert await world.station.store.schedules.all() == []


async def test_a_click_makes_it_and_the_channel_hears_when_it_runs_first(world: World) -> None:
    """Airflow has its DAG with a next run before that is said; the spec holds who made it, and what for."""
    spec = await made(world, ASKED)
    told = await world.card("scheduled delays")
    assert told.text.startswith("🗓 Dana scheduled delays: Mondays 06:00 (Amsterdam). First run <!date^")
    assert (spec.maker.id, spec.owner.id, spec.conf, spec.zone) == (DANA, DANA, {"months": "1-6"}, "Europe/Amsterdam")
    assert spec.compute
    assert spec.compute["name"] == "one-core"
    assert (await world.specs.all())[spec.id] == spec
    seen = await world.airflow.scheduled(f"stationmaster__{spec.id}")
    assert seen
    assert seen.next_run == upcoming(spec.when, spec.zone, spec.start, 1)[0]
    assert f"<!date^{int(seen.next_run.timestamp())}^" in told.text
    assert [(row.actor, row.subject, row.outcome) for row in await world.audit("schedule")] == [
        (DANA, spec.id, "scheduled")
    ]


async def test_a_double_click_makes_one(world: World) -> None:
    """The second click is the same request."""
    await world.type(DANA, ASKED)
    question = shown(world)
    world.slack.faults.delay("response_url", 1.0, times=2)  # so that the button is still there
    await click(world, DANA, question, "Create schedule")
    await click(world, DANA, question, "Create schedule")
    await world.told(DANA, "already under way")
    await world.card("scheduled delays")
    assert len(await world.specs.all()) == 1


async def test_the_answer_takes_the_place_of_the_question(world: World) -> None:
    """So that there is nothing left to click, and still what was asked for can be read."""
    await world.type(DANA, ASKED)
    question = shown(world)
    await click(world, DANA, question, "Create schedule")
    answer = await world.told(DANA, "On it: schedule delays every Monday at 06:00.")
    assert (answer.ts, buttons(answer)) == (question.ts, [])


async def test_a_question_whose_answer_is_refused_stays(world: World) -> None:
    """What is in the way may pass: then a second click makes it so."""
    await world.type(DANA, ASKED)
    question, config = shown(world), world.config.read_text(encoding="utf-8")
    world.config.write_text("access: {viewers: [everyone]}\nmodels: {delays: {dag: train_delays}}\n", encoding="utf-8")
    await click(world, DANA, question, "Create schedule")
    await world.told(DANA, "may schedule runs")
    world.config.write_text(config, encoding="utf-8")
    await click(world, DANA, question, "Create schedule")
    await world.told(DANA, "On it: schedule delays every Monday at 06:00.")
    await world.card("scheduled delays")


@pytest.mark.parametrize("hours", [-30, 30])
async def test_a_clock_that_is_off_makes_nothing_old(
    world: World, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    """What was asked for a moment ago is made, whatever the time is here."""
    await world.type(DANA, ASKED)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3_600)
    await click(world, DANA, shown(world), "Create schedule")
    await world.card("scheduled delays")


async def test_what_failed_for_good_is_told_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the value of the button that was clicked."""

    async def broken(*_: object) -> None:
        raise Permanent("internal detail")

    monkeypatch.setattr(world.specs, "get", broken)
    await world.type(DANA, ASKED)
    await click(world, DANA, shown(world), "Create schedule")
    await world.told(DANA, "I could not finish “schedule delays every Monday at 06:00”")


async def test_what_was_edited_before_it_was_made_is_one_question(world: World) -> None:
    """The form leads to another; the first, which has its buttons still, makes nothing any more."""
    await world.type(DANA, ASKED)
    question, dana = shown(world), world.slack.as_user(DANA)
    await click(world, DANA, question, "Edit")
    [form] = await world.slack.wait_for(lambda: dana.modals or None)
    [when] = [block for block in form["blocks"] if block.get("block_id") == "param:stationmaster.when"]
    await dana.submit(form["id"], {when["block_id"]: {when["element"]["action_id"]: "daily at 07:00"}})
    another = await world.told(DANA, "Train delays daily at 07:00")
    await click(world, DANA, question, "Create schedule")
    await world.told(DANA, "This is no longer open")
    await click(world, DANA, another, "Create schedule")
    await world.card("scheduled delays")
    [spec] = (await world.specs.all()).values()
    assert isinstance(spec, ScheduleSpec)
    assert (spec.when.words, spec.conf) == ("daily at 07:00", {"months": "1-6"})


async def test_what_is_cancelled_can_not_be_made_later(world: World) -> None:
    """Cancel forgets what was shown; a button that is still there says so."""
    await world.type(DANA, ASKED)
    question = shown(world)
    world.slack.faults.delay("response_url", 1.0, times=2)
    await click(world, DANA, question, "Cancel")
    await click(world, DANA, question, "Create schedule")
    await world.told(DANA, "This is no longer open")
    assert await world.specs.all() == {}


async def test_what_is_cancelled_leaves_no_button(world: World) -> None:
    """It says that nothing was made."""
    await world.type(DANA, ASKED)
    question = shown(world)
    await click(world, DANA, question, "Cancel")
    answer = await world.told(DANA, "Nothing was scheduled")
    assert (answer.ts, buttons(answer)) == (question.ts, [])
    assert await world.specs.all() == {}


async def test_many_schedules_of_one_model_are_told_of_each_other(world: World) -> None:
    """Each has its own times, values, machine and owner; the next one is told which there are."""
    small = await made(world, ASKED)
    full = await made(world, "schedule delays daily at 02:00 --compute two-cores --tz UTC", OMAR)
    await world.type(DANA, f"schedule delays {EVERY}")
    note = "delays already trains every Monday at 06:00 (Dana) and daily at 02:00 (Omar)."
    assert note in json.dumps(shown(world).blocks)
    assert {small.owner.id, full.owner.id} == {DANA, OMAR}
    assert set(await world.specs.all()) == {small.id, full.id}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("schedule delays every monday at 25:00", "No clock shows 25:00"),
        ("schedule delays 0 0 30 2 *", "never comes round"),
        ("schedule delays every monday at 6 --tz Mars/Base", "is not a time zone"),
        ("schedule delays every monday at 6 --until 2020-01-01", "It would never run"),
        ("schedule delays every monday at 6 learning_rate=9", "learning_rate=9 is too large"),
        ("schedule delays every monday at 6 --compute gpu", "I don't know the compute profile"),
    ],
)
async def test_what_can_not_be_is_refused_in_words(world: World, typed: str, said: str) -> None:
    """Before anything is shown or kept."""
    assert said in await world.type(DANA, typed)
    assert await world.specs.all() == {}


async def test_who_may_not_schedule_is_told_so(world: World) -> None:
    """A viewer has no right to, a runner none beyond the contract; an owner has."""
    assert "may schedule runs" in await world.type(VERA, ASKED)
    beyond = await world.type(DANA, f"schedule delays {EVERY} max_iter=900")
    assert beyond.startswith("Only owners of delays may change max_iter above 500 (you asked for 900).")
    assert "every Monday" in await world.type(OMAR, f"schedule delays {EVERY} max_iter=900")
    assert [row.outcome for row in await world.audit("schedule")] == ["refused", "refused"]


async def test_rights_are_looked_at_again_before_it_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost the right between the click and the writing gets a refusal, and nothing is made."""
    monkeypatch.setattr(changing, "AWAY", 0.3)
    await world.type(DANA, ASKED)
    question = shown(world)
    world.specs.fail_with(ServiceDown("Schedules"), on="get")
    await click(world, DANA, question, "Create schedule")
    text = world.config.read_text(encoding="utf-8")
    world.config.write_text(text.replace("runners: [S0DATASCI]", "runners: []"), encoding="utf-8")
    await world.told(DANA, "may schedule runs")
    assert await world.specs.all() == {}


@pytest.mark.parametrize("call", ["get", "put", "install"])
async def test_a_store_that_is_away_is_waited_for(world: World, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each step the person is told that it is kept, and it is made once, when the store is back."""
    monkeypatch.setattr(changing, "AWAY", 0.05)
    await world.type(DANA, ASKED)
    world.specs.fail_with(ServiceDown("S3"), times=3, on=call)
    await click(world, DANA, shown(world), "Create schedule")
    await world.told(DANA, "I keep this schedule of delays")
    await world.card("scheduled delays")
    assert len(await world.specs.all()) == 1


@pytest.mark.parametrize("call", ["parse", "scheduled"])
async def test_an_airflow_that_is_away_is_waited_for(world: World, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written stays written; it is told when Airflow shows it."""
    monkeypatch.setattr(changing, "AWAY", 0.05)
    await world.type(DANA, ASKED)
    world.airflow.fail_with(ServiceDown("Airflow"), times=3, on=call)
    await click(world, DANA, shown(world), "Create schedule")
    await world.told(DANA, "Airflow doesn't answer right now. I keep this schedule of delays")
    await world.card("scheduled delays")
    assert len(await world.specs.all()) == 1


async def test_a_lost_answer_of_the_store_makes_no_second_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, but the answer never came: the repetition finds its own."""
    monkeypatch.setattr(changing, "AWAY", 0.05)
    await world.type(DANA, ASKED)
    world.specs.lose_answer_once()
    await click(world, DANA, shown(world), "Create schedule")
    await world.card("scheduled delays")
    [spec] = (await world.specs.all()).values()
    assert getattr(spec, "revision", 0) == 1
