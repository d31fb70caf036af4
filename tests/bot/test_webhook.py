"""MLflow's webhook: only what MLflow has signed, lately, lets the bot look; whatever it says, it does no more."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mlflow.signature import AGE, DELIVERY, SIGNATURE, TIMESTAMP, Headers, Refused, checked, event, sign
from bot.mlflow.webhook import PATH, Webhook
from bot.web import MOST_BYTES, WebServer

SECRET = "a secret of MLflow's"  # the test's own
NOW = 1_790_000_000
BODY = json.dumps(
    {
        "entity": "model_version_alias",
        "action": "created",
        "timestamp": "2026-11-21T10:00:00+00:00",
        "data": {"name": "delays", "alias": "production", "version": "3"},
    }
).encode()


def headers(
    body: bytes = BODY, *, secret: str = SECRET, at: float = NOW, delivery: str = "d-1", version: str = "v1"
) -> dict[str, str]:
    """As MLflow would send them."""
    timestamp = str(int(at))
    signature = f"{version},{sign(secret, delivery, timestamp, body)}"
    return {SIGNATURE: signature, TIMESTAMP: timestamp, DELIVERY: delivery}


def seen(sent: dict[str, str]) -> Headers:
    return Headers(*([sent[name]] if name in sent else [] for name in (SIGNATURE, TIMESTAMP, DELIVERY)))


def test_mlflows_own_signature_is_believed() -> None:
    """The one that MLflow's code makes."""
    from mlflow.webhooks.delivery import _generate_hmac_signature

    made = _generate_hmac_signature(SECRET, "d-1", str(NOW), BODY.decode())
    assert checked(SECRET, Headers([made], [str(NOW)], ["d-1"]), BODY, NOW) == "d-1"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (headers(secret="another"), "signature"),
        (headers(BODY + b" "), "signature"),
        (headers() | {DELIVERY: "d-2"}, "signature"),
        (headers() | {TIMESTAMP: str(NOW + 1)}, "signature"),
        (headers(version="v2"), "signature"),
        (headers() | {SIGNATURE: ""}, "signature"),
        (headers() | {SIGNATURE: "v1,"}, "signature"),
        (headers() | {SIGNATURE: "ü\udcff"}, "signature"),
        ({TIMESTAMP: str(NOW), DELIVERY: "d-1"}, "lacks a header"),
        ({}, "lacks a header"),
        (headers(at=NOW - AGE - 1), "301 s old"),
        (headers(at=NOW + AGE + 1), "-301 s old"),
        (headers() | {TIMESTAMP: "١٢٣"}, "its time"),
        (headers() | {TIMESTAMP: "-1"}, "its time"),
        (headers() | {TIMESTAMP: "1e9"}, "its time"),
        (headers() | {TIMESTAMP: "9" * 5000}, "its time"),
        (headers(delivery="a.b"), "its id"),
        (headers(delivery="x" * 101), "its id"),
        (headers(delivery=""), "its id"),
    ],
)
def test_what_is_not_believed(sent: dict[str, str], why: str) -> None:
    """Another secret, a changed body, id or time, an old delivery: each is refused, and why is said."""
    with pytest.raises(Refused, match=why):
        checked(SECRET, seen(sent), BODY, NOW)


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP, DELIVERY])
def test_a_header_twice_is_not_believed(name: str) -> None:
    """Which of the two was meant, nobody knows."""
    once = seen(headers())
    at = (SIGNATURE, TIMESTAMP, DELIVERY).index(name)
    twice = Headers(*([*values] * (2 if index == at else 1) for index, values in enumerate(once)))
    with pytest.raises(Refused, match="twice"):
        checked(SECRET, twice, BODY, NOW)


@pytest.mark.parametrize("at", [NOW - AGE, NOW, NOW + AGE])
def test_clocks_may_differ(at: int) -> None:
    """By five minutes, either way."""
    assert checked(SECRET, seen(headers(at=at)), BODY, NOW) == "d-1"


@given(body=st.binary(max_size=200), forged=st.text(max_size=80))
def test_nobody_guesses_a_signature(body: bytes, forged: str) -> None:
    """Whatever is sent, without the secret it is refused, and never an error of another kind."""
    with pytest.raises(Refused):
        checked(SECRET, Headers([f"v1,{forged}"], [str(NOW)], ["d-1"]), body, NOW)


@given(st.binary(max_size=200))
def test_a_body_is_an_event_or_refused(body: bytes) -> None:
    """Whatever it holds."""
    with pytest.raises(Refused):
        event(body)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"entity": 5, "action": "created"}', b'{"entity": "a"}', b"[" * 100_000]
)
def test_what_is_no_event(body: bytes) -> None:
    """JSON of another shape, or without an end, is refused too."""
    with pytest.raises(Refused):
        event(body)


class Door:
    """A bot's port with the webhook, and the deliveries that it was told of."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.server = WebServer("127.0.0.1", 0)
        self.server.add(Webhook(SECRET, self._changed).routes)

    async def _changed(self, delivery: str) -> None:
        self.told.append(delivery)

    async def post(self, body: bytes, sent: dict[str, str]) -> int:
        """What the answer to this delivery is."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{self.server.port}{PATH}", data=io.BytesIO(body), headers=sent) as answer,
        ):
            return answer.status


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    await door.server.open()
    yield door
    await door.server.close()


def lately(body: bytes = BODY, **changes: Any) -> dict[str, str]:
    return headers(body, at=time.time(), **changes)


async def test_an_alias_that_changed_is_told(door: Door) -> None:
    """By the delivery's id, which is the same when it is delivered again."""
    sent = lately()
    assert [await door.post(BODY, sent), await door.post(BODY, sent)] == [204, 204]
    assert door.told == ["d-1", "d-1"]


@pytest.mark.parametrize("entity", ["registered_model", "model_version", "model_version_tag", "prompt", "new one"])
async def test_other_events_are_taken_and_left(door: Door, entity: str) -> None:
    """MLflow isn't told to try again."""
    body = json.dumps({"entity": entity, "action": "created", "data": {}}).encode()
    assert await door.post(body, lately(body)) == 204
    assert door.told == []


@pytest.mark.parametrize(
    ("body", "sent", "status"),
    [
        (BODY, {}, 401),
        (BODY, headers(at=1_000_000_000), 401),
        (BODY, headers(at=1_000_000_000) | {SIGNATURE: "v1,ü"}, 401),
        (b"", {}, 401),
        (b"x" * (MOST_BYTES + 1), {}, 413),
    ],
)
async def test_what_is_not_mlflows_is_turned_away(door: Door, body: bytes, sent: dict[str, str], status: int) -> None:
    """And nothing is done for it."""
    assert await door.post(body, sent) == status
    assert door.told == []


async def test_signed_nonsense_is_turned_away(door: Door) -> None:
    """It is MLflow's, and no event."""
    assert await door.post(b"{", lately(b"{")) == 400
    assert door.told == []


async def test_nobody_asks_by_get(door: Door) -> None:
    """Deliveries are posted."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{door.server.port}{PATH}") as answer,
    ):
        assert answer.status == 405
