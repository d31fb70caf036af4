"""Modals over both transports: what the app hears, and what each of its answers does."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from demo.slack import StandIn
from demo.slack.errors import SlackError
from demo.slack.outcome import TROUBLE
from tests.demo.slack import cards
from tests.demo.slack.bolts import by_http, by_socket

Block = dict[str, Any]
Json = dict[str, Any]


def labelled(element: Block, block_id: str = "B", **more: Any) -> Block:
    """An input block around an element."""
    return {"type": "input", "block_id": block_id, "label": cards.plain(block_id), "element": element, **more}


def text(**more: Any) -> Block:
    return {"type": "plain_text_input", "action_id": "a", **more}


def modal(*blocks: Block, title: str = "Run", **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "run",
        "title": cards.plain(title),
        "submit": cards.plain("Start"),
        "blocks": list(blocks) or [labelled(text())],
        **more,
    }


async def opened(app: AsyncApp, slack: StandIn, view: Json, user: str = "U0DANA") -> Json:
    """A view that a fresh trigger opened."""
    trigger = slack.backend.triggers.issue(user)
    return dict((await app.client.views_open(trigger_id=trigger, view=view))["view"])


def titles(slack: StandIn, user: str = "U0DANA") -> list[str]:
    return [view["title"]["text"] for view in slack.as_user(user).modals]


@pytest.fixture(params=[by_socket, by_http], ids=["socket", "http"])
async def app(slack: StandIn, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    """A Bolt app by either transport."""
    async with request.param(slack) as bolt:
        yield bolt


@pytest.fixture
def heard(app: AsyncApp) -> list[Json]:
    """What comes of submissions, closings and clicks, each acknowledged with nothing."""
    bodies: list[Json] = []

    async def note(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    app.view("run")(note)
    app.view_closed("run")(note)
    app.action("a")(note)
    return bodies


def answering(app: AsyncApp, **answer: Any) -> None:
    """Have every submission acknowledged with this."""

    @app.view("run")
    async def listen(ack: AsyncAck) -> None:
        await ack(**answer)


# Submissions


async def test_a_submission_holds_the_view_as_filled_in(app: AsyncApp, slack: StandIn, heard: list[Json]) -> None:
    """With who sent it, the app's private metadata and every value; acknowledged with nothing, the modal closes."""
    view = await opened(app, slack, modal(private_metadata='{"draft": 7}', external_id="mine"))
    outcome = await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "<b> & “c”"}})
    assert (outcome.acked, outcome.errors, outcome.notice) == (True, None, None)
    (body,) = heard
    assert body.keys() == {
        "type", "token", "api_app_id", "team", "enterprise", "is_enterprise_install", "user", "trigger_id", "view",
        "response_urls",
    }  # fmt: skip
    user = {"id": "U0DANA", "username": "dana", "name": "dana", "team_id": "T0STATION"}
    assert (body["type"], body["user"], body["response_urls"]) == ("view_submission", user, [])
    sent = body["view"]
    assert sent["state"]["values"] == {"B": {"a": {"type": "plain_text_input", "value": "<b> & “c”"}}}
    assert (sent["private_metadata"], sent["external_id"]) == ('{"draft": 7}', "mine")
    assert (sent["id"], sent["root_view_id"], sent["previous_view_id"]) == (view["id"], view["id"], None)
    assert titles(slack) == []


async def test_what_is_left_out_keeps_its_value(app: AsyncApp, slack: StandIn, heard: list[Json]) -> None:
    """That is its initial one, or what was filled in before; None clears it."""
    inputs = [labelled(text(initial_value="x"), name, optional=True) for name in ("A", "B")]
    view = await opened(app, slack, modal(*inputs))
    await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": None}})
    values = heard[0]["view"]["state"]["values"]
    assert (values["A"]["a"]["value"], values["B"]["a"]["value"]) == ("x", None)


async def test_the_client_refuses_before_anything_is_sent(app: AsyncApp, slack: StandIn, heard: list[Json]) -> None:
    """A required input left empty is shown at its place; the modal stays, and the app hears nothing."""
    view = await opened(app, slack, modal())
    outcome = await slack.as_user("U0DANA").submit(view["id"], {})
    assert (outcome.acked, outcome.error) == (False, "invalid_inputs")
    assert outcome.errors == {"B": "Please complete this required field."}
    assert (heard, titles(slack)) == ([], ["Run"])


async def test_errors_are_shown_at_their_inputs(app: AsyncApp, slack: StandIn) -> None:
    """The modal stays open with what was filled in."""
    answering(app, response_action="errors", errors={"B": "too large"})
    view = await opened(app, slack, modal())
    outcome = await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "5"}})
    assert (outcome.acked, outcome.errors, outcome.error) == (True, {"B": "too large"}, None)
    (kept,) = slack.as_user("U0DANA").modals
    assert kept["state"]["values"]["B"]["a"]["value"] == "5"


