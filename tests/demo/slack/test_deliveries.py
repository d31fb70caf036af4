"""Clicks, suggestions and shortcuts over both transports."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.response import BoltResponse

from demo.slack import StandIn
from demo.slack.blocks import complete_ids
from demo.slack.content import Content
from demo.slack.errors import SlackError
from demo.slack.messages import Message
from demo.slack.world import Shortcut, load_world
from tests.demo.slack import cards
from tests.demo.slack.bolts import by_http, by_socket
from tests.demo.slack.conftest import ACK_SECONDS

TRAINING = "C0TRAINING"
Json = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    """With a global shortcut beside the message's own."""
    world = load_world()
    everywhere = Shortcut(name="Train", callback_id="train", type="global")
    app = world.app.model_copy(update={"shortcuts": (*world.app.shortcuts, everywhere)})
    async with StandIn(world=world.model_copy(update={"app": app}), ack_seconds=ACK_SECONDS) as stand_in:
        yield stand_in


@pytest.fixture(params=[by_socket, by_http], ids=["socket", "http"])
async def app(slack: StandIn, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    async with request.param(slack) as bolt:
        yield bolt


def option(value: str, label: str = "") -> Json:
    return {"text": cards.plain(label or value), "value": value}


def posted(slack: StandIn, *elements: Json) -> Message:
    """The bot's message with these elements in a block called B."""
    blocks = complete_ids([{"type": "actions", "block_id": "B", "elements": list(elements)}])
    return slack.backend.workspace.post(TRAINING, slack.backend.world.app.bot_user, Content("x", blocks))


def heard(app: AsyncApp, *action_ids: str) -> list[Json]:
    """What comes of clicks on these elements."""
    bodies: list[Json] = []

    async def note(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    for action_id in action_ids:
        app.action(action_id)(note)
    return bodies


# Clicks on messages


async def test_a_click_on_a_message_has_slacks_shape(app: AsyncApp, slack: StandIn) -> None:
    """Who, where, on what, with a response URL and a trigger; timestamps are strings."""
    bodies = heard(app, "go")
    message = posted(slack, {**cards.button("Go"), "action_id": "go", "value": "7"})
    await slack.as_user("U0DANA").click(TRAINING, message.ts, "go")
    (body,) = bodies
    assert body.keys() == {
        "type", "token", "api_app_id", "team", "enterprise", "is_enterprise_install", "user", "trigger_id",
        "container", "channel", "message", "state", "response_url", "actions",
    }  # fmt: skip
    assert body["container"] == {
        "type": "message", "message_ts": message.ts, "channel_id": TRAINING, "is_ephemeral": False,
    }  # fmt: skip
    assert body["channel"] == {"id": TRAINING, "name": "training"}
    (action,) = body["actions"]
    assert action.pop("action_ts").replace(".", "").isdecimal()
    assert action == {
        "type": "button", "block_id": "B", "action_id": "go", "value": "7", "text": cards.plain("Go"),
    }  # fmt: skip


async def test_a_messages_menus_remember_what_each_person_chose(app: AsyncApp, slack: StandIn) -> None:
    """The state has every menu's choice, for this person alone; a cleared one is null."""
    bodies = heard(app, "one", "two")
    options = [option("a", "A & B"), option("b")]
    placeholder = cards.plain("Pick")
    message = posted(
        slack,
        {"type": "static_select", "action_id": "one", "options": options, "placeholder": placeholder},
        {"type": "checkboxes", "action_id": "two", "options": options, "initial_options": [options[1]]},
    )
    dana, omar = slack.as_user("U0DANA"), slack.as_user("U0OMAR")
    await dana.click(TRAINING, message.ts, "one", value="a")
    await dana.click(TRAINING, message.ts, "two", value=["a", "b"])
    await omar.click(TRAINING, message.ts, "two", value=[])
    await dana.click(TRAINING, message.ts, "one", value=None)
    escaped = {"text": {"type": "plain_text", "text": "A &amp; B"}, "value": "a"}
    states = [body["state"]["values"]["B"] for body in bodies]
    assert [state["one"]["selected_option"] for state in states] == [escaped, escaped, None, None]
    both, before = [escaped, options[1]], [options[1]]
    assert [state["two"]["selected_options"] for state in states] == [before, both, [], both]
    assert bodies[0]["actions"][0]["selected_option"] == escaped
    assert bodies[0]["actions"][0]["placeholder"] == placeholder
    assert bodies[3]["actions"][0]["selected_option"] is None


async def test_an_overflow_menu_sends_its_option(app: AsyncApp, slack: StandIn) -> None:
    """And keeps no state."""
    bodies = heard(app, "more")
    message = posted(slack, {"type": "overflow", "action_id": "more", "options": [option("a"), option("b")]})
    await slack.as_user("U0DANA").click(TRAINING, message.ts, "more", value="b")
    assert bodies[0]["actions"][0]["selected_option"] == option("b")
    assert bodies[0]["state"]["values"] == {}
    with pytest.raises(SlackError, match="option_not_found"):
        await slack.as_user("U0DANA").click(TRAINING, message.ts, "more")


async def test_a_click_that_nobody_acknowledges_is_marked(app: AsyncApp, slack: StandIn) -> None:
    """For the person who clicked, at that message."""

    @app.action("go")
    async def listen() -> None:
        return None

    message = posted(slack, {**cards.button("Go"), "action_id": "go"})
    with slack.backend.feed.subscribe() as changes:
        outcome = await slack.as_user("U0DANA").click(TRAINING, message.ts, "go")
        change = changes.get_nowait()
    assert not outcome.acked
    assert change is not None
    assert (change.kind, change.ts, change.only) == ("warned", message.ts, "U0DANA")


async def test_an_id_is_chosen_among_those_of_its_kind(app: AsyncApp, slack: StandIn) -> None:
    """People by their ids, channels and conversations by theirs: neither names nor each other's."""
    bodies = heard(app, "who", "where", "what")
    kinds = {"who": "users_select", "where": "channels_select", "what": "conversations_select"}
    message = posted(slack, *({"type": kind, "action_id": action_id} for action_id, kind in kinds.items()))
    dana = slack.as_user("U0DANA")
    for action_id, value in (("who", "U0OMAR"), ("where", TRAINING), ("what", "D0DANA")):
        await dana.click(TRAINING, message.ts, action_id, value=value)
    chosen = {key: value for body in bodies for key, value in body["actions"][0].items() if key.startswith("selected")}
    assert chosen == {"selected_user": "U0OMAR", "selected_channel": TRAINING, "selected_conversation": "D0DANA"}
    wrong = (("who", TRAINING), ("where", "D0DANA"), ("where", "training"), ("what", "U0OMAR"), ("what", "C0NONE"))
    for action_id, value in wrong:
        with pytest.raises(SlackError, match="option_not_found"):
            await dana.click(TRAINING, message.ts, action_id, value=value)


# Suggestions


def menu(**more: Any) -> Json:
    return {"type": "external_select", "action_id": "run", "min_query_length": 2, **more}


async def test_options_are_suggested_and_can_then_be_chosen(app: AsyncApp, slack: StandIn) -> None:
    """The app hears what was typed and where; only what was suggested to this person can be chosen."""
    asked: list[Json] = []
    bodies = heard(app, "run")

    @app.options("run")
    async def listen(ack: AsyncAck, body: Json) -> None:
        asked.append(body)
        await ack(options=[option("r-1", "one"), option("r-2", "two")])

    message = posted(slack, menu())
    dana = slack.as_user("U0DANA")
    place = {"channel": TRAINING, "ts": message.ts}
    assert [each["value"] for each in await dana.suggest("run", "on", **place)] == ["r-1", "r-2"]
    (body,) = asked
    assert (body["type"], body["action_id"], body["block_id"], body["value"]) == ("block_suggestion", "run", "B", "on")
    assert body["container"]["message_ts"] == body["message"]["ts"] == message.ts
    assert "trigger_id" not in body
    await dana.click(TRAINING, message.ts, "run", value="r-2")
    assert bodies[0]["actions"][0]["selected_option"]["value"] == "r-2"
    for person, value in (("U0DANA", "r-3"), ("U0OMAR", "r-1")):
        with pytest.raises(SlackError, match="option_not_found"):
            await slack.as_user(person).click(TRAINING, message.ts, "run", value=value)


async def test_groups_of_options_are_suggested(app: AsyncApp, slack: StandIn) -> None:
    """And none at all is an answer too."""
    groups = [{"label": cards.plain("Yours"), "options": [option("r-1")]}]
    answers: list[Json] = [{"option_groups": groups}, {"options": []}]

    @app.options("run")
    async def listen(ack: AsyncAck) -> None:
        await ack(**answers.pop(0))

    place = {"channel": TRAINING, "ts": posted(slack, menu()).ts}
    assert await slack.as_user("U0DANA").suggest("run", "on", **place) == groups
    assert await slack.as_user("U0DANA").suggest("run", "zap", **place) == []


async def test_too_short_a_text_is_not_asked_about(app: AsyncApp, slack: StandIn) -> None:
    """The menu says from which length on; by default it is three."""
    asked: list[str] = []

    @app.options("run")
    async def listen(ack: AsyncAck, body: Json) -> None:
        asked.append(body["value"])
        await ack(options=[])

    for least, typed in ((2, "o"), (0, ""), (None, "on"), (None, "one")):
        message = posted(slack, menu(min_query_length=least) if least is not None else _plain_menu())
        await slack.as_user("U0DANA").suggest("run", typed, channel=TRAINING, ts=message.ts)
    assert asked == ["", "one"]


def _plain_menu() -> Json:
    return {"type": "external_select", "action_id": "run"}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"options": [option(str(n)) for n in range(101)]},
        {"options": [option("x", "x" * 76)]},
        {"options": [option("x" * 151)]},
        {"options": [{"text": cards.mrkdwn("x")}]},
        {"options": [option("x")], "option_groups": []},
        {"option_groups": [{"label": cards.plain("x" * 76), "options": [option("x")]}]},
    ],
    ids=["none", "too many", "long label", "long value", "no value", "both", "long heading"],
)
async def test_options_that_slack_refuses_are_not_shown(app: AsyncApp, slack: StandIn, answer: Json) -> None:
    """They have the limits of a static menu's."""

    @app.options("run")
    async def listen(ack: AsyncAck) -> None:
        ack.response = BoltResponse(status=200, body=answer)

    message = posted(slack, menu())
    with pytest.raises(SlackError, match="options_not_loaded"):
        await slack.as_user("U0DANA").suggest("run", "on", channel=TRAINING, ts=message.ts)


