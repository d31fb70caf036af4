"""Messages that are posted once: what becomes of an attempt whose outcome nobody knows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.chat import PAGES, SlackChat
from bot.conversation import posting
from bot.conversation.answerable import Answerable
from bot.conversation.posting import Posting
from bot.errors import ServiceDown
from bot.messages.render import Rendered
from bot.slack.answers import TIMEOUT
from bot.store import Store
from bot.store.posts import Post
from bot.uptime import STOPPED, uptime
from demo.slack.content import Content
from demo.slack.standin import StandIn

TRAINING, DANA = "C0TRAINING", "U0DANA"
RIGHT = time.time  # whatever a test makes of it
CARD = Rendered(text="the card", blocks=[])


@dataclass
class Clock:
    """Slack's, which can be set back."""

    ago: float = 0.0

    def __call__(self) -> float:
        return RIGHT() - self.ago


@dataclass
class Office:
    """Who posts, and where it is seen."""

    slack: StandIn
    store: Store
    posting: Posting
    clock: Clock

    def another(self) -> Posting:
        """Of another process: it knows what is in the store."""
        return Posting(self.posting._chat, self.store, Answerable(self.store))

    async def try_once(self) -> None:
        """Post, and lose Slack's answer."""
        self.slack.faults.lose("chat.postMessage")
        with pytest.raises(ServiceDown):
            await self.posting.once("a card", TRAINING, CARD)

    def chatter(self, messages: int, *, ago: float = 0.0) -> None:
        """Let somebody else say so much, so many seconds ago."""
        self.clock.ago = ago
        for number in range(messages):
            self.slack.backend.workspace.post(TRAINING, DANA, Content(f"word {number}", []))
        self.clock.ago = 0.0

    def cards(self) -> list[str]:
        """What the bot has posted."""
        return [each.text for each in self.slack.messages(TRAINING) if each.bot_id]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with StandIn(rate_limits=False, clock=(clock := Clock())) as slack:
        store, chat = await Store.open(f"sqlite:///{tmp_path}/bot.db"), SlackChat(slack.bot_token, slack.api_url)
        await chat.open()
        yield Office(slack, store, Posting(chat, store, Answerable(store)), clock)
        await chat.close()
        await store.close()


async def test_a_post_whose_answer_was_lost_is_found(office: Office) -> None:
    """Also behind what others have said since."""
    await office.try_once()
    office.chatter(250)
    await office.posting.once("a card", TRAINING, CARD)
    assert office.cards() == ["the card"]


@pytest.mark.parametrize("ahead", [86_400.0, -86_400.0])
async def test_a_post_is_found_though_every_clock_here_is_wrong(
    office: Office, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """Slack's own clock says when it was tried, behind whatever was said before and since."""
    office.chatter(PAGES * 100, ago=3_600.0)
    now = office.store.database.now
    office.store.database.now = now + ahead
    monkeypatch.setattr(time, "time", lambda: RIGHT() + ahead)
    await office.try_once()
    monkeypatch.undo()
    office.store.database.now = now
    office.chatter(PAGES * 100, ago=-3_600.0)
    await office.posting.once("a card", TRAINING, CARD)
    assert office.cards() == ["the card"]


async def test_what_is_tried_once_more_is_looked_for_where_it_was_tried_last(office: Office) -> None:
    """The first attempt came to nothing; the second did, much later, and its answer was lost."""
    began = office.posting._chat.now() - 7_200.0
    await office.store.posts.attempt("a card", TRAINING, "a nonce", began)
    await office.try_once()
    await office.posting.once("a card", TRAINING, CARD)
    assert office.cards() == ["the card"]


async def test_a_post_that_never_was_is_posted_unmarked(office: Office) -> None:
    """However much was said in the hour before: everything since the attempt was read."""
    office.chatter(PAGES * 100 + 1, ago=600.0)
    office.slack.faults.drop("chat.postMessage")
    with pytest.raises(ServiceDown):
        await office.posting.once("a card", TRAINING, CARD)
    await office.posting.once("a card", TRAINING, CARD)
    assert office.cards() == ["the card"]


async def test_who_was_stopped_after_noting_a_post_looks_before_making_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process took its work over meanwhile, and has posted: the channel tells."""
    monkeypatch.setattr(posting, "LANDED", 1)
    note = office.store.posts.attempt

    async def noted_and_stopped(key: str, channel: str, nonce: str, at: float) -> Post:
        attempt = await note(key, channel, nonce, at)
        monkeypatch.setattr(office.store.posts, "attempt", note)
        await office.posting.once(key, channel, CARD)  # the other one: it finds an attempt and no message
        monkeypatch.setattr(posting, "uptime", lambda: uptime() + 60.0)
        return attempt

    monkeypatch.setattr(office.store.posts, "attempt", noted_and_stopped)
    await office.posting.once("a card", TRAINING, CARD)
    assert office.cards() == ["the card"]


async def test_a_post_that_slack_has_not_done_yet_is_waited_for(office: Office) -> None:
    """Whoever takes the work over finds nothing in the channel so far; the first one's post is on its way."""
    office.slack.faults.delay("chat.postMessage", 2.0)
    first = asyncio.create_task(office.posting.once("a card", TRAINING, CARD))
    await asyncio.sleep(0.5)
    heir = await office.another().once("a card", TRAINING, CARD)
    assert heir == await first
    assert office.cards() == ["the card"]


async def test_a_post_that_was_given_up_is_waited_for(office: Office) -> None:
    """A process that is told to stop frees its work at once, while Slack still does what it was asked."""
    office.slack.faults.delay("chat.postMessage", 2.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(office.posting.once("a card", TRAINING, CARD), 0.5)
    assert office.cards() == []
    await asyncio.gather(*(office.another().once("a card", TRAINING, CARD) for _ in range(3)))
    assert office.cards() == ["the card"]


async def test_of_many_who_find_no_post_one_makes_it(office: Office) -> None:
    """The attempt came to nothing long ago; each of them has looked for it."""
    await office.store.posts.attempt("a card", TRAINING, "a nonce", office.posting._chat.now() - 60.0)
    office.slack.faults.delay("conversations.history", 0.5, times=5)
    places = await asyncio.gather(*(office.another().once("a card", TRAINING, CARD) for _ in range(5)))
    assert office.cards() == ["the card"]
    assert len(set(places)) == 1


async def test_of_two_who_try_at_the_same_instant_one_posts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's dates are cut to the second: after an answer two processes may take the same instant for now."""
    instant = office.posting._chat.now()
    monkeypatch.setattr(office.posting._chat, "now", lambda: instant)
    for key, ago in (("first", None), ("again", 60.0)):
        if ago:
            await office.store.posts.attempt(key, TRAINING, "a nonce", instant - ago)
        await asyncio.gather(*(office.another().once(key, TRAINING, CARD) for _ in range(2)))
    assert office.cards() == ["the card", "the card"]  # one for each key


def test_landed_is_longer_than_a_post_can_last() -> None:
    """From the note of it to the moment at which Slack can't be doing it any more."""
    assert posting.LANDED > STOPPED + TIMEOUT


async def test_where_more_was_said_since_than_is_read_it_is_marked(office: Office) -> None:
    """Nobody can tell whether the first attempt is there, so the second one says that it is one."""
    await office.try_once()
    office.chatter(PAGES * 100)
    await office.posting.once("a card", TRAINING, CARD)
    assert office.cards() == ["the card", "the card (resent)"]
