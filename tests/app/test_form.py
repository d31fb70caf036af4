"""The form that starts a run: opened by a command or a button, filled in, submitted once."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain import Parameter
from demo.slack.views import View
from tests.app.conftest import DANA, DELAYS, OMAR, PIPELINE, TRAINING, World

Inputs = dict[str, dict[str, Any]]


def block(view: View, name: str) -> tuple[str, str]:
    """The block id and the action id of a parameter's field."""
    found = next(each for each in view["blocks"] if each["block_id"] == f"param:{name}")
    return found["block_id"], found["element"]["action_id"]


def filled(view: View, **values: Any) -> Inputs:
    """What somebody typed, by parameter."""
    return {place[0]: {place[1]: value} for name, value in values.items() for place in [block(view, name)]}


async def opened(world: World, person: str = DANA, text: str = "run delays") -> View:
    """The form, as it is open now."""
    await world.type(person, text)
    return world.slack.as_user(person).modals[-1]


async def test_a_run_without_values_opens_the_form(world: World) -> None:
    """With a field for each parameter, what the machine costs, and nothing started."""
    form = await opened(world)
    shown = json.dumps(form, ensure_ascii=False)
    assert form["title"]["text"] == "Train delays"
    assert all(f"param:{each.name}" in shown for each in PIPELINE.parameters)
    assert "Machine" in shown
    assert "no history yet" in shown
    assert world.started() == []


async def test_what_is_filled_in_is_started(world: World) -> None:
    """With the types that the DAG wants, only what differs from the defaults, and the reason on the card."""
    form = await opened(world)
    inputs = filled(form, learning_rate="0.1", max_iter="300", **{"stationmaster.reason": "more rain"})
    outcome = await world.slack.as_user(DANA).submit(form["id"], inputs)
    assert outcome.acked
    card, _ = await world.followed_run()
    conf = world.started()[0]
    assert {name: value for name, value in conf.items() if name != "stationmaster"} == {
        "learning_rate": 0.1, "max_iter": 300,
    }  # fmt: skip
    assert conf["stationmaster"]["reason"] == "more rain"
    assert card.channel == TRAINING
    assert "“more rain”" in str(card.blocks)
    assert world.slack.as_user(DANA).modals == []


async def test_a_wrong_value_is_refused_at_its_field(world: World) -> None:
    """By the DAG's own rule, in words; the form stays open, and nothing is started."""
    form = await opened(world)
    outcome = await world.slack.as_user(DANA).submit(form["id"], filled(form, months="x" * 201))
    [error] = (outcome.errors or {}).values()
    assert "too long" in error
    assert len(world.slack.as_user(DANA).modals) == 1
    assert world.started() == []


async def test_typed_values_need_no_form(world: World) -> None:
    """And `--yes` takes the defaults."""
    await world.type(DANA, "run delays learning_rate=0.1")
    await world.type(DANA, "run delays --yes")
    await world.slack.wait_for(lambda: len(world.started()) == 2)
    assert world.slack.as_user(DANA).modals == []


async def test_a_form_that_is_submitted_again_is_the_same_run(world: World) -> None:
    """Whoever presses the button twice, or a delivery that comes twice."""
    form = await opened(world)
    actor = world.slack.as_user(DANA)
    draft = form["private_metadata"].split()[-1]
    await actor.submit(form["id"], {})
    await world.followed_run()
    job = await world.station.jobs.get(f"form:{draft}")
    assert job is not None
    again = await opened(world)
    assert again["private_metadata"] != form["private_metadata"]
    assert len(world.started()) == 1


async def test_a_dag_that_changed_meanwhile_shows_the_form_anew(world: World) -> None:
    """With what was filled in, and a word about it; the second submission starts."""
    form = await opened(world)
    more = Parameter(name="depth", rule={"type": "integer"}, default=3)
    world.airflow.add_dag(PIPELINE.model_copy(update={"parameters": (*PIPELINE.parameters, more)}))
    await world.station.catalogue.refresh()
    actor = world.slack.as_user(DANA)
    await actor.submit(form["id"], filled(form, learning_rate="0.2"))
    [again] = actor.modals
    assert "changed meanwhile" in json.dumps(again)
    assert "param:depth" in json.dumps(again)
    assert world.started() == []
    await actor.submit(again["id"], {})
    await world.followed_run()
    assert world.started()[0]["learning_rate"] == 0.2


async def test_what_only_owners_may_is_said(world: World) -> None:
    """The form closes, the refusal has a button that asks them."""
    form = await opened(world)
    await world.slack.as_user(DANA).submit(form["id"], filled(form, max_iter="501"))
    refused = await world.told(DANA, "Only owners of delays may")
    assert "Ask its owner, Omar" in str(refused.blocks)
    assert world.started() == []


async def test_a_form_of_somebody_else_is_not_mine(world: World) -> None:
    """A draft belongs to who opened it."""
    form = await opened(world)
    draft = form["private_metadata"].split()[-1]
    async with world.station.store.write() as tx:
        await tx.execute(sa.text("UPDATE draft SET person = :person WHERE id = :id"), {"person": OMAR, "id": draft})
    await world.slack.as_user(DANA).submit(form["id"], {})
    [notice] = world.slack.as_user(DANA).modals
    assert "no longer open" in json.dumps(notice)
    assert world.started() == []


async def test_where_no_form_can_open_a_button_does(world: World) -> None:
    """A mention opens nothing: Slack gives a chance for clicks and commands only."""
    await world.slack.as_user(DANA).say(TRAINING, "@stationmaster run delays")
    offered = await world.told(DANA, "A click opens the form")
    await world.slack.as_user(DANA).click(TRAINING, offered.ts, "say:1")
    assert (await world.slack.wait_for(lambda: world.slack.as_user(DANA).modals))[0]["callback_id"] == "run_form"


@pytest.mark.parametrize("person", [OMAR])
async def test_the_card_stands_where_the_form_was_asked_for(world: World, person: str) -> None:
    """In the channel of the command."""
    await world.slack.as_user(person).slash(DELAYS, "/train run delays")
    await world.slack.as_user(person).submit(world.slack.as_user(person).modals[-1]["id"], {})
    assert (await world.card("delays", DELAYS)).channel == DELAYS
