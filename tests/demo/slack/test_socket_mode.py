import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from demo.slack import StandIn
from demo.slack.errors import SlackError
from demo.slack.socket_mode import Cut, Reason
from tests.demo.slack import cards
from tests.demo.slack.conftest import ACK_SECONDS, Clock

TRAINING = "C0TRAINING"


async def dial(session: ClientSession, slack: StandIn) -> ClientWebSocketResponse:
    client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    address = str((await client.apps_connections_open(app_token=slack.app_token))["url"])
    return await session.ws_connect(address)


async def test_a_command_arrives_as_slack_sends_it(app: AsyncApp, slack: StandIn) -> None:
    """The payload names who typed what where; entities and mentions come escaped."""
    bodies: list[dict[str, Any]] = []

    @app.command("/train")
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack()

    outcome = await slack.as_user("U0DANA").slash(TRAINING, "/train run delays a<b for @omar")
    assert outcome.acked
    body = bodies[0]
    expected = {
        "team_id": "T0STATION",
        "channel_id": TRAINING,
        "channel_name": "training",
        "user_id": "U0DANA",
        "command": "/train",
        "text": "run delays a&lt;b for <@U0OMAR|omar>",
        "api_app_id": "A0STATION",
    }
    assert expected.items() <= body.items()
    assert body["response_url"].startswith(slack.url)


@pytest.mark.parametrize("typed", ["/train  run\ndelays ", "/train\nrun\ndelays"])
async def test_a_commands_name_ends_at_any_blank(app: AsyncApp, slack: StandIn, typed: str) -> None:
    """The rest is its text, lines and all."""
    texts: list[str] = []

    @app.command("/train")
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        texts.append(body["text"])
        await ack()

    assert (await slack.as_user("U0DANA").slash(TRAINING, typed)).acked
    assert texts == ["run\ndelays"]


async def test_an_acknowledgement_with_text_is_seen_by_its_person(app: AsyncApp, slack: StandIn) -> None:
    """ack(text) is an ephemeral; ack(response_type="in_channel") is for everybody."""

    @app.command("/train")
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(text="ok", response_type="in_channel" if body["text"] == "all" else "ephemeral")

    dana = slack.as_user("U0DANA")
    await dana.slash(TRAINING, "/train")
    assert [m.text for m in slack.ephemerals("U0DANA", TRAINING)] == ["ok"]
    assert slack.messages(TRAINING) == []
    await dana.slash(TRAINING, "/train all")
    assert [m.text for m in slack.messages(TRAINING)] == ["ok"]


async def test_a_silent_app_is_reported_to_the_person(app: AsyncApp, slack: StandIn) -> None:
    """No acknowledgement in time shows what Slack shows."""

    @app.command("/train")
    async def listen() -> None:
        return None

    outcome = await slack.as_user("U0DANA").slash(TRAINING, "/train")
    assert (outcome.acked, outcome.error) == (False, "timeout")
    (shown,) = slack.ephemerals("U0DANA", TRAINING)
    assert shown.text == "`/train` failed because the app did not respond."


async def test_commands_that_nobody_hears(slack: StandIn) -> None:
    """Without an app, and for a command that does not exist, Slackbot answers; outsiders cannot ask."""
    dana = slack.as_user("U0DANA")
    assert (await dana.slash(TRAINING, "/train")).error == "not_connected"
    assert (await dana.slash(TRAINING, "/fly away")).error == "unknown_command"
    first, second = slack.ephemerals("U0DANA", TRAINING)
    assert first.text == '`/train` failed with the error "dispatch_failed"'
    assert second.text == "`/fly` is not a valid command."
    with pytest.raises(SlackError, match="not_in_channel"):
        await slack.as_user("U0GUS").slash("C0DELAYS", "/train")


