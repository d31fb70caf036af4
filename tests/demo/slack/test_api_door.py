"""What every method of the Web API asks for before it does anything: a token, scopes, readable arguments."""

from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from demo.slack import StandIn
from demo.slack.api import METHODS
from demo.slack.world import load_world
from tests.demo.slack.calls import TRAINING, Api

BOT, APP = "xoxb-demo", "xapp-demo"
OF_THE_BOT = sorted(name for name, method in METHODS.items() if not method.app_level)
WITH_SCOPE = sorted(name for name in OF_THE_BOT if METHODS[name].scopes)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


async def test_auth_test_tells_the_bot_who_it_is(api: Api) -> None:
    """auth.test gives the ids of the team, the bot user and the bot."""
    answer = await api("auth.test")
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0STATION", "U0STATION", "B0STATION")


@pytest.mark.parametrize(
    ("token", "error"), [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP, "not_allowed_token_type")]
)
async def test_wrong_tokens_are_refused(api: Api, token: str, error: str) -> None:
    """No token, an unknown one, and one of the wrong kind have each their own error."""
    status, answer = await api.bare("auth.test", token)
    assert (status, answer["ok"], answer["error"]) == (200, False, error)


async def test_connections_are_opened_with_the_apps_own_token(api: Api) -> None:
    """apps.connections.open takes the app-level token, and no other."""
    assert (await api.bare("apps.connections.open", BOT))[1]["error"] == "not_allowed_token_type"
    assert (await api.bare("apps.connections.open", APP))[1]["url"].startswith("ws://127.0.0.1")


async def test_an_app_level_token_has_scopes_too(api: Api) -> None:
    """Without connections:write it opens no socket."""
    world = api.slack.backend.world
    api.slack.backend.world = world.model_copy(update={"app": world.app.model_copy(update={"level_scopes": ()})})
    assert (await api.bare("apps.connections.open", APP))[1]["needed"] == "connections:write"


@pytest.mark.parametrize(
    "request_",
    [{"params": {"token": BOT}}, {"json": {"token": BOT}}],
    ids=["query", "json"],
)
async def test_a_token_in_the_wrong_place_is_none(api: Api, request_: dict[str, Any]) -> None:
    """Slack reads it from the header, or from a form; from nowhere else."""
    assert (await api.bare("auth.test", "", **request_))[1]["error"] == "not_authed"


async def test_a_form_may_carry_the_token(api: Api) -> None:
    """As an argument beside the others; it is not remembered with them."""
    _, answer = await api.bare("chat.postMessage", "", data={"channel": TRAINING, "text": "x", "token": BOT})
    assert answer["ok"]
    assert "token" not in api.slack.calls[0].arguments


async def test_an_unknown_method_is_refused(api: Api) -> None:
    """Slack answers unknown_method instead of 404."""
    assert await api.code("chat.sing") == "unknown_method"


# ---- scopes -------------------------------------------------------------------------------------------------------


async def test_every_scope_is_asked_for() -> None:
    """Without any scope, each method that needs one says which; those that need none are not refused for that."""
    async with StandIn(world=load_world().granting(), rate_limits=False) as slack, ClientSession() as session:
        api = Api(session, slack)
        refused = {name: answer for name in OF_THE_BOT if (answer := await api(name)).get("error") == "missing_scope"}
    assert sorted(refused) == WITH_SCOPE
    assert {name: answer["needed"] for name, answer in refused.items()} == {
        name: ",".join(METHODS[name].scopes) for name in WITH_SCOPE
    }
    assert {answer["provided"] for answer in refused.values()} == {""}


@pytest.mark.parametrize("name", WITH_SCOPE)
async def test_any_scope_of_a_method_lets_the_call_in(name: str) -> None:
    """The last of them is as good as the first; what a kind of conversation needs is asked later."""
    scopes = METHODS[name].scopes
    async with StandIn(world=load_world().granting(scopes[-1])) as slack, ClientSession() as session:
        answer = await Api(session, slack)(name)
    assert answer.get("needed") != ",".join(scopes)


async def test_the_head_tells_the_scopes(api: Api) -> None:
    """Those granted and those accepted, also with a refusal; nothing is told without a token."""
    head = await api.head("conversations.info")
    assert head["x-oauth-scopes"] == ",".join(load_world().app.scopes)
    assert head["x-accepted-oauth-scopes"] == "channels:read,groups:read,im:read,mpim:read"
    assert "x-oauth-scopes" not in await api.head("conversations.info", "")


