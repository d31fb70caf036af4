"""What tests of promotions do all the time: two versions, a request, votes, and the deploy DAG."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import bot.conversation.posting
import bot.following.redrawing
import bot.promoting.carrying
import bot.promoting.copying
import bot.promoting.deploying
import bot.promoting.flow
import bot.promoting.rollback
import bot.slack.edits
from bot.domain import Pipeline, RunKey, TaskSpec, TaskState
from bot.store import Promotion
from demo.slack.messages import Message
from tests.app.conftest import DANA, TRAINING, World
from tests.app.training import trained
from tests.until import until

DEPLOYS = Pipeline(dag_id="deploy_delays", tasks=(TaskSpec(task_id="score", title="score"),))
GATES = """
    promotion:
      gates:
        auc: {at_least: 0.65, max_drop: 0.01}
      min_rows: 1000
      deploy: deploy_delays
"""


def promotable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give delays gates and a DAG that deploys it, in a hurry."""
    hurry(monkeypatch)
    world.airflow.add_dag(DEPLOYS, tags=())
    world.config.write_text(world.config.read_text(encoding="utf-8") + GATES, encoding="utf-8")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what waits for services look again at once, and as many edits be made as there are; Slack is quick here."""
    monkeypatch.setattr(bot.slack.edits.EditBudget, "take", _free)
    monkeypatch.setattr(bot.conversation.posting, "LANDED", 0)
    for module, name in (
        (bot.following.redrawing, "AFTER"),
        (bot.promoting.carrying, "IN_TURN"),
        (bot.promoting.copying, "IN_TURN"),
        (bot.promoting.deploying, "LOOK_EVERY"),
        (bot.promoting.deploying, "ASK_AGAIN"),
        (bot.promoting.flow, "ASK_AGAIN"),
        (bot.promoting.rollback, "ASK_AGAIN"),
        (bot.promoting.rollback, "IN_TURN"),
    ):
        monkeypatch.setattr(module, name, 0.05)


async def _free(_: object, *, live: bool) -> float:
    """No time to wait for an edit."""
    return 0.0


def configure(world: World, *changes: tuple[str, str]) -> None:
    """Change the configuration file's text."""
    text = world.config.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    world.config.write_text(text, encoding="utf-8")


async def two_versions(world: World) -> None:
    """v1 is in production, adopted; v2 is better, and Dana's too."""
    await trained(world, "1", auc=0.671)
    world.mlflow.move_alias("delays", "production", "1")
    await trained(world, "2", auc=0.712)


async def ask(world: World, text: str = "promote delays", person: str = DANA, channel: str = TRAINING) -> Message:
    """Type it; the request's card, once the store knows where it stands."""
    before = {each.ts for each in world.slack.messages(channel)}  # a count would fall when one of them is decided
    await world.type(person, text, channel)

    def card() -> Message | None:
        new = [each for each in world.slack.messages(channel) if each.ts not in before and "asks to put" in each.text]
        return new[-1] if new else None

    found = await world.slack.wait_for(card)
    await until(lambda: world.station.store.promotions.of_card(channel, found.ts))
    return found


async def click(world: World, person: str, card: Message, button: str) -> str:
    """Click; what the person alone is then shown."""
    before = len(world.slack.ephemerals(person, card.channel))
    await world.slack.as_user(person).click(card.channel, card.ts, button)
    shown = await world.slack.wait_for(lambda: world.slack.ephemerals(person, card.channel)[before:])
    return shown[-1].text


async def reject(world: World, person: str, card: Message, reason: str) -> None:
    """Click Reject…, and submit the form with this reason."""
    actor = world.slack.as_user(person)
    await actor.click(card.channel, card.ts, "reject")
    [form] = await world.slack.wait_for(lambda: actor.modals)
    await actor.submit(form["id"], {"reason": {"reason": reason}})


def now(world: World, card: Message) -> Message:
    """The card as it reads now."""
    return next(each for each in world.slack.messages(card.channel) if each.ts == card.ts)


async def becomes(world: World, card: Message, words: str) -> Message:
    """The card, once it says so."""

    def reads() -> Message | None:
        found = now(world, card)
        return found if words in said(found) else None

    try:
        return await world.slack.wait_for(reads)
    except TimeoutError:
        raise TimeoutError(f"the card says: {said(now(world, card))}") from None


def said(card: Message) -> str:
    """Everything on the card, as JSON, and its text."""
    return card.text + json.dumps(card.blocks, ensure_ascii=False)


def buttons(card: Message) -> list[str]:
    """The labels of its buttons."""
    rows = [each["elements"] for each in card.blocks if each["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


def button(card: Message, label: str) -> str:
    """The action id of the button with this label."""
    elements = [one for each in card.blocks if each["type"] == "actions" for one in each["elements"]]
    found: str = next(one["action_id"] for one in elements if one["text"]["text"] == label)
    return found


async def settled(world: World, state: str) -> Promotion:
    """The newest request, once it is in this state."""
    return await newest(world, lambda found: found.state == state)


async def newest(world: World, holds: Callable[[Promotion], bool]) -> Promotion:
    """The newest request, once it is so."""

    async def look() -> Promotion | None:
        promotions = await world.station.store.promotions.of_model("delays")
        return promotions[0] if promotions and holds(promotions[0]) else None

    return await until(look)


def deployment(world: World) -> RunKey | None:
    """The run of the deploy DAG that was started last."""
    keys = [call.args[0] for call in world.airflow.calls if call.name == "start"]
    return next((key for key in reversed(keys) if key.dag_id == "deploy_delays"), None)


async def audited(world: World, outcome: str) -> None:
    """Returns once the last row about a promotion says so."""

    async def last() -> bool:
        return (await world.audit("promote"))[-1].outcome == outcome

    await until(last)


async def _running(world: World) -> RunKey:
    """The run of the deploy DAG, once Airflow has it and it goes on."""

    async def look() -> RunKey | None:
        key = deployment(world)
        run = await world.airflow.run(key) if key else None
        return key if run and not run.state.over else None

    return await until(look)


async def deployed(world: World, *, ok: bool = True) -> dict[str, Any]:
    """Let the deployment that goes on end; what it was started with."""
    key = await _running(world)
    if ok:
        world.airflow.set_task(key, "score", TaskState.SUCCESS, summary="scored 12,040 rows")
    else:
        world.airflow.set_task(key, "score", TaskState.FAILED, failure="ValueError: no rows")
    world.airflow.finish(key, ok=ok)
    run = await world.airflow.run(key)
    assert run is not None
    return run.conf
