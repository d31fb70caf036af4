"""The home tab: a person's own runs, and buttons whose answers come as direct messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import commands.home
from bot.domain import RunState
from bot.store import How, Move
from demo.slack.views import View
from tests.app.conftest import DANA, GUS, NOOR, OMAR, PIPELINE, TRAINING, World
from tests.app.promoting import configure
from tests.app.schedules_kit import made


async def opened(world: World, person: str, having: str) -> View:
    """The person's home tab, opened anew, once it has these words."""
    actor = world.slack.as_user(person)
    await actor.open_home()

    def shown() -> View | None:
        return actor.home if having in json.dumps(actor.home, ensure_ascii=False) else None

    return await world.slack.wait_for(shown)


def button(view: View, label: str) -> str:
    """The action id of the button with this label."""
    found = [each for block in view["blocks"] for each in [*block.get("elements", ()), block.get("accessory")] if each]
    return next(str(each["action_id"]) for each in found if each.get("text", {}).get("text") == label)


async def test_the_home_tab_shows_where_to_begin(world: World) -> None:
    """The models that this person may train, the questions to ask, and how the bot knows them."""
    home = await opened(world, DANA, "Train delays")
    shown = json.dumps(home, ensure_ascii=False)
    assert home["type"] == "home"
    assert "You are runner and viewer here" in shown
    assert "Europe/Amsterdam" in shown
    assert "Your last runs" not in shown


async def test_who_may_only_read_is_offered_no_training(world: World) -> None:
    """A button that would be refused isn't shown."""
    assert "Train delays" not in json.dumps(await opened(world, NOOR, "All models"))


async def test_a_stranger_sees_an_empty_home(world: World) -> None:
    """One sentence, no model's name."""
    home = await opened(world, GUS, "know you")
    assert len(home["blocks"]) == 1
    assert "delays" not in json.dumps(home)


async def test_a_persons_own_runs_are_listed(world: World) -> None:
    """Those that go on, then the last ones; another person's are not among them."""
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.has_card(key)
    assert "Your runs now" in json.dumps(await opened(world, DANA, "Your runs now"))
    world.trained(key)
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    home = json.dumps(await opened(world, DANA, "Your last runs"), ensure_ascii=False)
    assert "✅ *delays* v1" in home
    assert "Your runs now" not in home
    assert "✅" not in json.dumps(await opened(world, OMAR, "All models"), ensure_ascii=False)


async def test_a_question_on_the_home_tab_is_answered_directly(world: World) -> None:
    """There is no channel: the answer is a direct message."""
    actor = world.slack.as_user(DANA)
    home = await opened(world, DANA, "All models")
    assert (await actor.view_action(home["id"], button(home, "All models"))).acked
    [answer] = await world.slack.wait_for(lambda: world.slack.messages(DANA))
    assert answer.text == "1 model: delays"
    assert world.slack.messages(TRAINING) == []


async def test_a_run_started_on_the_home_tab_has_its_card_there(world: World) -> None:
    """A button opens the form; the card is a direct message, and the tab shows the run."""
    actor = world.slack.as_user(DANA)
    home = await opened(world, DANA, "Train delays")
    await actor.view_action(home["id"], button(home, "Train delays"))
    [form] = actor.modals
    await actor.submit(form["id"], {})
    await world.has_card(await world.run_key())
    [card] = [each for each in world.slack.messages(DANA) if each.blocks]
    assert "delays waits for its turn" in card.text
    await world.slack.wait_for(lambda: "Your runs now" in json.dumps(actor.home))
    assert len(world.started()) == 1


def lines(view: View, title: str) -> list[str]:
    """The lines below this header, up to what comes next."""
    found: list[str] = []
    heads = [at for at, block in enumerate(view["blocks"]) if block["type"] == "header" and title in json.dumps(block)]
    for block in view["blocks"][heads[0] + 1 :] if heads else ():
        if block["type"] != "section":
            break
        found.append(block["text"]["text"])
    return found


async def holds(world: World, version: str, how: How) -> None:
    """Let this version be in production."""
    move = Move(id=f"to-{version}", registered_model="delays", alias="production", before=None, after=version, how=how)
    await world.station.store.ledger.add(move)


async def test_an_owner_sees_what_is_in_production_and_when_it_trains(world: World) -> None:
    """The schedule that runs first is named, the rest counted; one that is paused doesn't count."""
    await holds(world, "11", How.PROMOTION)
    monday = await made(world)
    assert "v11 since <!date^" in lines(await opened(world, OMAR, "Your models"), "Your models")[0]
    [line] = lines(await opened(world, OMAR, "· trains"), "Your models")
    assert line.endswith("· trains Mondays 06:00 (Amsterdam)")  # Omar's clock is another one
    await made(world, "schedule delays on the 31st of december at 04:00 --tz UTC max_iter=100")
    [line] = lines(await opened(world, OMAR, "more"), "Your models")
    assert line.endswith("· trains Mondays 06:00 (Amsterdam) and 1 more")
    configure(world, ("owners: [U0OMAR]", f"owners: [U0OMAR, {DANA}]"))
    [line] = lines(await opened(world, DANA, "more"), "Your models")
    assert line.endswith("· trains Mondays 06:00 and 1 more")
    await world.type(DANA, f"pause {monday.id}")
    await world.card("Dana paused delays")
    [line] = lines(await opened(world, OMAR, "(UTC)"), "Your models")
    assert line.endswith("(UTC)")
    assert "Mondays" not in line


async def test_what_the_bot_found_in_production_has_no_date(world: World) -> None:
    """Nobody knows since when it is; and without a schedule nothing is said of one."""
    await holds(world, "3", How.ADOPTED)
    assert lines(await opened(world, OMAR, "production v3"), "Your models") == ["*delays* · production v3"]


async def test_a_dag_with_times_of_its_own_trains_then(world: World) -> None:
    """Airflow says when."""
    moment = datetime.now(UTC) + timedelta(hours=3)
    world.airflow.add_dag(PIPELINE.model_copy(update={"next_run": moment}))
    await world.station.catalogue.refresh()
    [line] = lines(await opened(world, OMAR, "· trains"), "Your models")
    assert f"trains <!date^{int(moment.timestamp())}^" in line


async def test_ones_own_schedules_are_listed_and_open(world: World) -> None:
    """Those of nobody else, each with a button for its page; models that one doesn't own are not listed."""
    kept = await made(world)
    home = await opened(world, DANA, "Your schedules")
    [line] = lines(home, "Your schedules")
    assert line.startswith("🗓 *delays* Mondays 06:00 (Amsterdam) · next <!date^")
    assert "Dana" not in line
    assert lines(home, "Your models") == []
    assert lines(await opened(world, OMAR, "All models"), "Your schedules") == []
    accessories = [block["accessory"] for block in home["blocks"] if block.get("accessory")]
    assert [each["value"] for each in accessories] == [f"schedules {kept.id}"]
    assert (await world.slack.as_user(DANA).view_action(home["id"], accessories[0]["action_id"])).acked
    [answer] = await world.slack.wait_for(lambda: world.slack.messages(DANA))
    assert "Mondays" in json.dumps(answer.blocks) or "Monday" in answer.text


async def test_a_long_list_says_how_much_of_it_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its header; the rest is behind `schedules`."""
    monkeypatch.setattr(commands.home, "MOST_SCHEDULES", 1)
    await made(world)
    await made(world, "schedule delays daily at 02:00 max_iter=100")
    home = await opened(world, DANA, "Your schedules")
    assert len(lines(home, "Your schedules (1 of 2)")) == 1