async def test_an_update_takes_the_modals_place(app: AsyncApp, slack: StandIn) -> None:
    """It has the same id and another hash; elements that are still there keep what was filled in."""
    new = modal(labelled(text(initial_value="again")), labelled(text(initial_value="new"), "C"), title="Sure?")
    answering(app, response_action="update", view=new)
    view = await opened(app, slack, modal())
    await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "5"}})
    (updated,) = slack.as_user("U0DANA").modals
    assert (updated["id"], updated["title"]["text"]) == (view["id"], "Sure?")
    assert updated["hash"] != view["hash"]
    assert {name: entry["a"]["value"] for name, entry in updated["state"]["values"].items()} == {"B": "5", "C": "new"}


async def test_a_push_goes_on_top_and_closing_goes_back(app: AsyncApp, slack: StandIn) -> None:
    """The pushed modal knows what is below it."""
    answering(app, response_action="push", view=modal(title="More", callback_id="more"))
    dana = slack.as_user("U0DANA")
    view = await opened(app, slack, modal())
    await dana.submit(view["id"], {"B": {"a": "5"}})
    assert titles(slack) == ["Run", "More"]
    pushed = dana.modals[-1]
    assert (pushed["root_view_id"], pushed["previous_view_id"]) == (view["id"], view["id"])
    with pytest.raises(SlackError, match="view_not_found"):  # it is covered
        await dana.submit(view["id"], {})
    await dana.close(pushed["id"])
    assert titles(slack) == ["Run"]


async def test_clear_closes_every_modal(app: AsyncApp, slack: StandIn) -> None:
    """However many there are."""
    answering(app, response_action="clear")
    await opened(app, slack, modal())
    view = await opened(app, slack, modal(title="Top"))
    await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "5"}})
    assert titles(slack) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "no such input"}},
        {"response_action": "errors", "errors": {"S": "a section is no input"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "dance"},
        {"response_action": "update"},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"response_action": "push", "view": {"type": "home", "blocks": []}},
        {"text": "not an answer to a submission"},
    ],
    ids=str,
)
async def test_answers_that_slack_cannot_use(app: AsyncApp, slack: StandIn, answer: Json) -> None:
    """The person is told that it didn't work; the modal stays as it was."""

    @app.view("run")
    async def listen(ack: AsyncAck) -> None:
        ack.response = BoltResponse(status=200, body=answer)  # Bolt's own `ack` would repair some of it

    view = await opened(app, slack, modal(labelled(text()), {**cards.section("x"), "block_id": "S"}))
    outcome = await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "5"}})
    assert (outcome.acked, outcome.error, outcome.notice) == (True, "invalid_answer", TROUBLE)
    assert titles(slack) == ["Run"]


async def test_a_fourth_modal_cannot_be_pushed(app: AsyncApp, slack: StandIn) -> None:
    """Neither by an answer nor by views.push."""
    answering(app, response_action="push", view=modal(title="Fourth"))
    for title in ("Run", "Second", "Third"):
        view = await opened(app, slack, modal(title=title))
    outcome = await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "5"}})
    assert (outcome.error, outcome.notice) == ("invalid_answer", TROUBLE)
    with pytest.raises(SlackError, match="push_limit_reached"):
        slack.backend.views.push("U0DANA", modal())


async def test_a_silent_app_leaves_the_modal_open(slack: StandIn, app: AsyncApp) -> None:
    """The person can try again, submitting and clicking."""

    async def listen() -> None:
        return None

    app.view("run")(listen)
    app.action("a")(listen)
    view = await opened(app, slack, modal(labelled(text(), dispatch_action=True)))
    dana = slack.as_user("U0DANA")
    for outcome in (
        await dana.submit(view["id"], {"B": {"a": "5"}}),
        await dana.view_action(view["id"], "a", value="5"),
    ):
        assert (outcome.acked, outcome.notice) == (False, TROUBLE)
    assert titles(slack) == ["Run"]


async def test_a_conversation_chosen_to_answer_to_has_a_response_url(
    app: AsyncApp, slack: StandIn, heard: list[Json]
) -> None:
    """Where the element asks for one."""
    view = slack.backend.views.open("U0DANA", modal())
    chooser = {"type": "conversations_select", "action_id": "where", "response_url_enabled": True}
    view["blocks"] = [labelled(chooser)]
    view["state"] = {"values": {"B": {"where": {"type": "conversations_select", "selected_conversation": None}}}}
    await slack.as_user("U0DANA").submit(view["id"], {"B": {"where": "C0DELAYS"}})
    (url,) = heard[0]["response_urls"]
    assert (url["block_id"], url["action_id"], url["channel_id"]) == ("B", "where", "C0DELAYS")
    assert url["response_url"].startswith(slack.url)


