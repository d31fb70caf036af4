"""Schedules paused, resumed, changed, handed over and removed; two people at once; what Airflow says of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ServiceDown
from bot.scheduling.spec import ScheduleSpec
from tests.app.conftest import ADA, DANA, NOOR, OMAR, TRAINING, World
from tests.app.schedules_kit import click, made, shown
from tests.until import until

DAILY = "schedule delays daily at 02:00 months=1-6"


async def listed(world: World, person: str = DANA, what: str = "") -> str:
    """What this person sees of the list, as JSON."""
    await world.type(person, f"schedules {what}".strip())
    return json.dumps(shown(world, person).blocks, ensure_ascii=False)


async def paused(world: World, spec: ScheduleSpec) -> bool:
    """Is it paused in Airflow?"""
    seen = await world.airflow.scheduled(f"stationmaster__{spec.id}")
    assert seen
    return seen.paused


async def kept(world: World, spec: ScheduleSpec) -> ScheduleSpec:
    """The spec as it is now."""
    found = (await world.specs.all())[spec.id]
    assert isinstance(found, ScheduleSpec)
    return found


async def test_the_list_has_all_with_what_can_be_done(world: World) -> None:
    """Its owner can do everything, others may read; the state comes first."""
    spec = await made(world, DAILY)
    mine = await listed(world)
    assert "🗓 *delays* daily 02:00 (Amsterdam) · next <!date^" in mine
    for label in ("Pause", "History", "Run now", "Edit", "Remove"):
        assert f'"text": "{label}"' in mine
    theirs = await listed(world, NOOR)
    assert "History" in theirs
    assert "Remove" not in theirs
    assert spec.id in theirs


async def test_pause_and_resume(world: World) -> None:
    """Airflow pauses its DAG; resumed, it begins anew first, so that nothing that was missed is run."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"pause {spec.id}")
    await world.card("⏸ Dana paused delays, daily 02:00 (Amsterdam)")
    assert await paused(world, spec)
    assert "⏸ *delays* daily 02:00 (Amsterdam) · paused by Dana" in await listed(world)
    before = datetime.now(UTC)
    await click(world, DANA, await world.card("paused delays"), "Resume")
    await world.card("resumed delays")
    assert not await paused(world, spec)
    assert (await kept(world, spec)).start >= before - timedelta(seconds=1)
    names = [call.name for call in world.airflow.calls if call.name in {"parse", "set_paused"}]
    assert names[-2:] == ["parse", "set_paused"]  # Airflow knew the new start before it went on


async def test_pause_until_a_day(world: World) -> None:
    """It rests by its spec, so that Airflow itself goes on when the day begins."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"pause {spec.id} --until 2027-03-01")
    await world.card("paused delays, daily 02:00 (Amsterdam), until")
    until = (await kept(world, spec)).paused_until
    assert until == datetime(2027, 2, 28, 23, tzinfo=UTC)  # midnight in Amsterdam
    seen = await world.airflow.scheduled(f"stationmaster__{spec.id}")
    assert seen
    assert seen.next_run == datetime(2027, 3, 1, 1, tzinfo=UTC)
    assert "rests until" in await listed(world)


async def test_only_whose_it_is_may(world: World) -> None:
    """A runner steers schedules of their own, a model's owner all of them."""
    spec = await made(world, DAILY, OMAR)
    assert "You may do this to what is your own" in await world.type(DANA, f"pause {spec.id}")
    mine = await made(world, DAILY, DANA)
    await world.type(OMAR, f"pause {mine.id}")
    await world.card("Omar paused delays")
    assert await paused(world, mine)
    assert not await paused(world, spec)


async def test_an_edit_shows_before_it_saves(world: World) -> None:
    """What is not given stays; the new times are Airflow's before it is told."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"reschedule {spec.id} every friday at 18:00")
    assert shown(world).text == "Change delays to train every Friday at 18:00, Amsterdam time?"
    await click(world, DANA, shown(world), "Save changes")
    await world.card("🗓 Dana changed a schedule of delays: Fridays 18:00 (Amsterdam)")
    after = await kept(world, spec)
    assert (after.when.cron, after.conf, after.revision) == ("0 18 * * 5", {"months": "1-6"}, 2)


async def test_the_form_is_filled_in(world: World) -> None:
    """Edit opens it with what is so; what is submitted is shown before it is saved."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"reschedule {spec.id}")
    [form] = world.slack.as_user(DANA).modals
    assert "daily at 02:00" in json.dumps(form)
    fields = {
        block["block_id"]: {block["element"]["action_id"]: value}
        for block in form["blocks"]
        if block["type"] == "input"
        for name, value in {"stationmaster.when": "hourly", "max_iter": "100"}.items()
        if block["block_id"] == f"param:{name}"
    }
    await world.slack.as_user(DANA).submit(form["id"], fields)
    question = await world.told(DANA, "Change delays to train every hour")
    await click(world, DANA, question, "Save changes")
    await world.card("changed a schedule")
    assert (await kept(world, spec)).conf == {"months": "1-6", "max_iter": 100}


async def test_a_wrong_time_is_refused_at_its_field(world: World) -> None:
    """In the words of the command."""
    await world.type(DANA, "schedule delays")
    [form] = world.slack.as_user(DANA).modals
    [when] = [block for block in form["blocks"] if block.get("block_id") == "param:stationmaster.when"]
    outcome = await world.slack.as_user(DANA).submit(
        form["id"], {when["block_id"]: {when["element"]["action_id"]: "every monday at 25:00"}}
    )
    assert "No clock shows 25:00" in json.dumps(world.slack.as_user(DANA).modals) or "25:00" in str(outcome)