async def test_suggestions_that_do_not_come(slack: StandIn) -> None:
    """Without an app there are none, and other elements have none at all."""
    message = posted(slack, menu(), {**cards.button("Go"), "action_id": "go"})
    for action_id, error in (("run", "options_not_loaded"), ("go", "action_not_found"), ("zap", "action_not_found")):
        with pytest.raises(SlackError, match=error):
            await slack.as_user("U0DANA").suggest(action_id, "on", channel=TRAINING, ts=message.ts)


# Shortcuts


async def test_a_message_shortcut_brings_its_message(app: AsyncApp, slack: StandIn) -> None:
    """And a response URL: the answer is for the person alone, and can't replace somebody's words."""
    bodies: list[Json] = []

    @app.shortcut("explain_run")
    async def listen(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        bodies.append(body)
        await ack()
        await respond("explained", replace_original=True)

    said = await slack.as_user("U0OMAR").say(TRAINING, "what is this?")
    assert (await slack.as_user("U0DANA").shortcut("explain_run", channel=TRAINING, ts=said.ts)).acked
    (body,) = bodies
    assert body.keys() == {
        "type", "token", "api_app_id", "team", "enterprise", "is_enterprise_install", "user", "trigger_id",
        "callback_id", "channel", "message", "message_ts", "response_url", "action_ts",
    }  # fmt: skip
    assert (body["type"], body["user"]["id"]) == ("message_action", "U0DANA")
    assert (body["message"]["text"], body["message"]["user"]) == ("what is this?", "U0OMAR")
    assert body["message_ts"] == body["message"]["ts"] == said.ts
    assert [each.text for each in slack.ephemerals("U0DANA", TRAINING)] == ["explained"]
    assert [each.text for each in slack.messages(TRAINING)] == ["what is this?"]


async def test_what_is_said_names_ids_alone(slack: StandIn) -> None:
    """People, groups and channels without labels, links in brackets; and nothing is no message."""
    said = await slack.as_user("U0DANA").say(TRAINING, "@omar @ml-leads #delays https://a.example/?b&c <i>")
    assert said.text == "<@U0OMAR> <!subteam^S0MLLEADS> <#C0DELAYS> <https://a.example/?b&amp;c> &lt;i&gt;"
    with pytest.raises(SlackError, match="no_text"):
        await slack.as_user("U0DANA").say(TRAINING, " ")
    with pytest.raises(SlackError, match="not_in_channel"):
        await slack.as_user("U0GUS").say("C0DELAYS", "hello")


async def test_a_global_shortcut_has_no_place(app: AsyncApp, slack: StandIn) -> None:
    """Its trigger opens a modal."""
    bodies: list[Json] = []

    @app.shortcut({"type": "shortcut", "callback_id": "train"})
    async def listen(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    assert (await slack.as_user("U0DANA").shortcut("train")).acked
    (body,) = bodies
    assert not body.keys() & {"channel", "message", "response_url", "container"}
    assert slack.backend.triggers.exchange(body["trigger_id"]) == "U0DANA"


async def test_shortcuts_that_are_not_there(slack: StandIn) -> None:
    """Another kind of shortcut, an ephemeral message, and a channel that the person is not in."""
    bot = slack.backend.world.app.bot_user
    private = slack.backend.workspace.post(TRAINING, bot, Content("x", []), shown_to="U0DANA")
    hidden = await slack.as_user("U0DANA").say("C0DELAYS", "x")
    dana, gus = slack.as_user("U0DANA"), slack.as_user("U0GUS")
    for error, call in (
        ("shortcut_not_found", dana.shortcut("explain_run")),
        ("shortcut_not_found", dana.shortcut("train", channel="C0DELAYS", ts=hidden.ts)),
        ("message_not_found", dana.shortcut("explain_run", channel=TRAINING, ts=private.ts)),
        ("message_not_found", dana.shortcut("explain_run", channel=TRAINING, ts="1.2")),
        ("not_in_channel", gus.shortcut("explain_run", channel="C0DELAYS", ts=hidden.ts)),
    ):
        with pytest.raises(SlackError, match=error):
            await call
