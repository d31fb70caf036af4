"""A run that its model's owners have to agree to: asked on its card, answered by who may, started once or never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import bot.launching.asking
import commands.run
from bot.app import running
from bot.errors import ServiceDown
from bot.jobs.table import Claim, JobTable
from bot.launching.budget import month_of
from demo.slack.messages import Message
from tests.app.conftest import ADA, DANA, DELAYS, GENERAL, NOOR, OMAR, TRAINING, World, settings_for

POOR = ("everyone: 25", "everyone: 0.5")  # a first run may cost $1


@pytest.fixture
async def world(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Nobody has money left for a run without history; services that are away are asked again at once."""
    monkeypatch.setattr(commands.run, "ASK_AGAIN", 0.1)
    monkeypatch.setattr(bot.launching.asking, "ASK_AGAIN", 0.1)
    configure(world, POOR)
    yield world
    world.airflow.recover()


def configure(world: World, *changes: tuple[str, str]) -> None:
    """Change the configuration file's text."""
    text = world.config.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    world.config.write_text(text, encoding="utf-8")


async def asked(world: World, text: str = "run delays --yes", person: str = DANA) -> Message:
    """Type it; the card that then asks."""
    await world.type(person, text)
    return await world.card("waits for an owner to agree")


async def click(world: World, person: str, card: Message, button: str) -> str:
    """Click; what the person alone is then shown."""
    before = len(world.slack.ephemerals(person, card.channel))
    await world.slack.as_user(person).click(card.channel, card.ts, button)
    shown = await world.slack.wait_for(lambda: world.slack.ephemerals(person, card.channel)[before:])
    return shown[-1].text


async def outcomes(world: World, action: str = "price") -> list[str]:
    return [row.outcome for row in await world.audit(action)]


async def spent_by_dana(world: World) -> int:
    """What Dana has spent or reserved this month, in millionths."""
    month = month_of(datetime.now(UTC), ZoneInfo("Europe/Amsterdam"))
    return (await world.station.store.charges.spent([f"person:{DANA}"], month, "USD"))[f"person:{DANA}"]


async def test_over_budget_the_card_asks_its_owner(world: World) -> None:
    """Why, what and whom; the owner is mentioned, and nothing is started or reserved meanwhile."""
    card = await asked(world, "run delays learning_rate=0.1 --reason rain")
    said = json.dumps(card.blocks, ensure_ascii=False)
    assert "It may cost $1, with $0.50 of $0.50 left this month." in said
    assert "learning_rate 0.1 (default 0.05) · on one-core · “rain”" in said
    assert f"<@{OMAR}>, may it start? Until" in said
    assert [element["text"]["text"] for element in card.blocks[-1]["elements"]] == ["Start it", "Decline"]
    assert (world.started(), await spent_by_dana(world)) == ([], 0)


async def test_agreed_the_run_starts_and_the_same_message_is_its_card(world: World) -> None:
    """Its requester is told in the thread; what was agreed to is reserved; the audit trail has both people."""
    card = await asked(world)
    assert await click(world, OMAR, card, "agree") == "You agreed: the run of delays starts."
    started = await world.card("waits for its turn")
    assert started.ts == card.ts
    assert "Start it" not in json.dumps(started.blocks)
    assert "Omar agreed" in json.dumps(started.blocks)
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    assert [reply.text for reply in replies] == ["<@U0DANA> Omar agreed: the run of delays starts."]
    assert len(world.started()) == 1
    assert await spent_by_dana(world) == 1_000_000
    assert [(row.actor, row.outcome) for row in await world.audit("price")] == [(DANA, "asking"), (OMAR, "agreed")]
    await world.has_card(await world.run_key())
    assert len(world.slack.messages(TRAINING)) == 1


async def test_declined_it_is_not_started(world: World) -> None:
    """The card says by whom and has no buttons, its requester is told, nothing is charged."""
    card = await asked(world)
    await click(world, OMAR, card, "decline")
    closed = await world.card("Omar declined")
    assert closed.ts == card.ts
    assert "actions" not in [block["type"] for block in closed.blocks]
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    assert replies[0].text == "<@U0DANA> Omar declined: the run of delays was not started."
    assert (world.started(), await spent_by_dana(world)) == ([], 0)
    assert await outcomes(world) == ["asking", "declined"]


async def test_who_asked_may_withdraw(world: World) -> None:
    """Declining one's own request takes no right."""
    card = await asked(world)
    assert "You declined" in await click(world, DANA, card, "decline")
    await world.card("Dana declined")
    assert world.started() == []


