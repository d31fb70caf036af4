"""Modals and home tabs as the Web API takes them, and `blocks.validate`."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from demo.slack import StandIn
from demo.slack.world import World
from tests.demo.slack import cards
from tests.demo.slack.calls import Api
from tests.demo.slack.conftest import Clock

MODAL = {"type": "modal", "title": cards.plain("Run"), "blocks": [cards.section("x")]}
HOME = {"type": "home", "blocks": [cards.section("x")]}


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[Api]:
    async with StandIn(clock=clock) as slack, ClientSession() as session:
        yield Api(session, slack)


def trigger(api: Api, user: str = "U0DANA") -> str:
    """A fresh trigger id, as a click of that person gives."""
    return api.slack.backend.triggers.issue(user)


async def test_a_modal_is_opened_pushed_and_updated(api: Api) -> None:
    """Each needs its own trigger but the update, which names the view."""
    opened = (await api("views.open", trigger_id=trigger(api), view=MODAL))["view"]
    pushed = (await api("views.push", trigger_id=trigger(api), view=MODAL))["view"]
    assert (pushed["root_view_id"], pushed["previous_view_id"]) == (opened["id"], opened["id"])
    updated = await api("views.update", view_id=pushed["id"], hash=pushed["hash"], view=MODAL)
    assert updated["view"]["id"] == pushed["id"]
    assert await api.code("views.update", view_id=pushed["id"], hash=pushed["hash"], view=MODAL) == "hash_conflict"
    assert await api.code("views.update", view_id="V0NONE", view=MODAL) == "not_found"


@pytest.mark.parametrize("method", ["views.open", "views.push"])
async def test_a_trigger_is_fresh_and_used_once(method: str, api: Api, clock: Clock) -> None:
    """Made-up, used and old ones each have their own error; without one, the argument is missing."""
    await api("views.open", trigger_id=trigger(api), view=MODAL)
    assert await api.code(method, trigger_id="1.2.3", view=MODAL) == "invalid_trigger_id"
    assert await api.code(method, view=MODAL) == "invalid_arguments"
    used = trigger(api)
    assert await api.code(method, trigger_id=used, view=MODAL) == ""
    assert await api.code(method, trigger_id=used, view=MODAL) == "exchanged_trigger_id"
    old = trigger(api)
    clock.now += 3.1
    assert await api.code(method, trigger_id=old, view=MODAL) == "expired_trigger_id"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("views.open", {"view": None}),
        ("views.open", {"view": "{"}),
        ("views.open", {"view": []}),
        ("views.open", {"view": MODAL | {"title": None}}),
        ("views.open", {"view": HOME}),
        ("views.publish", {"user_id": "U0DANA", "view": MODAL}),
        ("views.publish", {"user_id": "U0NOBODY", "view": HOME}),
        ("views.publish", {"view": HOME}),
    ],
)
async def test_views_that_are_refused(api: Api, method: str, arguments: dict[str, Any]) -> None:
    """No view, a broken one, one of the wrong kind, one for nobody: invalid_arguments says what is wrong."""
    more = {"trigger_id": trigger(api)} if method == "views.open" else {}
    answer = await api(method, **(more | arguments))
    assert answer["error"] == "invalid_arguments"


async def test_a_refused_view_says_why(api: Api) -> None:
    """In the messages of the answer, with a pointer."""
    answer = await api("views.open", trigger_id=trigger(api), view=MODAL | {"title": None})
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: title [json-pointer:/view]"]


async def test_a_home_tab_is_published_by_its_hash(api: Api) -> None:
    """The hash of an older one is a conflict."""
    first = (await api("views.publish", user_id="U0DANA", view=HOME))["view"]
    assert (await api("views.publish", user_id="U0DANA", view=HOME, hash=first["hash"]))["ok"]
    assert await api.code("views.publish", user_id="U0DANA", view=HOME, hash=first["hash"]) == "hash_conflict"


async def test_an_app_without_a_home_tab_publishes_none(api: Api) -> None:
    """views.publish answers not_enabled."""
    world: World = api.slack.backend.world
    api.slack.backend.world = world.model_copy(update={"app": world.app.model_copy(update={"home_tab": False})})
    assert await api.code("views.publish", user_id="U0DANA", view=HOME) == "not_enabled"


# ---- blocks.validate ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"blocks": [cards.section("x")]},
        {"blocks": '[{"type": "divider"}]'},
        {"message": {"text": "x"}},
        {"message": {"blocks": [cards.section("x")]}},
        {"view": MODAL},
        {"view": HOME},
    ],
)
async def test_what_slack_would_take_is_valid(api: Api, arguments: dict[str, Any]) -> None:
    """Blocks, messages and views; nothing is sent."""
    assert await api("blocks.validate", **arguments) == {"ok": True}


@pytest.mark.parametrize(
    ("arguments", "error", "pointer"),
    [
        ({"blocks": [cards.section("x" * 3_001)]}, "invalid_blocks", "/0/text"),
        ({"blocks": [{"type": "divider"}, {"type": "section"}]}, "invalid_blocks", "/1"),
        ({"blocks": "["}, "invalid_blocks", None),
        ({"blocks": {"type": "divider"}}, "invalid_blocks", ""),
        ({"message": {"blocks": [cards.section("x" * 3_001)]}}, "invalid_message", "/blocks/0/text"),
        ({"message": {"blocks": "x"}}, "invalid_message", ""),
        ({"message": {"icon": "x"}}, "invalid_message", ""),
        ({"message": [1]}, "invalid_message", ""),
        ({"view": MODAL | {"title": None}}, "invalid_view", ""),
        ({"view": HOME | {"blocks": [cards.section("x" * 3_001)]}}, "invalid_view", "/blocks/0/text"),
        ({"view": [1]}, "invalid_view", ""),
        ({}, "invalid_arguments", None),
        ({"blocks": [cards.section("x")], "view": HOME}, "invalid_arguments", None),
    ],
)
async def test_what_slack_would_refuse_is_pointed_at(
    api: Api, arguments: dict[str, Any], error: str, pointer: str | None
) -> None:
    """Each error has a pointer that starts at what was given, a code and a message."""
    answer = await api("blocks.validate", **arguments)
    assert answer["error"] == error
    if pointer is not None:
        assert answer["errors"][0]["pointer"].startswith(pointer)
        assert answer["errors"][0].keys() == {"pointer", "code", "message"}
        assert answer["errors"][0]["message"]
