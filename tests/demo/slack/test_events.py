"""Events over both transports: which there are, what they hold, and how often they come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from demo.slack import StandIn
from demo.slack.world import load_world
from tests.demo.slack import cards
from tests.demo.slack.bolts import by_http, by_socket
from tests.demo.slack.conftest import ACK_SECONDS

TRAINING, GENERAL, DM = "C0TRAINING", "C0GENERAL", "D0DANA"
Json = dict[str, Any]
Wiring = Callable[[StandIn], AbstractAsyncContextManager[AsyncApp]]
TRANSPORTS = pytest.mark.parametrize("transport", [by_socket, by_http], ids=["socket", "http"])


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn(ack_seconds=ACK_SECONDS, retry_seconds=(0, 0.01, 0.01)) as stand_in:
        yield stand_in


@pytest.fixture(params=[by_socket, by_http], ids=["socket", "http"])
async def app(slack: StandIn, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    async with request.param(slack) as bolt:
        yield bolt


@pytest.fixture
def heard(app: AsyncApp) -> list[Json]:
    """Every event that comes."""
    bodies: list[Json] = []

    async def note(body: Json) -> None:
        bodies.append(body)

    for name in ("app_mention", "app_home_opened", "link_shared", "message"):
        app.event(name)(note)
    return bodies


async def test_a_mention_is_told(slack: StandIn, heard: list[Json]) -> None:
    """With where, when and what was said, in the envelope of every event."""
    said = await slack.as_user("U0DANA").say(TRAINING, "@stationmaster status <now>")
    await slack.deliveries.events.settle()
    (body,) = heard
    assert body["event"] == {
        "type": "app_mention",
        "user": "U0DANA",
        "text": "<@U0STATION> status &lt;now&gt;",
        "ts": said.ts,
        "event_ts": said.ts,
        "channel": TRAINING,
        "team": "T0STATION",
    }
    assert (body["type"], body["team_id"], body["api_app_id"]) == ("event_callback", "T0STATION", "A0STATION")
    assert body["event_id"].startswith("Ev")
    assert isinstance(body["event_time"], int)
    (authorization,) = body["authorizations"]
    assert (authorization["user_id"], authorization["is_bot"]) == ("U0STATION", True)


async def test_a_reply_tells_its_thread(slack: StandIn, heard: list[Json]) -> None:
    """By the parent's ts."""
    dana = slack.as_user("U0DANA")
    parent = await dana.say(TRAINING, "so")
    await dana.say(TRAINING, "@stationmaster help", thread_ts=parent.ts)
    await slack.deliveries.events.settle()
    assert [body["event"]["thread_ts"] for body in heard] == [parent.ts]


async def test_a_direct_message_is_told_as_one(slack: StandIn, heard: list[Json]) -> None:
    """As `message` of channel type `im`, mentioned or not."""
    await slack.as_user("U0DANA").say(DM, "hello")
    await slack.deliveries.events.settle()
    await slack.as_user("U0DANA").say(DM, "@stationmaster hello")
    await slack.deliveries.events.settle()
    told = [(body["event"]["type"], body["event"]["channel_type"], body["event"]["channel"]) for body in heard]
    assert told == [("message", "im", DM)] * 2


async def test_what_does_not_concern_the_app_is_not_told(slack: StandIn, heard: list[Json]) -> None:
    """Messages without a mention, mentions of others, and mentions where the bot is no member."""
    dana = slack.as_user("U0DANA")
    await dana.say(TRAINING, "hello @omar")
    await dana.say(GENERAL, "@stationmaster hello")
    await slack.deliveries.events.settle()
    assert heard == []


async def test_links_of_the_apps_domains_are_told(slack: StandIn, heard: list[Json]) -> None:
    """Also below those domains, also where the bot is no member; each link once, with the unfurl's id."""
    text = "https://trains.night-line.example/a?b=1&c https://mlflow.trains.night-line.example/ https://other.example/"
    said = await slack.as_user("U0DANA").say(GENERAL, f"{text} https://trains.night-line.example/a?b=1&c")
    await slack.deliveries.events.settle()
    event = heard[0]["event"]
    assert [body["event"]["type"] for body in heard] == ["link_shared"]
    assert event["links"] == [
        {"domain": "trains.night-line.example", "url": "https://trains.night-line.example/a?b=1&amp;c"},
        {"domain": "mlflow.trains.night-line.example", "url": "https://mlflow.trains.night-line.example/"},
    ]
    assert (event["message_ts"], event["is_bot_user_member"], event["source"]) == (
        said.ts, False, "conversations_history",
    )  # fmt: skip
    assert event["unfurl_id"].startswith(f"{GENERAL}.{said.ts}.")


