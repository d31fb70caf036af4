"""Slack's budget of edits, shared by replicas: fifty a minute, ends first; over a real socket, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bot import chat as adapter
from bot.chat import SlackChat
from bot.domain import Posted
from bot.errors import ServiceDown
from bot.messages.render import Rendered
from bot.slack.edits import EDITS_A_MINUTE, FOR_ENDS, EditBudget
from bot.store import Store
from bot.store.schema import slot
from demo.slack.standin import StandIn
from tests.bot.jobs_kit import execute, opened

CHANNEL = "C0TRAINING"


@asynccontextmanager
async def replica(slack: StandIn, store: Store) -> AsyncIterator[SlackChat]:
    chat = SlackChat(slack.bot_token, slack.api_url, EditBudget(store))
    await chat.open()
    try:
        yield chat
    finally:
        await chat.close()


def message(text: str, *blocks: dict[str, object]) -> Rendered:
    return Rendered(text=text, blocks=list(blocks))


def edits(slack: StandIn) -> int:
    """How many edits Slack was asked for so far."""
    return sum(call.method == "chat.update" for call in slack.calls)


async def shown(slack: StandIn, at: Posted) -> str:
    return next(each.text for each in slack.messages(CHANNEL) if each.ts == at.ts)


async def passed(store: Store, seconds: float) -> None:
    """Let time pass, as the slots have it."""
    await execute(store, slot.update().values(at=slot.c.at - seconds))


async def test_two_replicas_share_fifty_a_minute(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they race, Slack answers no 429; cards that go on leave ten to what can't wait."""
    monkeypatch.setattr(adapter, "EDIT_WITHIN", 2.0)
    later = 0.0
    async with (
        StandIn(clock=lambda: time.time() + later) as slack,
        opened(database) as store,
        opened(database) as other,
        replica(slack, store) as one,
        replica(slack, other) as two,
    ):
        at = await one.post(CHANNEL, message("0"))
        went = await asyncio.gather(
            *((one, two)[number % 2].update(at, message(str(number)), live=True) for number in range(80))
        )
        assert sum(went) == EDITS_A_MINUTE - FOR_ENDS
        ends = await asyncio.gather(
            *((one, two)[number % 2].update(at, message("end")) for number in range(20)), return_exceptions=True
        )
        late = [each for each in ends if isinstance(each, ServiceDown)]
        assert len(late) == 20 - FOR_ENDS
        assert [each.retry_after for each in late if not 10 < (each.retry_after or 0) < 62] == []
        assert edits(slack) == EDITS_A_MINUTE
        assert await EditBudget(store).left() == 0
        later = 62.0
        await passed(other, later)
        assert await two.update(at, message("a minute later"), live=True)
        assert await EditBudget(store).left() == EDITS_A_MINUTE - 1


async def test_an_end_waits_a_little_for_its_turn(database: str) -> None:
    """Where a slot comes free within seconds nobody has to be told to come again."""
    async with StandIn() as slack, opened(database) as store, replica(slack, store) as chat:
        at = await chat.post(CHANNEL, message("0"))
        budget = EditBudget(store)
        for _ in range(EDITS_A_MINUTE):
            assert await budget.take(live=False) == 0
        await passed(store, 60.5)
        begun = time.monotonic()
        assert await chat.update(at, message("end"))
        assert time.monotonic() - begun < 5
        assert await shown(slack, at) == "end"


async def test_a_retry_after_holds_for_every_replica(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is told "later"; the other asks Slack nothing until then. A card that goes on is simply left out."""
    monkeypatch.setattr(adapter, "EDIT_WITHIN", 2.0)
    async with (
        StandIn() as slack,
        opened(database) as store,
        opened(database) as other,
        replica(slack, store) as one,
        replica(slack, other) as two,
    ):
        at = await one.post(CHANNEL, message("0"))
        slack.faults.fail("chat.update", status=429, error="ratelimited", retry_after=30)
        with pytest.raises(ServiceDown) as refused:
            await one.update(at, message("1"))
        assert refused.value.retry_after == 30
        assert not await two.update(at, message("2"), live=True)
        with pytest.raises(ServiceDown) as refused:
            await two.update(at, message("3"))
        assert refused.value.retry_after is not None
        assert 25 < refused.value.retry_after <= 31
        assert edits(slack) == 1, "asked once, and not again"
        await passed(store, 31)
        assert await two.update(at, message("4"))


async def test_a_live_card_that_comes_too_soon_is_left_out(database: str) -> None:
    """The budget then knows."""
    async with StandIn() as slack, opened(database) as store, replica(slack, store) as chat:
        at = await chat.post(CHANNEL, message("0"))
        slack.faults.fail("chat.update", status=429, error="ratelimited", retry_after=30)
        assert not await chat.update(at, message("1"), live=True)
        assert await EditBudget(store).left() == 0


async def test_a_clock_that_was_set_back_stops_no_edits(database: str) -> None:
    """Slots that were taken in what is now the far future count as free."""
    async with opened(database) as store:
        budget = EditBudget(store)
        for _ in range(EDITS_A_MINUTE):
            await budget.take(live=False)
        await passed(store, -7200)
        assert await budget.left() == EDITS_A_MINUTE
        assert await budget.take(live=True) == 0


NO_BLOCK: dict[str, object] = {"type": "nonsense"}


async def test_blocks_that_slack_refuses_go_out_as_text() -> None:
    """Of a post, of an edit, of an answer to a command: nothing is lost, and the log has it."""
    async with StandIn() as slack:
        chat = SlackChat(slack.bot_token, slack.api_url)
        await chat.open()
        try:
            with capture_logs() as logs:
                at = await chat.post(CHANNEL, message("posted", NO_BLOCK))
                assert await shown(slack, at) == "posted"
                await chat.update(at, message("edited", NO_BLOCK))
                assert await shown(slack, at) == "edited"
            assert [line["event"] for line in logs] == ["slack.blocks_refused"] * 2
        finally:
            await chat.close()
