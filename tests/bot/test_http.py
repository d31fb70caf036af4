"""The door for Slack's signed requests: what is let in, and what is refused, over real sockets."""

from __future__ import annotations

import asyncio
import hmac
import io
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigError
from bot.slack.http import PATH, HttpMode
from bot.web import MOST_BYTES, WebServer
from demo.slack.standin import StandIn

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
COMMAND = b"command=%2Ftrain&text=help&team_id=T0&user_id=U0&channel_id=C0&trigger_id=1.2"


@dataclass
class Door:
    """An open door, and what came through it."""

    url: str
    http: WebServer
    session: aiohttp.ClientSession
    came: list[str] = field(default_factory=list)
    coming: asyncio.Event = field(default_factory=asyncio.Event)
    pause: float = 0.0

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        self.came.append(body["text"])
        self.coming.set()
        await asyncio.sleep(self.pause)
        await ack(text="heard")

    async def post(self, body: bytes, headers: Mapping[str, str], path: str = PATH) -> tuple[int, str]:
        async with self.session.post(self.url + path, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status, await answer.text()


def signed(body: bytes, *, at: float | None = None, secret: str = SECRET, kind: str = FORM) -> dict[str, str]:
    """The headers with which Slack would send this body, by Slack's own words of how."""
    when = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), b"v0:" + when.encode() + b":" + body, "sha256").hexdigest()
    return {"X-Slack-Request-Timestamp": when, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}


@asynccontextmanager
async def opened(**limits: float) -> AsyncIterator[Door]:
    """A door before a Bolt app with one command."""
    async with StandIn() as slack, aiohttp.ClientSession() as session:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        app = AsyncApp(client=client, process_before_response=True, request_verification_enabled=False)
        idle = {"idle": limits.pop("idle")} if "idle" in limits else {}
        http = WebServer("127.0.0.1", 0, **idle)
        http.add(HttpMode(app, SECRET, **limits).routes)
        await http.open()
        door = Door(f"http://127.0.0.1:{http.port}", http, session)
        app.command("/train")(door.command)
        try:
            yield door
        finally:
            await http.close()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened() as one:
        yield one


async def raw(door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a test can say anything."""
    return await asyncio.open_connection("127.0.0.1", door.http.port)


async def test_what_slack_signed_comes_in(door: Door) -> None:
    """The acknowledgement is the answer to the request."""
    assert await door.post(COMMAND, signed(COMMAND)) == (200, "heard")
    assert door.came == ["help"]


@pytest.mark.parametrize("aside", [-290, 290])
async def test_clocks_may_differ_a_little(door: Door, aside: float) -> None:
    """Slack's and ours by five minutes."""
    status, _ = await door.post(COMMAND, signed(COMMAND, at=time.time() + aside))
    assert status == 200


def without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


FORGED: dict[str, Callable[[], Mapping[str, str]]] = {
    "another secret": lambda: signed(COMMAND, secret="0" * 32),
    "another body": lambda: signed(COMMAND + b"&x=1"),
    "too old": lambda: signed(COMMAND, at=time.time() - 310),
    "too new": lambda: signed(COMMAND, at=time.time() + 310),
    "no signature": lambda: without(signed(COMMAND), "X-Slack-Signature"),
    "no time": lambda: without(signed(COMMAND), "X-Slack-Request-Timestamp"),
    "another time": lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": str(int(time.time()) - 1)},
    "a time that is none": lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": "now"},
    "a time of other digits": lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": "١٢٣"},
    "a huge time": lambda: signed(COMMAND) | {"X-Slack-Request-Timestamp": "9" * 5000},
    "an empty signature": lambda: signed(COMMAND) | {"X-Slack-Signature": ""},
    "another version": lambda: signed(COMMAND) | {"X-Slack-Signature": signed(COMMAND)["X-Slack-Signature"][1:]},
    "letters beyond ASCII": lambda: signed(COMMAND) | {"X-Slack-Signature": "v0=" + "é" * 64},
    "two signatures": lambda: CIMultiDict([*signed(COMMAND).items(), ("x-slack-signature", "v0=" + "0" * 64)]),
    "two times": lambda: CIMultiDict([*signed(COMMAND).items(), ("x-slack-request-timestamp", "1")]),
}


@pytest.mark.parametrize("how", FORGED)
async def test_what_is_not_proven_is_refused(door: Door, how: str) -> None:
    """Whatever is wrong with its signature, it is 401, and nothing of it is read."""
    status, _ = await door.post(COMMAND, FORGED[how]())
    assert (status, door.came) == (401, [])


async def test_the_signature_is_of_the_bytes(door: Door) -> None:
    """A body that is no UTF-8, or no JSON, is refused for its signature first, then for itself."""
    for body, kind in ((b"text=\xff\xfe", FORM), (b"{not JSON", JSON), (b"payload={not JSON", FORM)):
        assert (await door.post(body, signed(body, kind=kind, secret="0" * 32)))[0] == 401
        expected = 401 if b"\xff" in body else 400  # no bytes that are not UTF-8 can have been signed by Slack
        assert (await door.post(body, signed(body, kind=kind)))[0] == expected
    assert door.came == []


async def test_the_address_is_verified(door: Door) -> None:
    """Slack asks once, signed, for its challenge, when an address is given to the app."""
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "old"}).encode()
    status, text = await door.post(body, signed(body, kind=JSON))
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1a"})
    assert (await door.post(body, signed(body, kind=JSON, secret="0" * 32)))[0] == 401