async def test_an_app_may_update_before_it_acknowledges(app: AsyncApp, slack: StandIn) -> None:
    """The acknowledgement then closes what it has become."""

    @app.view("run")
    async def listen(ack: AsyncAck, body: Json) -> None:
        await app.client.views_update(view_id=body["view"]["id"], view=modal(title="Wait"))
        assert titles(slack) == ["Wait"]
        await ack()

    view = await opened(app, slack, modal())
    outcome = await slack.as_user("U0DANA").submit(view["id"], {"B": {"a": "5"}})
    assert (outcome.acked, outcome.error) == (True, None)
    assert titles(slack) == []


# Closing


async def test_closing_is_told_to_those_who_asked(app: AsyncApp, slack: StandIn, heard: list[Json]) -> None:
    """Without a trigger id and without what was filled in; a modal that didn't ask just goes."""
    dana = slack.as_user("U0DANA")
    quiet = await opened(app, slack, modal())
    asked = await opened(app, slack, modal(labelled(text(initial_value="x")), notify_on_close=True))
    await dana.close(asked["id"])
    await dana.close(quiet["id"])
    (body,) = heard
    assert (body["type"], body["view"]["id"], body["is_cleared"]) == ("view_closed", asked["id"], False)
    assert body["view"]["state"]["values"] == {}
    assert "trigger_id" not in body
    assert titles(slack) == []


@pytest.mark.parametrize("by", ["person", "view"])
async def test_clearing_closes_all_and_tells_of_each(app: AsyncApp, slack: StandIn, heard: list[Json], by: str) -> None:
    """By the person's choice, or where the view has clear_on_close."""
    below = await opened(app, slack, modal(notify_on_close=True))
    top = await opened(app, slack, modal(notify_on_close=True, clear_on_close=by == "view"))
    await slack.as_user("U0DANA").close(top["id"], all=by == "person")
    assert [(each["view"]["id"], each["is_cleared"]) for each in heard] == [(top["id"], True), (below["id"], True)]
    assert titles(slack) == []


# Clicks


async def test_a_click_in_a_modal_tells_its_state(app: AsyncApp, slack: StandIn, heard: list[Json]) -> None:
    """The view comes with its hash and what the form held at that moment; there is no channel and no message."""
    click = {"type": "actions", "block_id": "X", "elements": [{**cards.button("More"), "action_id": "a"}]}
    view = await opened(app, slack, modal(labelled(text()), click))
    outcome = await slack.as_user("U0DANA").view_action(view["id"], "a", block_id="X", inputs={"B": {"a": "half"}})
    assert outcome.acked
    (body,) = heard
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["view"]["hash"] == view["hash"]
    assert body["view"]["state"]["values"]["B"]["a"]["value"] == "half"
    assert not body.keys() & {"channel", "message", "response_url", "state"}
    assert body["actions"][0] | {"action_ts": ""} == {
        "type": "button", "block_id": "X", "action_id": "a", "text": cards.plain("More"), "action_ts": "",
    }  # fmt: skip


async def test_only_dispatching_inputs_send_clicks(app: AsyncApp, slack: StandIn, heard: list[Json]) -> None:
    """Others are heard of when the form is submitted."""
    view = await opened(app, slack, modal(labelled(text(), "A"), labelled(text(), "B", dispatch_action=True)))
    dana = slack.as_user("U0DANA")
    assert (await dana.view_action(view["id"], "a", block_id="A", value="1")).error == "not_dispatched"
    assert (await dana.view_action(view["id"], "a", block_id="B", value="2")).acked
    (body,) = heard
    assert [(each["block_id"], each["value"]) for each in body["actions"]] == [("B", "2")]
    values = body["view"]["state"]["values"]
    assert [values[name]["a"]["value"] for name in "AB"] == ["1", "2"]


async def test_a_click_in_the_home_tab_and_its_trigger(app: AsyncApp, slack: StandIn) -> None:
    """Its view is the home tab; the trigger opens a modal, and one from there pushes another."""
    titles_left = ["First", "Second"]

    @app.action("a")
    async def listen(ack: AsyncAck, body: Json) -> None:
        await ack()
        open_ = slack.backend.views.open if body["view"]["type"] == "home" else slack.backend.views.push
        press = {"type": "actions", "block_id": "X", "elements": [{**cards.button("More"), "action_id": "a"}]}
        open_(slack.backend.triggers.exchange(body["trigger_id"]), modal(press, title=titles_left.pop(0)))

    press = {"type": "actions", "elements": [{**cards.button("Go"), "action_id": "a"}]}
    await app.client.views_publish(user_id="U0DANA", view={"type": "home", "blocks": [press]})
    dana = slack.as_user("U0DANA")
    assert dana.home is not None
    await dana.view_action(dana.home["id"], "a")
    await dana.view_action(dana.modals[-1]["id"], "a")
    assert titles(slack) == ["First", "Second"]


