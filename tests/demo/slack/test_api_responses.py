"""`response_url`: what it may be used for, how often, how long."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from demo.slack import StandIn
from tests.demo.slack import cards
from tests.demo.slack.calls import TRAINING, Api
from tests.demo.slack.conftest import Clock

DANA = "U0DANA"


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[Api]:
    async with StandIn(clock=clock) as slack, ClientSession() as session:
        yield Api(session, slack)


async def answer(api: Api, path: str, **request: Any) -> tuple[int, str]:
    """The status and the error of one use."""
    async with api.session.post(api.slack.url + path, **request) as response:
        return response.status, (await response.json()).get("error", "")


def of_a_command(api: Api) -> str:
    return api.slack.backend.response_urls.issue(TRAINING, DANA)


def of_a_click(api: Api, ts: str) -> str:
    return api.slack.backend.response_urls.issue(TRAINING, DANA, ts)


def seen(api: Api) -> tuple[list[str], list[str]]:
    """What everybody sees, and what Dana alone does."""
    slack = api.slack
    return [m.text for m in slack.messages(TRAINING)], [m.text for m in slack.ephemerals(DANA, TRAINING)]


async def test_an_answer_is_for_one_person_unless_it_says_otherwise(api: Api) -> None:
    """It is ephemeral by default."""
    url = of_a_command(api)
    assert await answer(api, url, json={"text": "for Dana"}) == (200, "")
    assert await answer(api, url, json={"text": "for all", "response_type": "in_channel"}) == (200, "")
    assert seen(api) == (["for all"], ["for Dana"])


async def test_a_url_is_used_five_times(api: Api) -> None:
    """The sixth is refused."""
    url = of_a_command(api)
    assert [await answer(api, url, json={"text": "x"}) for _ in range(6)] == [(200, "")] * 5 + [(404, "used_url")]


async def test_a_url_lives_for_thirty_minutes(api: Api, clock: Clock) -> None:
    """To the second."""
    url = of_a_command(api)
    clock.now += 30 * 60
    assert await answer(api, url, json={"text": "x"}) == (200, "")
    clock.now += 1
    assert await answer(api, url, json={"text": "x"}) == (404, "expired_url")


async def test_a_commands_answer_is_not_replaced(api: Api) -> None:
    """A command's URL has no original: what should replace it is posted beside it, and nothing can be deleted."""
    url = of_a_command(api)
    await answer(api, url, json={"text": "one"})
    await answer(api, url, json={"text": "two", "replace_original": True})
    await answer(api, url, json={"delete_original": True})
    assert seen(api) == ([], ["one", "two"])


@pytest.mark.parametrize("whisper", [False, True])
async def test_a_clicks_message_is_replaced_and_deleted(api: Api, whisper: bool) -> None:
    """Be it everybody's or only one person's."""
    if whisper:
        ts = (await api("chat.postEphemeral", channel=TRAINING, user=DANA, text="one"))["message_ts"]
    else:
        ts = await api.post(text="one")
    url = of_a_click(api, ts)
    await answer(api, url, json={"text": "two", "replace_original": True})
    assert seen(api)[whisper] == ["two"]
    await answer(api, url, json={"text": "beside"})
    await answer(api, url, json={"delete_original": True})
    assert seen(api) == ([], ["beside"])


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"data": b"["}, "invalid_payload"),
        ({"json": ["x"]}, "invalid_payload"),
        ({"json": {}}, "no_text"),
        ({"json": {"blocks": [{"type": "music"}]}}, "invalid_blocks"),
        ({"json": {"blocks": [cards.section("x" * 2_900)] * 5}}, "msg_blocks_too_long"),
    ],
)
async def test_answers_that_are_refused(api: Api, request_: dict[str, Any], error: str) -> None:
    """With 400, and nobody sees anything of them."""
    assert await answer(api, of_a_command(api), **request_) == (400, error)
    assert seen(api) == ([], [])


async def test_a_replacement_is_as_short_as_an_edit(api: Api) -> None:
    """More than 4,000 characters are too long for it."""
    url = of_a_click(api, await api.post(text="one"))
    assert (await answer(api, url, json={"text": "x" * 4_001, "replace_original": True}))[1] == "msg_too_long"
    assert seen(api) == (["one"], [])


async def test_a_guessed_url_is_none(api: Api) -> None:
    """404."""
    assert await answer(api, "/response/guessed", json={"text": "x"}) == (404, "no_such_url")
