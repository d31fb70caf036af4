"""Slack's budgets of calls, method by method."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from demo.slack import StandIn, rates
from demo.slack.api import METHODS
from tests.demo.slack.calls import DELAYS, TRAINING, Api
from tests.demo.slack.conftest import Clock

PER_MINUTE = {
    20: {"conversations.list", "users.list", "usergroups.list", "usergroups.users.list"},
    50: {"apps.connections.open", "chat.delete", "chat.unfurl", "chat.update", "conversations.history",
         "conversations.info", "conversations.join", "conversations.leave", "conversations.open",
         "conversations.replies", "users.lookupByEmail"},
    100: {"blocks.validate", "chat.postEphemeral", "conversations.members", "files.completeUploadExternal",
          "files.getUploadURLExternal", "users.info", "views.open", "views.publish", "views.push", "views.update"},
    300: {"auth.test", "chat.getPermalink"},
}  # fmt: skip


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[Api]:
    async with StandIn(clock=clock) as slack, ClientSession() as session:
        yield Api(session, slack)


async def statuses(api: Api, method: str, calls: int) -> list[int]:
    return [(await api.bare(method))[0] for _ in range(calls)]


def test_every_method_has_its_budget() -> None:
    """As many calls a minute as Slack's tier of the method promises; posting has a budget of its own."""
    budgets = {name: method.budgets for name, method in METHODS.items()}
    assert budgets.pop("chat.postMessage") == rates.POST
    expected = {name: calls for calls, names in PER_MINUTE.items() for name in names}
    assert {name: [(each.calls, each.seconds) for each in given] for name, given in budgets.items()} == {
        name: [(calls, 60.0)] for name, calls in expected.items()
    }


@pytest.mark.parametrize(
    ("method", "calls"),
    [("usergroups.list", 20), ("conversations.info", 50), ("users.info", 100), ("auth.test", 300)],
)
async def test_one_call_too_many_in_a_minute_is_refused(api: Api, clock: Clock, method: str, calls: int) -> None:
    """It is 429 with Retry-After, does not count itself, and the method works when the time is over."""
    assert await statuses(api, method, calls) == [200] * calls
    clock.now += 20.5
    async with api.request(method) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "40")
        assert await response.json() == {"ok": False, "error": "ratelimited"}
    clock.now += 40
    assert await statuses(api, method, 1) == [200]


async def test_what_is_refused_is_not_done(api: Api) -> None:
    """The 51st edit within a minute leaves the message as it was; other methods have budgets of their own."""
    ts = await api.post()
    for number in range(51):
        answer = await api("chat.update", channel=TRAINING, ts=ts, text=str(number))
    assert answer["error"] == "ratelimited"
    assert api.slack.messages(TRAINING)[0].text == "49"
    assert (await api("chat.delete", channel=TRAINING, ts=ts))["ok"]


async def test_a_channel_takes_one_post_a_second(api: Api, clock: Clock) -> None:
    """A short burst passes, the sixth post at once does not, however the channel is named; others are untouched."""
    for _ in range(5):
        await api.post()
    assert await api.code("chat.postMessage", channel="#training", text="x") == "ratelimited"
    await api.post(DELAYS)
    clock.now += 5
    await api.post()


async def test_a_workspace_takes_hundreds_of_posts_a_minute(api: Api, clock: Clock) -> None:
    """Slowly enough for each channel, the 301st is too many for all of them together."""
    channels = ("C0TRAINING", "C0DELAYS", "C0PARTNERS", "C0PLATFORM", "D0DANA", "D0OMAR")
    for _ in range(10):
        for channel in channels:
            for _ in range(5):
                await api.post(channel)
        clock.now += 5
    assert await api.code("chat.postMessage", channel=TRAINING, text="x") == "ratelimited"


async def test_budgets_can_be_switched_off(api: Api) -> None:
    """For tests that are about something else."""
    api.slack.rates.enabled = False
    assert await statuses(api, "usergroups.list", 21) == [200] * 21
