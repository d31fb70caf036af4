"""What is written to the bot in words: a mention in a channel, a direct message."""

from __future__ import annotations

import asyncio

import pytest

from demo.slack.messages import Message
from tests.app.conftest import DANA, GENERAL, GUS, TRAINING, World

ME = "U0STATION"


@pytest.mark.parametrize("words", ["@stationmaster models", "hello @stationmaster models"])
async def test_a_mention_is_a_command(world: World, words: str) -> None:
    """What stands after the bot's name is carried out, and the answer shown to the asking person alone."""
    await world.slack.as_user(DANA).say(TRAINING, words)
    answer = await world.told(DANA, "1 model")
    assert answer.shown_to == DANA
    assert [each.user for each in world.slack.messages(TRAINING)] == [DANA]


async def test_a_bare_mention_opens_the_launcher(world: World) -> None:
    """As `/train` alone does."""
    await world.slack.as_user(DANA).say(TRAINING, "@stationmaster")
    assert "I train models from Slack" in (await world.told(DANA, "I train models")).text


async def test_a_run_by_mention_is_one_run_however_often_it_is_delivered(world: World) -> None:
    """Slack repeats an event where it is unsure; the run is started once, and nobody is told twice."""
    world.slack.deliveries.events.duplicate_next()
    await world.slack.as_user(DANA).say(TRAINING, "@stationmaster run delays learning_rate=0.1")
    await world.has_card(await world.run_key())
    await world.slack.deliveries.events.settle()
    assert [conf["learning_rate"] for conf in world.started()] == [0.1]
    assert world.slack.ephemerals(DANA, TRAINING) == []


async def test_a_direct_message_is_a_command(world: World) -> None:
    """With the bot's name or without; the answer comes there."""
    actor = world.slack.as_user(DANA)
    for words in ("models", "@stationmaster models"):
        before = len(world.slack.messages(DANA))
        await actor.say(DANA, words)
        messages = await answered(world, before)
        assert [each.user for each in messages] == [DANA, ME]
        assert messages[-1].text == "1 model: delays"


async def answered(world: World, before: int) -> list[Message]:
    """The direct messages after the first `before`, once there are two."""

    def found() -> list[Message] | None:
        messages = world.slack.messages(DANA)[before:]
        return messages if len(messages) > 1 else None

    return await world.slack.wait_for(found)


async def test_a_stranger_is_refused_in_words_too(world: World) -> None:
    """By whatever door."""
    await world.slack.as_user(GUS).say(TRAINING, "@stationmaster models")
    answer = await world.told(GUS, "know you")
    assert "delays" not in answer.text


async def test_talk_among_people_is_no_command(world: World) -> None:
    """Without the bot's name in a channel, or where the bot is no member, nothing happens."""
    await world.slack.as_user(DANA).say(TRAINING, "models")
    await world.slack.as_user(DANA).say(GENERAL, "@stationmaster models")
    await world.slack.deliveries.events.settle()
    await asyncio.sleep(0.2)
    assert world.slack.ephemerals(DANA, TRAINING) + world.slack.ephemerals(DANA, GENERAL) == []