@pytest.mark.parametrize(
    ("person", "button", "said"),
    [
        (DANA, "agree", "This is your own run: somebody else has to agree to it."),
        (NOOR, "agree", "Only owners of delays may answer this."),
        (NOOR, "decline", "Only owners of delays may answer this."),
    ],
)
async def test_nobody_else_may_answer(world: World, person: str, button: str, said: str) -> None:
    """The refusal is audited, and the question stands."""
    card = await asked(world)
    assert said in await click(world, person, card, button)
    assert await outcomes(world) == ["asking", "refused"]
    await click(world, OMAR, card, "agree")
    await world.card("waits for its turn")


async def test_an_owner_over_budget_needs_somebody_else(world: World) -> None:
    """Omar can't agree to his own run; the admins are asked, as there is no other owner."""
    card = await asked(world, person=OMAR)
    assert f"<@{ADA}>" in json.dumps(card.blocks)
    assert "somebody else has to agree" in await click(world, OMAR, card, "agree")
    await click(world, ADA, card, "agree")
    await world.card("waits for its turn")
    assert len(world.started()) == 1


async def test_of_two_answers_the_first_counts(world: World) -> None:
    """However close: one start or none, and the other is told that it is decided."""
    card = await asked(world)
    clicks = [world.slack.as_user(OMAR).click(TRAINING, card.ts, "agree"),
              world.slack.as_user(ADA).click(TRAINING, card.ts, "decline")]  # fmt: skip
    await asyncio.gather(*clicks)
    await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    late = [each.text for person in (OMAR, ADA) for each in world.slack.ephemerals(person, TRAINING)]
    await world.slack.wait_for(lambda: world.slack.ephemerals(OMAR, TRAINING) and world.slack.ephemerals(ADA, TRAINING))
    late = [each.text for person in (OMAR, ADA) for each in world.slack.ephemerals(person, TRAINING)]
    assert sum("decided already" in text for text in late) == 1
    agreed = "agreed" in await outcomes(world)
    assert len(await outcomes(world)) == 2
    await asyncio.sleep(0.2)
    assert len(world.started()) == agreed


async def test_a_question_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day nothing starts any more; a click comes too late."""
    monkeypatch.setattr(bot.launching.asking, "WAITS", 0.5)
    card = await asked(world)
    closed = await world.card("Nobody agreed within a day", timeout=10)
    assert closed.ts == card.ts
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    assert "nobody agreed within a day" in replies[0].text
    assert await outcomes(world) == ["asking", "expired"]
    assert world.started() == []


async def test_what_only_owners_may_can_be_asked_of_them(world: World) -> None:
    """The refusal has a button; agreed, the run goes beyond the contract, this once."""
    configure(world, POOR[::-1])
    await world.type(DANA, "run delays max_iter=501")
    refusal = world.slack.ephemerals(DANA, TRAINING)[-1]
    button = refusal.blocks[-1]["elements"][0]
    assert (button["text"]["text"], button["value"]) == ("Ask its owner, Omar", "run delays max_iter=501 --ask")
    assert "refused" in await outcomes(world, "run")
    await world.slack.as_user(DANA).click(TRAINING, refusal.ts, button["action_id"])
    card = await world.card("waits for an owner to agree")
    assert "Only owners may change max_iter above 500 (Dana asked for 501)." in json.dumps(card.blocks)
    assert "max_iter 501 (default 200) · on one-core · may cost $1" in json.dumps(card.blocks, ensure_ascii=False)
    await click(world, OMAR, card, "agree")
    await world.card("waits for its turn")
    assert world.started()[0]["max_iter"] == 501


async def test_above_the_owners_threshold_they_are_asked(world: World) -> None:
    """Others are; the owner is not asked for a run of his own."""
    configure(world, POOR[::-1])
    card = await asked(world, "run delays --compute two-cores")
    assert "It may cost $3, and its owners are asked above $2." in json.dumps(card.blocks)
    assert await world.type(OMAR, "run delays --compute two-cores --yes") == ""
    await world.slack.wait_for(lambda: world.started())
    assert world.started()[0]["stationmaster"]["person"] == OMAR


async def test_of_two_starts_at_one_instant_one_has_to_ask(world: World) -> None:
    """There is money for one: the other waits, whichever was later."""
    configure(world, ("everyone: 0.5", "everyone: 1.5"))
    await asyncio.gather(world.type(DANA, "run delays --yes"), world.type(DANA, "run delays --yes"))
    await world.card("waits for its turn")
    await world.card("waits for an owner to agree")
    assert len(world.started()) == 1
    assert sorted(await outcomes(world)) == ["asking", "reserved"]


async def test_where_the_bot_is_no_member_the_models_channel_is_asked(world: World) -> None:
    """And whoever asked is told where."""
    await world.type(DANA, "run delays --yes", GENERAL)
    card = await world.card("waits for an owner", DELAYS)
    assert "I asked in <#C0DELAYS>" in (await world.told(DANA, "I asked", GENERAL)).text
    await click(world, OMAR, card, "agree")
    assert (await world.card("waits for its turn", DELAYS)).ts == card.ts


async def test_where_nobody_can_be_asked_that_is_told(world: World) -> None:
    """No owner, no admin: the run isn't started, and doesn't wait."""
    configure(world, ("owners: [U0OMAR]", "owners: []"), ("admins: [U0ADA]", "admins: []"))
    await world.type(DANA, "run delays --yes")
    assert "there is nobody whom I could ask" in (await world.told(DANA, "needs an owner")).text
    assert await outcomes(world) == ["asking", "expired"]


async def test_a_day_old_agreement_is_not_too_late(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is stale an hour after it was agreed to, not after it was asked for."""
    card = await asked(world)
    monkeypatch.setattr(commands.run, "STALE_AFTER", 1.0)
    await asyncio.sleep(1.2)
    await click(world, OMAR, card, "agree")
    await world.card("waits for its turn")