async def test_of_two_edits_the_later_is_asked_again(world: World) -> None:
    """It is told by whom it was changed, and one click saves it on top of that."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"reschedule {spec.id} every friday at 18:00")
    await world.type(OMAR, f"reschedule {spec.id} daily at 07:00")
    await click(world, OMAR, shown(world, OMAR), "Save changes")
    await world.card("Omar changed a schedule")
    await click(world, DANA, shown(world), "Save changes")
    again = await world.slack.wait_for(
        lambda: next((each for each in world.slack.ephemerals(DANA, TRAINING) if "Omar" in str(each.blocks)), None)
    )
    assert "Changed meanwhile by Omar: it is daily at 07:00 now" in str(again.blocks)
    assert (await kept(world, spec)).when.cron == "0 7 * * *"
    await click(world, DANA, again, "Save changes")
    await world.card("Dana changed a schedule")
    assert ((await kept(world, spec)).when.cron, (await kept(world, spec)).revision) == ("0 18 * * 5", 3)


async def test_a_hand_over(world: World) -> None:
    """Whose it is answers for it and pays; the one who made it stays on record. It goes only to who may."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"handover {spec.id} @omar")
    await world.card("is Omar's now: Dana handed it over")
    after = await kept(world, spec)
    assert (after.owner.id, after.maker.id) == (OMAR, DANA)
    await world.type(OMAR, f"handover {spec.id} @vera")
    await world.told(OMAR, "may not schedule runs of delays")
    assert (await kept(world, spec)).owner.id == OMAR


async def test_removed_after_a_question(world: World) -> None:
    """Paused first, then taken away; its message says so, and the list has it no longer."""
    spec = await made(world, DAILY)
    assert await world.type(DANA, f"unschedule {spec.id}") == (
        "Remove the schedule of delays, daily 02:00 (Amsterdam)? Its past runs stay."
    )
    await click(world, DANA, shown(world), "Remove it")
    await world.card("🗑 Dana removed a schedule of delays: daily 02:00 (Amsterdam)")
    assert await world.specs.all() == {}
    assert "No schedules yet" in await listed(world)
    assert [row.outcome for row in await world.audit("schedule")] == ["scheduled", "removed"]


async def test_what_airflow_can_not_make_is_taken_back(world: World) -> None:
    """The person hears Airflow's words, and nothing of it stays; an edit gives way to what was there."""
    await world.type(DANA, DAILY)
    world.airflow.parsing = False

    async def breaking() -> bool:
        for spec_id in await world.specs.all():
            world.specs.break_by_hand(spec_id, "an error of Airflow's")
            world.airflow.parsing = True
            return True
        return False

    await click(world, DANA, shown(world), "Create schedule")
    await until(breaking)
    await world.airflow.parse("stationmaster_schedules")
    await world.told(DANA, "Airflow can't take this schedule of delays: an error of Airflow's")
    assert await world.station.store.schedules.all() == []


@pytest.mark.parametrize("gone", ["paused in airflow", "dag gone", "spec gone", "spec broken"])
async def test_the_truth_is_airflows(world: World, gone: str) -> None:
    """What was done there is shown here, with what to do; the others are not touched by it."""
    spec, other = await made(world, DAILY), await made(world, "schedule delays hourly", OMAR)
    name = f"stationmaster__{spec.id}"
    if gone == "paused in airflow":
        world.airflow.pause_scheduled(name)
    elif gone == "dag gone":
        del world.airflow._by_clock[name]
    elif gone == "spec gone":
        await world.specs.remove(spec.id, None)
    else:
        world.specs.break_by_hand(spec.id, "when.cron: no cron")
    said = {
        "paused in airflow": "paused in Airflow itself",
        "dag gone": "Airflow doesn't show it",
        "spec gone": "was taken away where schedules are kept",
        "spec broken": "can't be read: when.cron: no cron",
    }[gone]
    found = await listed(world, ADA)
    assert said in found
    assert "🗓 *delays* every hour (" in found
    assert other.id in found


async def test_without_airflow_what_was_seen_last_is_shown(world: World) -> None:
    """With a word that it is not as of now."""
    await made(world, DAILY)
    world.airflow.fail_with(ServiceDown("Airflow"), times=5, on="all_scheduled")
    found = await listed(world)
    assert "Airflow doesn't answer right now. This is what I saw last." in found
    assert "daily 02:00 (Amsterdam)" in found


async def test_what_comes_next_is_in_status_and_on_the_models_page(world: World) -> None:
    """From what was seen last: neither waits for Airflow's schedules."""
    await made(world, DAILY)
    await world.type(NOOR, "status delays")
    assert "delays <!date^" in str(shown(world, NOOR).blocks)
    await world.type(NOOR, "model delays")
    assert "🗓 *delays* daily 02:00 (Amsterdam) · next <!date^" in str(shown(world, NOOR).blocks)


async def test_a_long_list_has_a_button_each(world: World) -> None:
    """What can be done to one is then on its page: Slack takes only so much of a message."""
    for hour in range(10):
        await made(world, f"schedule delays daily at {hour:02}:30")
    found = await listed(world)
    assert "10 schedules" in found
    assert found.count('"text": "Open"') == 10
    assert '"text": "Pause"' not in found


async def test_its_owner_changes_by_a_form(world: World) -> None:
    """The schedule's page has a button for it; who is chosen has to be allowed to have it."""
    spec = await made(world, DAILY)
    await world.type(DANA, f"schedules {spec.id}")
    await click(world, DANA, shown(world), "Change owner")
    [form] = await world.slack.wait_for(lambda: world.slack.as_user(DANA).modals or None)
    await world.slack.as_user(DANA).submit(form["id"], {"to": {"to": OMAR}})
    await world.card("is Omar's now: Dana handed it over")
    assert (await kept(world, spec)).owner.id == OMAR