async def test_the_home_tab_is_told_with_its_view(slack: StandIn, app: AsyncApp, heard: list[Json]) -> None:
    """The first time there is none."""
    dana = slack.as_user("U0DANA")
    await dana.open_home()
    await slack.deliveries.events.settle()
    await app.client.views_publish(user_id="U0DANA", view={"type": "home", "blocks": [cards.section("x")]})
    await dana.open_home()
    await slack.deliveries.events.settle()
    first, second = (body["event"] for body in heard)
    assert (first["user"], first["tab"], first["channel"]) == ("U0DANA", "home", DM)
    assert "view" not in first
    assert (second["view"]["type"], second["view"]["id"]) == ("home", (dana.home or {})["id"])


@pytest.mark.parametrize("missing", ["events", "scopes"])
@TRANSPORTS
async def test_only_what_is_subscribed_and_granted_is_told(missing: str, transport: Wiring) -> None:
    """Without the subscription or its scope, nothing comes."""
    world = load_world()
    without = tuple(each for each in getattr(world.app, missing) if "mention" not in each)
    assert without != getattr(world.app, missing)
    app_ = world.app.model_copy(update={missing: without})
    async with StandIn(world=world.model_copy(update={"app": app_})) as slack, transport(slack) as bolt:
        came: list[Json] = []

        @bolt.event("app_mention")
        async def note(body: Json) -> None:
            came.append(body)

        await slack.as_user("U0DANA").say(TRAINING, "@stationmaster help")
        await slack.deliveries.events.settle()
        assert came == []


# Mishaps


async def test_an_event_can_come_twice(slack: StandIn, heard: list[Json]) -> None:
    """With the same event_id; the next one comes once again."""
    slack.deliveries.events.duplicate_next()
    for text in ("first", "second"):
        await slack.as_user("U0DANA").say(DM, text)
        await slack.deliveries.events.settle()
    assert [body["event"]["text"] for body in heard] == ["first", "first", "second"]
    assert len({body["event_id"] for body in heard}) == 2


async def test_events_can_come_in_another_order(slack: StandIn, heard: list[Json]) -> None:
    """What is held back comes after the next one."""
    slack.deliveries.events.hold_next()
    await slack.as_user("U0DANA").say(DM, "first")
    await slack.deliveries.events.settle()
    assert heard == []
    await slack.as_user("U0DANA").say(DM, "second")
    await slack.deliveries.events.settle()
    assert [body["event"]["text"] for body in heard] == ["second", "first"]


async def test_what_is_held_back_can_be_let_go(slack: StandIn, heard: list[Json]) -> None:
    """Without another event."""
    slack.deliveries.events.hold_next()
    await slack.as_user("U0DANA").say(DM, "only")
    slack.deliveries.events.release()
    await slack.deliveries.events.settle()
    assert [body["event"]["text"] for body in heard] == ["only"]


async def test_an_event_that_fails_comes_again(slack: StandIn, app: AsyncApp) -> None:
    """Until the app acknowledges it, whatever the transport."""
    ids: list[str] = []

    @app.event("message")
    async def note(body: Json) -> None:
        ids.append(body["event_id"])
        if len(ids) < 3:
            raise RuntimeError

    @app.error
    async def quiet(error: Exception) -> None:
        raise error

    await slack.as_user("U0DANA").say(DM, "hello")
    await slack.deliveries.events.settle()
    assert len(ids) == 3
    assert len(set(ids)) == 1


async def test_nothing_is_left_under_way_when_it_stops() -> None:
    """A retry that would come in minutes does not hold the server up."""
    async with asyncio.timeout(3):
        async with StandIn(retry_seconds=(300.0,)) as slack:
            await slack.as_user("U0DANA").say(DM, "hello")
            await asyncio.sleep(0.05)