async def test_the_certificate_is_looked_at(door: Door) -> None:
    """Slack does so without a signature; nothing happens by it, whatever else the body says."""
    for body in (b"ssl_check=1&token=old", b"ssl_check=1&" + COMMAND):
        assert await door.post(body, {"Content-Type": FORM}) == (200, "")
    assert (await door.post(b"text=ssl_check=1", {"Content-Type": FORM}))[0] == 401
    assert door.came == []


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml"])
async def test_other_contents_are_refused(door: Door, kind: str) -> None:
    """Slack sends forms and JSON."""
    assert (await door.post(COMMAND, signed(COMMAND, kind=kind)))[0] == 415


async def test_other_addresses_and_methods_are_refused(door: Door) -> None:
    """There is one address, which takes POST, and one that says that all is well."""
    assert (await door.post(COMMAND, signed(COMMAND), path="/"))[0] == 404
    assert (await door.post(COMMAND, signed(COMMAND), path=PATH + "/"))[0] == 404
    for method, path, status in (("GET", PATH, 405), ("PUT", PATH, 405), ("GET", "/x", 404)):
        async with door.session.request(method, door.url + path) as answer:
            assert answer.status == status, (method, path)


async def test_a_body_has_a_limit(door: Door) -> None:
    """Up to it all is read; beyond it 413, whether the request says so or goes on in chunks."""
    fits = COMMAND + b"&pad=" + b"x" * (MOST_BYTES - len(COMMAND) - 5)
    assert (await door.post(fits, signed(fits)))[0] == 200
    long = fits + b"x"
    assert (await door.post(long, signed(long)))[0] == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield long[: MOST_BYTES // 4]

    async with door.session.post(door.url + PATH, data=chunks(), headers=signed(long)) as answer:
        assert answer.status == 413
    assert door.came == ["help"]


async def test_a_dripping_body_is_given_up() -> None:
    """A sender who takes their time gets 408, and no more of ours."""
    async with opened(body_within=0.2) as door:
        reader, writer = await raw(door)
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 1000\r\n\r\ncommand="
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(), 3)
        assert answer.startswith(b"HTTP/1.1 408")
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"POST /slack/ev", b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"])
async def test_a_silent_connection_is_closed(sent: bytes) -> None:
    """Whoever connects and never ends a request's head holds nothing open."""
    async with opened(idle=0.3) as door:
        reader, writer = await raw(door)
        begun = time.perf_counter()
        writer.write(sent)
        dripping = asyncio.create_task(drip(writer))
        await asyncio.wait_for(reader.read(), 3)
        dripping.cancel()
        assert time.perf_counter() - begun < 2
        writer.close()


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte of a header now and then."""
    while True:
        await asyncio.sleep(0.1)
        writer.write(b"a")


async def test_a_stop_finishes_what_is_under_way() -> None:
    """Its sender gets the answer; who comes later finds nobody."""
    async with opened() as door:
        door.pause = 0.5
        under_way = asyncio.create_task(door.post(COMMAND, signed(COMMAND)))
        await door.coming.wait()
        await door.http.close()
        assert await under_way == (200, "heard")
        with pytest.raises(aiohttp.ClientConnectionError):
            await door.post(COMMAND, signed(COMMAND))


async def test_a_stop_waits_for_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that hangs, and a connection that idles, hold it up for seconds only."""
    monkeypatch.setattr("bot.web.GRACE", 0.3)
    async with opened() as door:
        door.pause = 60
        under_way = asyncio.create_task(door.post(COMMAND, signed(COMMAND)))
        _, idle = await raw(door)
        await door.coming.wait()
        begun = time.perf_counter()
        await door.http.close()
        assert time.perf_counter() - begun < 2
        with pytest.raises(aiohttp.ClientError):
            await under_way
        idle.close()


async def test_a_taken_address_is_said(door: Door) -> None:
    """By the names of the settings."""
    with pytest.raises(
        ConfigError, match=r"BIND_ADDRESS, PORT: can't listen on .*: [Aa]ddress already in use. Give PORT"
    ):
        await WebServer("127.0.0.1", door.http.port).open()
