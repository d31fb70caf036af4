"""What time it is at Slack: by the dates of its answers, whatever this machine's clock says."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from bot import chat
from bot.chat import SlackChat


@dataclass
class Clocks:
    """Slack's time, by which it answers, and this machine's uptime."""

    monkeypatch: pytest.MonkeyPatch
    chat: SlackChat = field(default_factory=lambda: SlackChat("xoxb-test", "http://127.0.0.1:9/"))
    slack: float = 1_800_000_000.25  # epoch seconds
    up: float = 500.0

    def __post_init__(self) -> None:
        self.monkeypatch.setattr(chat, "uptime", lambda: self.up)

    def pass_by(self, seconds: float) -> None:
        """Let time go on, here and there."""
        self.slack, self.up = self.slack + seconds, self.up + seconds

    async def ask(self, *, there: float = 0.0, back: float = 0.0, date: str = "") -> None:
        """Call Slack: it takes so many seconds to answer, and so many go by until the answer is read."""

        async def answer() -> SimpleNamespace:
            self.pass_by(there)
            stamped = date or formatdate(self.slack, usegmt=True)
            self.pass_by(back)
            return SimpleNamespace(headers={"Date": stamped}, data={})

        await self.chat._ask(answer())

    @property
    def off(self) -> float:
        """How many seconds the chat's clock is ahead of Slack's."""
        return self.chat.now() - self.slack


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


@pytest.mark.parametrize("wrong", [-86_400.0, -3.0, 0.0, 3.0, 86_400.0])
async def test_a_clock_that_is_wrong_is_set_by_slacks(clocks: Clocks, wrong: float) -> None:
    """To within the second to which a date is cut, and nearer with each answer."""
    clocks.chat._date = clocks.slack - clocks.up + wrong
    await clocks.ask(there=0.1, back=0.1)
    assert abs(clocks.off) < 1.2
    for _ in range(20):
        clocks.pass_by(0.37)
        await clocks.ask()
    assert abs(clocks.off) < 0.1


async def test_an_answer_that_is_read_late_sets_no_clock_back(clocks: Clocks) -> None:
    """A process that was stopped reads what was sent long before."""
    await clocks.ask()
    before = clocks.off
    await clocks.ask(back=30.0)
    assert clocks.off == pytest.approx(before)
    await clocks.ask(there=30.0)
    assert clocks.off == pytest.approx(before)


async def test_one_wrong_date_is_put_right_by_the_next(clocks: Clocks) -> None:
    """And one that can't be read changes nothing."""
    for date in (formatdate(clocks.slack + 3_600, usegmt=True), formatdate(clocks.slack - 3_600, usegmt=True)):
        await clocks.ask(date=date)
        assert abs(clocks.off) > 3_000
        await clocks.ask()
        assert abs(clocks.off) <= 1.0
    before = clocks.off
    for date in ("yesterday", "Sun, 99 Nov 2026 99:00:00 GMT"):
        await clocks.ask(date=date)
    assert clocks.off == pytest.approx(before)