@pytest.mark.parametrize(
    ("method", "arguments", "needed"),
    [
        ("conversations.info", {"channel": "C0PLATFORM"}, "groups:read"),
        ("conversations.info", {"channel": "D0DANA"}, "im:read"),
        ("conversations.members", {"channel": "C0PLATFORM"}, "groups:read"),
        ("conversations.history", {"channel": "C0PLATFORM"}, "groups:history"),
        ("conversations.replies", {"channel": "D0DANA", "ts": "1.1"}, "im:history"),
        ("conversations.list", {"types": "public_channel,private_channel"}, "groups:read"),
        ("conversations.list", {"types": "im"}, "im:read"),
        ("conversations.list", {"types": "mpim"}, "mpim:read"),
        ("conversations.open", {"users": "U0DANA"}, "im:write"),
        ("conversations.open", {"users": "U0DANA,U0OMAR"}, "mpim:write"),
        ("conversations.open", {"channel": "D0DANA"}, "im:write"),
    ],
)
async def test_each_kind_of_conversation_has_its_own_scope(method: str, arguments: dict[str, Any], needed: str) -> None:
    """The scope for public channels opens nothing else."""
    others = ("mpim:write",) if needed == "im:write" else METHODS[method].scopes[:1]
    granted = ("channels:read", "channels:history", *others)
    async with StandIn(world=load_world().granting(*granted)) as slack, ClientSession() as session:
        answer = await Api(session, slack)(method, **arguments)
    assert (answer["error"], answer["needed"]) == ("missing_scope", needed)


# ---- arguments ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        (JSON, "[", "invalid_json"),
        (JSON, "", "invalid_json"),
        (JSON, '"text"', "json_not_object"),
        (JSON, "[1]", "json_not_object"),
        ("application/xml", "<a/>", "invalid_post_type"),
        (f"{FORM}; charset=koi8-r", "a=1", "invalid_charset"),
        ("multipart/form-data; boundary=x", "no boundary here", "invalid_form_data"),
        (FORM, "users[0]=U0DANA", "invalid_array_arg"),
        (FORM, "a-b=1", "invalid_arg_name"),
        (FORM, f"{'a' * 100}=1", "invalid_arg_name"),
        (JSON, '{"channel": ["C0TRAINING"]}', "invalid_array_arg"),
        (JSON, '{"channel": {"id": "C0TRAINING"}}', "invalid_arguments"),
        (JSON, '{"text": "x"}', "invalid_arguments"),
        (JSON, '{"channel": "", "text": "x"}', "invalid_arguments"),
    ],
)
async def test_what_cannot_be_read_is_refused(api: Api, content_type: str, body: str, error: str) -> None:
    """Each kind of damage has Slack's own error."""
    data = body.encode() or b" "
    _, answer = await api.bare("chat.postMessage", headers={"Content-Type": content_type}, data=data)
    assert answer["error"] == error
    assert api.slack.messages(TRAINING) == []


async def test_a_body_says_what_it_is(api: Api) -> None:
    """Without Content-Type it is not read."""
    async with ClientSession(skip_auto_headers=["Content-Type"]) as session:
        _, answer = await Api(session, api.slack).bare("chat.postMessage", data=b"channel=C0TRAINING&text=x")
    assert answer["error"] == "missing_post_type"


async def test_a_missing_argument_is_named(api: Api) -> None:
    """In the messages of the answer."""
    answer = await api("chat.postMessage", text="x")
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_forms_json_and_the_query_mean_the_same(api: Api) -> None:
    """Blocks are JSON in a string in forms, and a list in JSON."""
    blocks = '[{"type": "divider"}]'
    multipart = FormData({"channel": TRAINING, "blocks": blocks}, default_to_multipart=True)
    requests: list[dict[str, Any]] = [
        {"data": {"channel": TRAINING, "blocks": blocks}},
        {"data": multipart},
        {"params": {"channel": TRAINING, "blocks": blocks}},
        {"json": {"channel": TRAINING, "blocks": [{"type": "divider"}]}},
        {"json": {"channel": TRAINING, "blocks": blocks}},
    ]
    answers = [(await api.bare("chat.postMessage", **request))[1]["ok"] for request in requests]
    assert answers == [True] * 5
    assert {len(message.blocks) for message in api.slack.messages(TRAINING)} == {1}