# What methods refuse


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_hashes_protect_from_races(app: AsyncApp, slack: StandIn) -> None:
    """An update or a publication with an old hash is refused; without one it is not."""
    view = await opened(app, slack, modal())
    update = app.client.views_update
    newer = (await update(view_id=view["id"], view=modal(title="Newer"), hash=view["hash"]))["view"]
    assert await refused(update(view_id=view["id"], view=modal(), hash=view["hash"])) == "hash_conflict"
    await update(view_id=view["id"], view=modal(title="Any"))
    assert newer["id"] == view["id"]
    views, home = slack.backend.views, {"type": "home", "blocks": [cards.section("x")]}
    first = views.publish("U0DANA", home)
    views.publish("U0DANA", home, first["hash"])
    with pytest.raises(SlackError, match="hash_conflict"):
        views.publish("U0DANA", home, first["hash"])


async def test_a_home_tab_can_be_updated_in_place(app: AsyncApp, slack: StandIn) -> None:
    """By its id, which stays, also when it is published again."""
    dana = slack.as_user("U0DANA")
    home = {"type": "home", "blocks": [cards.section("x")]}
    view_id = (await app.client.views_publish(user_id="U0DANA", view=home))["view"]["id"]
    await app.client.views_update(view_id=view_id, view=home | {"blocks": [cards.section("y")]})
    assert dana.home is not None
    assert dana.home["blocks"][0]["text"]["text"] == "y"
    again = await app.client.views_publish(user_id="U0DANA", view=home)
    assert again["view"]["id"] == view_id


async def test_external_ids_are_unique_and_name_views(app: AsyncApp, slack: StandIn) -> None:
    """Among all open views of everybody; a closed one's may be used again."""
    view = await opened(app, slack, modal(external_id="mine"))
    trigger = slack.backend.triggers.issue("U0OMAR")
    theirs = app.client.views_open(trigger_id=trigger, view=modal(external_id="mine"))
    assert await refused(theirs) == "duplicate_external_id"
    home = {"type": "home", "external_id": "mine", "blocks": [cards.section("x")]}
    assert await refused(app.client.views_publish(user_id="U0OMAR", view=home)) == "duplicate_external_id"
    await app.client.views_update(external_id="mine", view=modal(title="Found", external_id="mine"))
    assert titles(slack) == ["Found"]
    await slack.as_user("U0DANA").close(view["id"])
    assert (await opened(app, slack, modal(external_id="mine"), "U0OMAR"))["external_id"] == "mine"


async def test_methods_want_their_own_kind_of_view(app: AsyncApp, slack: StandIn) -> None:
    """No home tab is opened, and no modal published."""
    home = {"type": "home", "blocks": [cards.section("x")]}
    trigger = slack.backend.triggers.issue("U0DANA")
    assert await refused(app.client.views_open(trigger_id=trigger, view=home)) == "invalid_arguments"
    assert await refused(app.client.views_publish(user_id="U0DANA", view=modal())) == "invalid_arguments"


def without_modal(views: Any) -> Any:
    return views.push("U0DANA", modal())


def unknown(views: Any) -> Any:
    return views.update(modal(), view_id="V1", external_id=None, hash_=None)


@pytest.mark.parametrize("call", [without_modal, unknown])
async def test_views_that_are_not_there(slack: StandIn, call: Callable[[Any], Any]) -> None:
    """Nothing to push upon, nothing to update."""
    with pytest.raises(SlackError, match="not_found"):
        call(slack.backend.views)


async def test_what_a_person_cannot_do(app: AsyncApp, slack: StandIn) -> None:
    """Others' modals, elements that are not there, and the home tab's submit button."""
    view = await opened(app, slack, modal())
    home = slack.backend.views.publish("U0DANA", {"type": "home", "blocks": [cards.section("x")]})
    dana, omar = slack.as_user("U0DANA"), slack.as_user("U0OMAR")
    for error, call in (
        ("view_not_found", omar.submit(view["id"], {})),
        ("view_not_found", omar.close(view["id"])),
        ("view_not_found", dana.submit(home["id"], {})),
        ("action_not_found", dana.submit(view["id"], {"B": {"zap": "x"}})),
        ("action_not_found", dana.view_action(view["id"], "zap")),
    ):
        with pytest.raises(SlackError, match=error):
            await call
