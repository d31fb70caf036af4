"""Faults on demand: what an app meets when Slack, or the way to it, misbehaves."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from aiohttp import ServerDisconnectedError

from demo.slack.faults import Faults
from tests.demo.slack.calls import TRAINING, Api


def said(api: Api) -> list[str]:
    return [message.text for message in api.slack.messages(TRAINING)]


async def raw(api: Api, text: str = "x") -> tuple[int, str, str]:
    """A post's status, kind of content and body, whatever they are."""
    async with api.request("chat.postMessage", json={"channel": TRAINING, "text": text}) as response:
        return response.status, response.content_type, await response.text()


@pytest.mark.parametrize(("status", "error"), [(500, "fatal_error"), (503, "service_unavailable"), (200, "team_added")])
async def test_a_storm_of_refusals(api: Api, status: int, error: str) -> None:
    """As many calls as were said are refused undone; then all is well."""
    api.slack.faults.fail("chat.postMessage", times=3, status=status, error=error)
    answers = [await raw(api, str(number)) for number in range(4)]
    assert [answer[0] for answer in answers] == [status] * 3 + [200]
    assert json.loads(answers[0][2]) == {"ok": False, "error": error}
    assert said(api) == ["3"]


async def test_a_storm_of_429_says_when_to_come_back(api: Api) -> None:
    """With Retry-After, as where a budget is spent."""
    api.slack.faults.fail("chat.postMessage", status=429, error="ratelimited", retry_after=7)
    async with api.request("chat.postMessage", json={"channel": TRAINING, "text": "x"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")


async def test_a_proxy_answers_instead(api: Api) -> None:
    """A page of HTML, and nothing is done."""
    api.slack.faults.html("chat.postMessage")
    status, kind, body = await raw(api)
    assert (status, kind, "<html>" in body) == (502, "text/html", True)
    assert said(api) == []


async def test_an_answer_is_cut_in_the_middle(api: Api) -> None:
    """It is done, and what comes is no JSON."""
    api.slack.faults.cut("chat.postMessage")
    status, kind, body = await raw(api)
    assert (status, kind) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert said(api) == ["x"]


@pytest.mark.parametrize(("fault", "done"), [(Faults.lose, ["x"]), (Faults.drop, [])], ids=["lost", "dropped"])
async def test_a_connection_breaks(api: Api, fault: Callable[[Faults, str], None], done: list[str]) -> None:
    """A lost answer's call was done, a dropped one's was not; the caller cannot tell which."""
    fault(api.slack.faults, "chat.postMessage")
    with pytest.raises(ServerDisconnectedError):
        await raw(api)
    assert said(api) == done
    await raw(api, "later")
    assert said(api) == [*done, "later"]


async def test_an_answer_is_late(api: Api) -> None:
    """Others are not held up meanwhile."""
    api.slack.faults.delay("chat.postMessage", 1.5)
    started = time.monotonic()
    slow = asyncio.create_task(raw(api, "slow"))
    await asyncio.sleep(0.05)
    await raw(api, "quick")
    assert not slow.done()
    await slow
    assert time.monotonic() - started >= 1.5
    assert said(api) == ["quick", "slow"]


async def test_a_fault_may_meet_any_method(api: Api) -> None:
    """One for the method itself goes first; those that nobody met can be cleared."""
    api.slack.faults.fail("*", times=3, error="any")
    api.slack.faults.fail("auth.test", error="own")
    assert [await api.code("auth.test"), await api.code("auth.test"), await api.code("users.list")] == [
        "own", "any", "any",
    ]  # fmt: skip
    api.slack.faults.fail("auth.test")
    api.slack.faults.clear()
    assert await api.code("auth.test") == ""


async def test_late_answers_to_interactions_fail_too(api: Api) -> None:
    """Under the name `response_url`; a refused use is none, a lost one is."""
    path = api.slack.backend.response_urls.issue(TRAINING, "U0DANA")
    api.slack.faults.fail("response_url", status=500)
    async with api.session.post(api.slack.url + path, json={"text": "x"}) as response:
        assert response.status == 500
    api.slack.faults.lose("response_url")
    with pytest.raises(ServerDisconnectedError):
        await api.session.post(api.slack.url + path, json={"text": "x"})
    assert [m.text for m in api.slack.ephemerals("U0DANA", TRAINING)] == ["x"]
    assert api.slack.backend.response_urls.use(path).uses == 2


async def test_uploads_fail_too(api: Api) -> None:
    """Under the name `upload`."""
    api.slack.faults.fail("upload", status=503)
    async with api.session.post(f"{api.slack.url}/upload/v1/x", data=b"x") as response:
        assert response.status == 503


async def test_calls_that_failed_are_remembered(api: Api) -> None:
    """With the answer that was given, so that tests can count them; what a proxy kept is not among them."""
    api.slack.faults.fail("chat.postMessage", error="fatal_error")
    api.slack.faults.html("chat.postMessage")
    for _ in range(3):
        await raw(api)
    assert [call.answer.get("error") for call in api.slack.calls] == ["fatal_error", None]
