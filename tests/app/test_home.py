"""The home tab: a person's own runs, and buttons whose answers come as direct messages."""

from __future__ import annotations

import json

from bot.domain import RunState
from demo.slack.views import View
from tests.app.conftest import DANA, GUS, NOOR, OMAR, TRAINING, World


async def opened(world: World, person: str, having: str) -> View:
    """The person's home tab, opened anew, once it has these words."""
    actor = world.slack.as_user(person)
    await actor.open_home()
    return await world.slack.wait_for(lambda: actor.home if having in json.dumps(actor.home) else None)


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