async def test_agreed_but_refused_the_card_says_so(world: World) -> None:
    """The DAG was paused while it waited: nothing is charged."""
    card = await asked(world)
    world.airflow.pause("train_delays")
    await click(world, OMAR, card, "agree")
    assert (await world.card("was not started: delays can't be trained now")).ts == card.ts
    assert await spent_by_dana(world) == 0


# ---- what is left when the bot stops, or a service is away, between two steps ------------------------------------


async def test_a_question_survives_a_restart(world: World, tmp_path: Path) -> None:
    """Asked by one process, answered to the next: one run, on the same card."""
    card = await asked(world)
    await world.station.jobs.stop()
    async with running(
        settings_for(world.slack, tmp_path, world.config, DATABASE_URL=world.database), world.airflow, world.mlflow
    ):
        await click(world, OMAR, card, "agree")
        assert (await world.card("waits for its turn", timeout=20)).ts == card.ts
    assert len(world.started()) == 1


async def test_an_answer_that_was_kept_is_carried_out_after_a_restart(world: World, tmp_path: Path) -> None:
    """The process died between the click and the start."""
    card = await asked(world)
    await world.station.jobs.stop()
    await click(world, OMAR, card, "agree")
    assert world.started() == []
    async with running(
        settings_for(world.slack, tmp_path, world.config, DATABASE_URL=world.database), world.airflow, world.mlflow
    ):
        assert (await world.card("waits for its turn", timeout=20)).ts == card.ts
    assert len(world.started()) == 1
    assert await outcomes(world) == ["asking", "agreed"]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_lost_answer_of_slack_asks_and_starts_once(world: World, method: str) -> None:
    """One question, one card, one run, one reply."""
    world.slack.faults.lose(method)
    card = await asked(world)
    await click(world, OMAR, card, "agree")
    await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    await world.has_card(await world.run_key())
    assert len(world.slack.messages(TRAINING)) == 1
    assert len(world.slack.replies(TRAINING, card.ts)) == 1
    assert len(world.started()) == 1


async def test_agreed_while_airflow_is_away_it_starts_when_that_is_back(world: World) -> None:
    """The agreement is kept, and its money with it."""
    card = await asked(world)
    world.airflow.fail_with(ServiceDown("Airflow", "no answer"), times=3, on="run")
    await click(world, OMAR, card, "agree")
    assert (await world.card("waits for its turn", timeout=20)).ts == card.ts
    assert len(world.started()) == 1
    assert await spent_by_dana(world) == 1_000_000


@pytest.mark.parametrize("step", ["asked", "answered", "answer told", "started", "followed"])
async def test_a_step_that_was_not_remembered_is_done_again_without_harm(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The process died after the step's effect: asked once, started once, told once, charged once."""
    forgotten: list[str] = []
    remember = JobTable.remember

    async def forget(table: JobTable, claim: Claim, name: str, result: str) -> Any:
        if name == f"step:{step}" and not forgotten:
            forgotten.append(name)
            raise ZeroDivisionError("as if the process had died here")
        return await remember(table, claim, name, result)

    monkeypatch.setattr(JobTable, "remember", forget)
    card = await asked(world)
    await click(world, OMAR, card, "agree")
    started = await world.card("waits for its turn", timeout=20)
    await world.has_card(await world.run_key())
    assert forgotten == [f"step:{step}"]
    assert started.ts == card.ts
    assert len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 1
    assert len(world.slack.messages(TRAINING)) == 1
    assert len(world.slack.replies(TRAINING, card.ts)) == 1
    assert await outcomes(world) == ["asking", "agreed"]
    assert await spent_by_dana(world) == 1_000_000
