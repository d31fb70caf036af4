import pytest
from aiohttp import ClientSession, ServerDisconnectedError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from tests.demo.slack import cards
from tests.demo.slack.conftest import Clock

TRAINING = "C0TRAINING"


async def refused(call: object) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        await call  # type: ignore[misc]
    return caught.value


async def code(call: object) -> str:
    return str((await refused(call)).response["error"])


async def test_auth_test_tells_the_bot_who_it_is(client: AsyncWebClient) -> None:
    """auth.test gives the ids of the team, the bot user and the bot."""
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0STATION", "U0STATION", "B0STATION")


async def test_wrong_tokens_are_refused(slack: StandIn) -> None:
    """No token, an unknown one, and one of the wrong kind have each their own error."""
    url = slack.api_url
    assert await code(AsyncWebClient("", base_url=url).auth_test()) == "not_authed"
    assert await code(AsyncWebClient("other", base_url=url).auth_test()) == "invalid_auth"
    assert await code(AsyncWebClient(slack.app_token, base_url=url).auth_test()) == "not_allowed_token_type"
    bot = AsyncWebClient(slack.bot_token, base_url=url)
    assert await code(bot.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"


async def test_a_missing_scope_is_named(client: AsyncWebClient, slack: StandIn) -> None:
    """A method whose scope the app lacks answers missing_scope and says which."""
    world = slack.backend.world
    scopes = tuple(scope for scope in world.app.scopes if scope != "chat:write")
    slack.backend.world = world.model_copy(update={"app": world.app.model_copy(update={"scopes": scopes})})
    error = await refused(client.chat_postMessage(channel=TRAINING, text="hi"))
    assert (error.response["error"], error.response["needed"]) == ("missing_scope", "chat:write")


async def test_an_unknown_method_is_refused(client: AsyncWebClient) -> None:
    """Slack answers unknown_method instead of 404."""
    assert await code(client.api_call("chat.sing")) == "unknown_method"


async def test_forms_json_and_token_fields_mean_the_same(slack: StandIn) -> None:
    """A form with its token inside and a JSON body with a header both post."""
    url, token = f"{slack.api_url}chat.postMessage", slack.bot_token
    async with ClientSession() as session:
        form = {"channel": TRAINING, "blocks": '[{"type": "divider"}]', "token": token}
        async with session.post(url, data=form) as response:
            assert (await response.json())["ok"]
        body = {"channel": TRAINING, "text": "json"}
        async with session.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as response:
            assert (await response.json())["ok"]
        async with session.post(url, data="[", headers={"Content-Type": "application/json"}) as response:
            assert (await response.json())["error"] == "invalid_json"
    assert [(m.text, len(m.blocks)) for m in slack.messages(TRAINING)] == [("", 1), ("json", 0)]
    assert "token" not in slack.calls[0].arguments


async def test_a_message_is_posted_changed_and_deleted(client: AsyncWebClient, slack: StandIn) -> None:
    """A posted message keeps its ts through an edit, and is gone after its deletion."""
    posted = await client.chat_postMessage(channel=TRAINING, text="one", blocks=cards.running())
    ts = str(posted["ts"])
    await client.chat_update(channel=TRAINING, ts=ts, text="two", blocks=cards.finished())
    message = slack.messages(TRAINING)[0]
    assert (message.ts, message.text, message.edited_ts) == (ts, "two", None)
    await client.chat_delete(channel=TRAINING, ts=ts)
    assert slack.messages(TRAINING) == []


async def test_an_edit_with_text_alone_drops_the_blocks(client: AsyncWebClient, slack: StandIn) -> None:
    """As Slack does: text without blocks replaces them, and only such an edit is marked."""
    posted = await client.chat_postMessage(channel=TRAINING, text="one", blocks=cards.running())
    await client.chat_update(channel=TRAINING, ts=str(posted["ts"]), text="two")
    message = slack.messages(TRAINING)[0]
    assert message.blocks == []
    assert message.edited_ts is not None


async def test_a_person_as_channel_means_their_direct_message(client: AsyncWebClient, slack: StandIn) -> None:
    """chat.postMessage accepts a user id; chat.update wants the conversation's own id."""
    opened = await client.conversations_open(users="U0DANA")
    posted = await client.chat_postMessage(channel="U0DANA", text="hello")
    assert posted["channel"] == opened["channel"]["id"] == "D0DANA"
    assert [m.text for m in slack.messages("D0DANA")] == ["hello"]
    assert await code(client.chat_update(channel="U0DANA", ts=posted["ts"], text="x")) == "channel_not_found"


async def test_replies_form_a_thread(client: AsyncWebClient) -> None:
    """A reply to a reply joins the parent's thread; history shows only the parent, with its count."""
    parent = await client.chat_postMessage(channel=TRAINING, text="parent")
    first = await client.chat_postMessage(channel=TRAINING, text="1", thread_ts=parent["ts"])
    await client.chat_postMessage(channel=TRAINING, text="2", thread_ts=first["ts"])
    history = await client.conversations_history(channel=TRAINING)
    assert [(m["text"], m["reply_count"]) for m in history["messages"]] == [("parent", 2)]
    thread = await client.conversations_replies(channel=TRAINING, ts=parent["ts"])
    assert [m["text"] for m in thread["messages"]] == ["parent", "1", "2"]


async def test_history_pages_and_spans(client: AsyncWebClient) -> None:
    """History is newest first, between oldest and latest, in pages by cursor."""
    ts = [str((await client.chat_postMessage(channel=TRAINING, text=str(n)))["ts"]) for n in range(4)]
    span = await client.conversations_history(channel=TRAINING, oldest=ts[0], latest=ts[3])
    assert [m["text"] for m in span["messages"]] == ["2", "1"]
    inclusive = await client.conversations_history(channel=TRAINING, oldest=ts[2], inclusive=True)
    assert [m["text"] for m in inclusive["messages"]] == ["3", "2"]
    page = await client.conversations_history(channel=TRAINING, limit=3)
    rest = await client.conversations_history(
        channel=TRAINING, limit=3, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in (*page["messages"], *rest["messages"])] == ["3", "2", "1", "0"]
    assert await code(client.conversations_history(channel=TRAINING, cursor="?")) == "invalid_cursor"


async def test_metadata_is_kept_and_shown_on_request(client: AsyncWebClient) -> None:
    """A nonce in a message's metadata is found again in the history."""
    metadata = {"event_type": "card", "event_payload": {"nonce": "7"}}
    await client.chat_postMessage(channel=TRAINING, text="x", metadata=metadata)
    hidden = await client.conversations_history(channel=TRAINING)
    shown = await client.conversations_history(channel=TRAINING, include_all_metadata=True)
    assert "metadata" not in hidden["messages"][0]
    assert shown["messages"][0]["metadata"] == metadata
    bad = client.chat_postMessage(channel=TRAINING, text="x", metadata={"event_type": "card"})
    assert await code(bad) == "invalid_metadata_format"


async def test_the_bot_writes_and_reads_only_where_it_is_a_member(client: AsyncWebClient) -> None:
    """#general exists but the bot is not in it: seen, not written to, not read."""
    info = await client.conversations_info(channel="C0GENERAL")
    assert info["channel"]["is_member"] is False
    assert await code(client.chat_postMessage(channel="C0GENERAL", text="x")) == "not_in_channel"
    assert await code(client.conversations_history(channel="C0GENERAL")) == "not_in_channel"
    assert await code(client.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert (await client.chat_postMessage(channel="#training", text="by name"))["channel"] == TRAINING


async def test_messages_that_are_not_there_or_not_its_own(client: AsyncWebClient, slack: StandIn) -> None:
    """An app changes only its own messages, and only those that exist."""
    theirs = (await slack.as_user("U0DANA").say(TRAINING, "mine")).ts
    assert await code(client.chat_update(channel=TRAINING, ts=theirs, text="x")) == "cant_update_message"
    assert await code(client.chat_delete(channel=TRAINING, ts=theirs)) == "cant_delete_message"
    assert await code(client.chat_update(channel=TRAINING, ts="1.1", text="x")) == "message_not_found"
    lost = client.chat_postMessage(channel=TRAINING, text="x", thread_ts="1.1")
    assert await code(lost) == "thread_not_found"


async def test_an_empty_or_too_long_message_is_refused(client: AsyncWebClient) -> None:
    """no_text for nothing, msg_too_long for more than 4,000 characters, invalid_arguments for no channel."""
    empty = {"channel": TRAINING, "text": " "}
    assert await code(client.api_call("chat.postMessage", json=empty)) == "no_text"
    assert await code(client.chat_postMessage(channel=TRAINING, text="x" * 4_001)) == "msg_too_long"
    assert await code(client.chat_postMessage(channel="", text="x")) == "invalid_arguments"


async def test_an_ephemeral_is_seen_by_one_person(client: AsyncWebClient, slack: StandIn) -> None:
    """It is in nobody else's view, not in the history, and cannot be edited."""
    answer = await client.chat_postEphemeral(channel=TRAINING, user="U0DANA", text="psst")
    assert [m.text for m in slack.ephemerals("U0DANA", TRAINING)] == ["psst"]
    assert slack.ephemerals("U0OMAR", TRAINING) == []
    assert (await client.conversations_history(channel=TRAINING))["messages"] == []
    edit = client.chat_update(channel=TRAINING, ts=answer["message_ts"], text="x")
    assert await code(edit) == "message_not_found"
    outsider = client.chat_postEphemeral(channel="C0DELAYS", user="U0GUS", text="x")
    assert await code(outsider) == "user_not_in_channel"


async def test_people_and_groups(client: AsyncWebClient) -> None:
    """users.info tells zone and kind; user groups tell their people."""
    dana, gus = await client.users_info(user="U0DANA"), await client.users_info(user="U0GUS")
    assert dana["user"]["tz"] == "Europe/Amsterdam"
    assert dana["user"]["tz_offset"] in (3600, 7200)
    assert gus["user"]["is_restricted"] is True
    assert await code(client.users_info(user="U0NOBODY")) == "user_not_found"
    groups = await client.usergroups_list(include_users=True)
    assert {g["handle"]: g["users"] for g in groups["usergroups"]}["ml-leads"] == ["U0OMAR", "U0ADA"]
    assert (await client.usergroups_users_list(usergroup="S0DATASCI"))["users"] == ["U0DANA", "U0OMAR"]
    assert await code(client.usergroups_users_list(usergroup="S0")) == "no_such_subteam"


async def test_channels_are_listed_with_their_members(client: AsyncWebClient) -> None:
    """conversations.list and .members tell what exists and who is there."""
    channels = await client.conversations_list()
    assert [c["name"] for c in channels["channels"]] == ["training", "delays", "general"]
    members = await client.conversations_members(channel="C0DELAYS")
    assert "U0STATION" in members["members"]
    assert "U0GUS" not in members["members"]


async def test_a_permalink_leads_to_the_message(client: AsyncWebClient, slack: StandIn) -> None:
    """chat.getPermalink answers an address on the page that exists."""
    posted = await client.chat_postMessage(channel=TRAINING, text="here I am")
    link = await client.chat_getPermalink(channel=TRAINING, message_ts=posted["ts"])
    async with ClientSession() as session, session.get(link["permalink"]) as response:
        assert "here I am" in await response.text()
    gone = client.chat_getPermalink(channel=TRAINING, message_ts="1.1")
    assert await code(gone) == "message_not_found"


async def test_a_method_called_too_often_is_refused(clock: Clock) -> None:
    """The 51st chat.update within a minute is 429 with Retry-After, and works when the time is over."""
    async with StandIn(clock=clock) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        ts = str((await client.chat_postMessage(channel=TRAINING, text="x"))["ts"])
        for n in range(50):
            await client.chat_update(channel=TRAINING, ts=ts, text=str(n))
        error = await refused(client.chat_update(channel=TRAINING, ts=ts, text="51"))
        assert (error.response["error"], error.response.status_code) == ("ratelimited", 429)
        assert error.response.headers["Retry-After"] == "60"
        assert slack.messages(TRAINING)[0].text == "49"
        clock.now += 60
        await client.chat_update(channel=TRAINING, ts=ts, text="52")


async def test_a_channel_takes_one_post_a_second(clock: Clock) -> None:
    """A short burst passes, the sixth post at once does not, another channel has its own budget."""
    async with StandIn(clock=clock) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        for _ in range(5):
            await client.chat_postMessage(channel=TRAINING, text="x")
        assert await code(client.chat_postMessage(channel=TRAINING, text="x")) == "ratelimited"
        await client.chat_postMessage(channel="C0DELAYS", text="x")
        slack.rates.enabled = False
        await client.chat_postMessage(channel=TRAINING, text="x")


async def test_faults_on_demand(client: AsyncWebClient, slack: StandIn) -> None:
    """A call can be refused undone, or done and never answered; later calls are well again."""
    slack.faults.fail("chat.postMessage", status=500, error="fatal_error")
    error = await refused(client.chat_postMessage(channel=TRAINING, text="a"))
    assert (error.response.status_code, slack.messages(TRAINING)) == (500, [])
    slack.faults.lose("chat.postMessage")
    client.retry_handlers.clear()
    with pytest.raises(ServerDisconnectedError):
        await client.chat_postMessage(channel=TRAINING, text="b")
    slack.faults.delay("chat.postMessage", 0.1)
    await client.chat_postMessage(channel=TRAINING, text="c")
    assert [m.text for m in slack.messages(TRAINING)] == ["b", "c"]


async def test_views_need_a_fresh_trigger(client: AsyncWebClient) -> None:
    """A made-up trigger id opens nothing, and a view without a title is refused with the reason."""
    view = {"type": "modal", "title": cards.plain("Run"), "blocks": [cards.section("x")]}
    assert await code(client.views_open(trigger_id="1.2.3", view=view)) == "invalid_trigger_id"
    untitled = await refused(client.views_publish(user_id="U0DANA", view=view | {"title": None}))
    assert untitled.response["response_metadata"]["messages"] == [
        "[ERROR] missing required field: title [json-pointer:/view]"
    ]
    home = await client.views_publish(user_id="U0DANA", view={"type": "home", "blocks": [cards.section("x")]})
    assert home["view"]["type"] == "home"
    assert await code(client.views_update(view_id="V0", view=view)) == "not_found"