async def test_a_click_arrives_with_its_message(app: AsyncApp, slack: StandIn, client: AsyncWebClient) -> None:
    """A button's payload holds its value and the message; respond(replace_original) changes that message."""
    bodies: list[dict[str, Any]] = []

    @app.action("cancel")
    async def listen(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        bodies.append(body)
        await ack()
        await respond(text="cancelled", replace_original=True)

    posted = await client.chat_postMessage(channel=TRAINING, text="x", blocks=cards.running())
    assert (await slack.as_user("U0OMAR").click(TRAINING, posted["ts"], "cancel")).acked
    await slack.wait_for(lambda: slack.messages(TRAINING)[0].text == "cancelled")
    body = bodies[0]
    assert body["user"]["id"] == "U0OMAR"
    assert body["message"]["ts"] == body["container"]["message_ts"] == posted["ts"]
    assert body["container"]["is_ephemeral"] is False
    action = body["actions"][0]
    assert (action["type"], action["value"], action["style"]) == ("button", "run-1", "danger")
    assert action["block_id"] == posted["message"]["blocks"][-1]["block_id"]


async def test_a_choice_arrives_with_its_option(app: AsyncApp, slack: StandIn, client: AsyncWebClient) -> None:
    """Menus send the selected option; an option that is not there is refused before it is sent."""
    chosen: list[Any] = []

    @app.action("pick")
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        chosen.append((body["actions"][0]["selected_option"]["value"], body["state"]["values"]))
        await ack()

    options = [{"text": cards.plain(word), "value": word} for word in ("a", "b")]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    block = {"type": "actions", "block_id": "B", "elements": [select]}
    ts = (await client.chat_postMessage(channel=TRAINING, text="x", blocks=[block]))["ts"]
    await slack.as_user("U0DANA").click(TRAINING, ts, "pick", value="b")
    state = {"B": {"pick": {"type": "static_select", "selected_option": options[1]}}}
    assert chosen == [("b", state)]
    for value, action_id, error in (("c", "pick", "option_not_found"), ("a", "zap", "action_not_found")):
        with pytest.raises(SlackError, match=error):
            await slack.as_user("U0DANA").click(TRAINING, ts, action_id, value=value)


async def test_a_click_on_an_ephemeral_has_no_message(app: AsyncApp, slack: StandIn, client: AsyncWebClient) -> None:
    """Its container says so; respond(delete_original) takes it away; others cannot click it."""
    bodies: list[dict[str, Any]] = []

    @app.action("open_the_form")
    async def listen(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        bodies.append(body)
        await ack()
        await respond(delete_original=True)

    answer = await client.chat_postEphemeral(channel=TRAINING, user="U0DANA", text="x", blocks=cards.refusal())
    ts = answer["message_ts"]
    with pytest.raises(SlackError, match="message_not_found"):
        await slack.as_user("U0OMAR").click(TRAINING, ts, "open_the_form")
    await slack.as_user("U0DANA").click(TRAINING, ts, "open_the_form")
    await slack.wait_for(lambda: not slack.ephemerals("U0DANA", TRAINING))
    assert "message" not in bodies[0]
    assert bodies[0]["container"]["is_ephemeral"] is True


async def test_a_trigger_opens_one_view_in_three_seconds(clock: Clock) -> None:
    """Used twice it is exchanged, after three seconds expired; a fourth modal is too many."""
    async with StandIn(clock=clock) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        view = {"type": "modal", "title": cards.plain("Run"), "blocks": [cards.section("x")]}
        trigger = slack.backend.triggers.issue("U0DANA")
        opened = await client.views_open(trigger_id=trigger, view=view)
        for late, error in ((0, "exchanged_trigger_id"), (4, "expired_trigger_id")):
            clock.now += late
            with pytest.raises(SlackApiError, match=error):
                await client.views_open(trigger_id=trigger, view=view)
        renamed = view | {"title": cards.plain("Edit")}
        stale = client.views_update(view_id=opened["view"]["id"], hash="old", view=renamed)
        with pytest.raises(SlackApiError, match="hash_conflict"):
            await stale
        await client.views_update(view_id=opened["view"]["id"], view=renamed)
        assert [v["title"]["text"] for v in slack.backend.views.stack("U0DANA")] == ["Edit"]


async def test_a_response_url_works_five_times_in_thirty_minutes(clock: Clock) -> None:
    """The sixth use, a use too late and a made-up URL are 404, each with its reason."""
    async with StandIn(clock=clock) as slack:
        issue = slack.backend.response_urls.issue
        url = slack.url + issue(TRAINING, "U0DANA")
        answers = [await AsyncWebhookClient(url).send(text=str(n)) for n in range(6)]
        assert [a.status_code for a in answers] == [200] * 5 + [404]
        assert json.loads(answers[-1].body)["error"] == "used_url"
        assert len(slack.ephemerals("U0DANA", TRAINING)) == 5
        old = slack.url + issue(TRAINING, "U0DANA")
        clock.now += 30 * 60 + 1
        assert "expired_url" in (await AsyncWebhookClient(old).send(text="x")).body
        assert "no_such_url" in (await AsyncWebhookClient(f"{slack.url}/response/x").send(text="x")).body


async def connected(session: ClientSession, slack: StandIn, count: int) -> list[ClientWebSocketResponse]:
    """That many connections that have been welcomed."""
    sockets = [await dial(session, slack) for _ in range(count)]
    hellos = [await socket.receive_json() for socket in sockets]
    assert [hello["type"] for hello in hellos] == ["hello"] * count
    return sockets


async def serve(socket: ClientWebSocketResponse, got: list[dict[str, Any]]) -> None:
    """Acknowledge all that comes, and note it; returns when the connection ends."""
    async for frame in socket:
        envelope = json.loads(frame.data)
        got.append(envelope)
        if "envelope_id" in envelope:
            await socket.send_json({"envelope_id": envelope["envelope_id"]})


async def test_envelopes_go_to_any_one_of_the_connections() -> None:
    """None is delivered twice, and which one takes it is chance: the same chance for the same seed."""
    orders = []
    for _ in range(2):
        async with StandIn(seed=7) as slack, ClientSession() as session, asyncio.TaskGroup() as group:
            got: list[list[dict[str, Any]]] = [[], []]
            for socket, envelopes in zip(await connected(session, slack, 2), got, strict=True):
                group.create_task(serve(socket, envelopes))
            for n in range(12):
                assert (await slack.as_user("U0DANA").slash(TRAINING, f"/train {n}")).acked
            texts = [[envelope["payload"]["text"] for envelope in envelopes] for envelopes in got]
            await slack.backend.sockets.disconnect()
        assert sorted(texts[0] + texts[1], key=int) == [str(n) for n in range(12)]
        assert all(texts)
        orders.append(texts)
    assert orders[0] == orders[1]
    evens, odds = [["0", "2", "4", "6", "8", "10"], ["1", "3", "5", "7", "9", "11"]]
    assert orders[0][0] not in (evens, odds)  # not in turn


async def test_a_ticket_works_once(slack: StandIn) -> None:
    """Neither a used one nor a made-up one opens a connection."""
    async with ClientSession() as session:
        client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
        address = str((await client.apps_connections_open(app_token=slack.app_token))["url"])
        await session.ws_connect(address)
        for bad in (address, f"{slack.url}/link/?ticket=made-up"):
            async with session.get(bad.replace("ws://", "http://")) as response:
                assert response.status == 401


async def test_the_eleventh_connection_is_sent_away(slack: StandIn) -> None:
    """Ten are served; one more is told too_many_websockets and closed."""
    async with ClientSession() as session:
        ten = await connected(session, slack, 10)
        eleventh = await dial(session, slack)
        goodbye = await eleventh.receive_json()
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")
        assert (await eleventh.receive()).type is WSMsgType.CLOSE
        assert slack.backend.sockets.connected == len(ten) == 10


async def test_connections_are_warned_refreshed_and_disabled(slack: StandIn) -> None:
    """A warning leaves them open; a refresh and a disabled Socket Mode close them."""
    async with ClientSession() as session:
        reasons: list[Reason] = ["refresh_requested", "link_disabled"]
        for reason in reasons:
            (socket,) = await connected(session, slack, 1)
            await slack.backend.sockets.warn()
            assert (await socket.receive_json())["reason"] == "warning"
            assert slack.backend.sockets.connected == 1
            bye = asyncio.create_task(slack.backend.sockets.disconnect(reason))
            assert (await socket.receive_json())["reason"] == reason
            assert (await socket.receive()).type is WSMsgType.CLOSE
            await bye
            assert slack.backend.sockets.connected == 0


async def test_an_app_comes_back_after_a_refresh(app: AsyncApp, slack: StandIn) -> None:
    """Bolt dials again by itself, and hears the next command."""
    texts: list[str] = []

    @app.command("/train")
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        texts.append(body["text"])
        await ack()

    await slack.backend.sockets.disconnect()
    await slack.wait_for(lambda: slack.backend.sockets.connected)
    assert (await slack.as_user("U0DANA").slash(TRAINING, "/train again")).acked
    assert texts == ["again"]


@pytest.mark.parametrize(
    ("when", "arrived", "acked"), [("unsent", 0, False), ("unacked", 1, False), ("acked", 1, True)]
)
async def test_a_connection_can_be_dropped(slack: StandIn, when: Cut, arrived: int, acked: bool) -> None:
    """Before the envelope is sent, before its acknowledgement is heard, or after that; a command never comes again."""
    async with ClientSession() as session, asyncio.TaskGroup() as group:
        got: list[dict[str, Any]] = []
        (socket,) = await connected(session, slack, 1)
        group.create_task(serve(socket, got))
        slack.backend.sockets.cut_next(when)
        outcome = await slack.as_user("U0DANA").slash(TRAINING, "/train")
        assert (outcome.acked, len(got)) == (acked, arrived)
        assert slack.backend.sockets.connected == 0
    assert len(slack.ephemerals("U0DANA", TRAINING)) == (0 if acked else 1)


async def test_an_event_that_was_not_acknowledged_comes_again_elsewhere() -> None:
    """On a connection that is left, with its attempt and reason; it is the same event in another envelope."""
    async with StandIn(retry_seconds=(0, 0, 0), ack_seconds=ACK_SECONDS) as slack:
        async with ClientSession() as session, asyncio.TaskGroup() as group:
            got: list[dict[str, Any]] = []
            for socket in await connected(session, slack, 2):
                group.create_task(serve(socket, got))
            slack.backend.sockets.cut_next("unacked")
            await slack.as_user("U0DANA").open_home()
            await slack.deliveries.events.settle()
            await slack.backend.sockets.disconnect()
        first, second = (each for each in got if each["type"] == "events_api")
        assert [(each["retry_attempt"], each["retry_reason"]) for each in (first, second)] == [(0, ""), (1, "timeout")]
        assert first["payload"] == second["payload"]
        assert first["envelope_id"] != second["envelope_id"]
        assert first["accepts_response_payload"] is False


async def test_commands_and_clicks_carry_no_counters(slack: StandIn) -> None:
    """They are never retried; a command can be answered with its acknowledgement, a shortcut can't."""
    async with ClientSession() as session:
        (socket,) = await connected(session, slack, 1)
        dana = slack.as_user("U0DANA")
        said = await dana.say(TRAINING, "x")
        for outcome, answerable in (
            (await dana.slash(TRAINING, "/train"), True),
            (await dana.shortcut("explain_run", channel=TRAINING, ts=said.ts), False),
        ):
            envelope = await socket.receive_json()
            assert outcome.error == "timeout"
            assert envelope.keys() == {"envelope_id", "type", "payload", "accepts_response_payload"}
            assert envelope["accepts_response_payload"] is answerable
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.2)
