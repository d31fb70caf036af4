"""Posting, changing and deleting messages, and what Slack refuses of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from demo.slack.world import load_world
from tests.demo.slack import cards
from tests.demo.slack.calls import DELAYS, FORMER, GENERAL, LEADS, PLATFORM, TRAINING, Api
from tests.demo.slack.conftest import Clock

CARD = {"event_type": "card", "event_payload": {"nonce": "7"}}


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


async def test_a_person_as_channel_means_their_direct_message(api: Api) -> None:
    """chat.postMessage accepts a user id; chat.update wants the conversation's own id."""
    posted = await api("chat.postMessage", channel="U0DANA", text="hello")
    assert posted["channel"] == "D0DANA"
    assert [m.text for m in api.slack.messages("D0DANA")] == ["hello"]
    assert await api.code("chat.update", channel="U0DANA", ts=posted["ts"], text="x") == "channel_not_found"


async def test_a_channel_may_be_named(api: Api) -> None:
    """chat.postMessage takes #name; reading wants an id."""
    assert (await api("chat.postMessage", channel="#training", text="by name"))["channel"] == TRAINING
    assert await api.code("conversations.history", channel="#training") == "channel_not_found"


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.postEphemeral"])
@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (GENERAL, "not_in_channel"),
        (FORMER, "is_archived"),
        (LEADS, "channel_not_found"),
        ("#leads", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        ("U0NOBODY", "channel_not_found"),
        ("U0LEON", "channel_not_found"),
        ("U0CI", "channel_not_found"),
        (PLATFORM, ""),
    ],
)
async def test_where_the_bot_may_write(api: Api, method: str, channel: str, error: str) -> None:
    """Not where it is no member, not in an archive, and not where it cannot see or nobody reads."""
    assert await api.code(method, channel=channel, text="x", user="U0VERA") == error


async def test_a_scope_opens_public_channels(clock: Clock) -> None:
    """With chat:write.public the bot writes where it is no member; private channels stay closed."""
    world = load_world().granting("chat:write", "chat:write.public")
    async with StandIn(world=world, clock=clock) as slack, ClientSession() as session:
        api = Api(session, slack)
        assert await api.code("chat.postMessage", channel=GENERAL, text="x") == ""
        assert await api.code("chat.postMessage", channel=LEADS, text="x") == "channel_not_found"


# ---- content ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"blocks": "["}, "invalid_blocks_format"),
        ({"blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"blocks": [{"type": "music"}]}, "invalid_blocks"),
        ({"blocks": [cards.section("x" * 2_900)] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": []}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "card"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": CARD | {"more": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": CARD | {"event_type": "a card"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": CARD | {"event_payload": "7"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": CARD | {"event_payload": {"x": "y" * 8_000}}}, "metadata_too_large"),
        ({"text": "x", "thread_ts": "0"}, "invalid_thread_ts"),
        ({"text": "x", "thread_ts": "1.1"}, "thread_not_found"),
    ],
)
async def test_content_that_is_refused(api: Api, content: dict[str, Any], error: str) -> None:
    """Nothing is posted of it."""
    assert await api.code("chat.postMessage", channel=TRAINING, **content) == error
    assert api.slack.messages(TRAINING) == []


async def test_a_long_text_is_posted_and_not_edited(api: Api) -> None:
    """More than 4,000 characters can be posted but not given to an edit; what is behind 40,000 is cut off."""
    ts = await api.post(text="x" * 4_001)
    assert await api.code("chat.update", channel=TRAINING, ts=ts, text="x" * 4_001) == "msg_too_long"
    assert await api.code("chat.update", channel=TRAINING, ts=ts, text="x" * 4_000) == ""
    await api.post(text="x" * 40_001)
    assert [len(message.text) for message in api.slack.messages(TRAINING)] == [4_000, 40_000]


async def test_metadata_is_kept_shown_on_request_and_taken_away(api: Api) -> None:
    """An edit without metadata keeps it, one with an empty object takes it away."""
    ts = await api.post(metadata=CARD)
    hidden = await api("conversations.history", channel=TRAINING)
    assert "metadata" not in hidden["messages"][0]
    await api("chat.update", channel=TRAINING, ts=ts, text="y")
    shown = await api("conversations.history", channel=TRAINING, include_all_metadata=True)
    assert shown["messages"][0]["metadata"] == CARD
    await api("chat.update", channel=TRAINING, ts=ts, text="y", metadata={})
    assert api.slack.messages(TRAINING)[0].metadata is None


# ---- changing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "error"), [("chat.update", "cant_update_message"), ("chat.delete", "cant_delete_message")]
)
async def test_an_app_changes_only_its_own_messages(api: Api, method: str, error: str) -> None:
    """And only those that exist, in conversations that it sees, named by their ids."""
    ts = (await api.slack.as_user("U0DANA").say(TRAINING, "mine")).ts
    assert await api.code(method, channel=TRAINING, ts=ts, text="x") == error
    assert await api.code(method, channel=TRAINING, ts="1.1", text="x") == "message_not_found"
    assert await api.code(method, channel=DELAYS, ts=ts, text="x") == "message_not_found"
    assert await api.code(method, channel=LEADS, ts=ts, text="x") == "channel_not_found"
    assert await api.code(method, channel="#training", ts=ts, text="x") == "channel_not_found"


async def test_an_edit_says_something(api: Api) -> None:
    """Neither text nor blocks is no_text."""
    assert await api.code("chat.update", channel=TRAINING, ts=await api.post()) == "no_text"


async def test_messages_of_an_archive_stay_as_they_are(api: Api) -> None:
    """chat.update answers is_inactive."""
    ts = await api.post()
    api.slack.backend.workspace.archive(TRAINING)
    assert await api.code("chat.update", channel=TRAINING, ts=ts, text="x") == "is_inactive"


async def test_a_workspace_may_close_the_window_for_edits(clock: Clock) -> None:
    """After its minutes, chat.update answers edit_window_closed; until then it works."""
    world = load_world()
    world = world.model_copy(update={"team": world.team.model_copy(update={"edit_minutes": 5})})
    async with StandIn(world=world, clock=clock) as slack, ClientSession() as session:
        api = Api(session, slack)
        ts = await api.post()
        clock.now += 290
        assert await api.code("chat.update", channel=TRAINING, ts=ts, text="in time") == ""
        clock.now += 20
        assert await api.code("chat.update", channel=TRAINING, ts=ts, text="late") == "edit_window_closed"


# ---- ephemerals, threads, permalinks ------------------------------------------------------------------------------


async def test_an_ephemeral_is_seen_by_one_person(api: Api) -> None:
    """It is in nobody else's view, not in the history; it is not edited, deleted, linked or replied to."""
    slack = api.slack
    ts = (await api("chat.postEphemeral", channel=TRAINING, user="U0DANA", text="psst"))["message_ts"]
    assert [m.text for m in slack.ephemerals("U0DANA", TRAINING)] == ["psst"]
    assert slack.ephemerals("U0OMAR", TRAINING) == []
    assert (await api("conversations.history", channel=TRAINING))["messages"] == []
    assert await api.code("chat.update", channel=TRAINING, ts=ts, text="x") == "message_not_found"
    assert await api.code("chat.delete", channel=TRAINING, ts=ts) == "message_not_found"
    assert await api.code("chat.getPermalink", channel=TRAINING, message_ts=ts) == "message_not_found"
    assert await api.code("chat.postMessage", channel=TRAINING, text="x", thread_ts=ts) == "cannot_reply_to_message"
    assert await api.code("conversations.replies", channel=TRAINING, ts=ts) == "thread_not_found"


@pytest.mark.parametrize("user", ["U0GUS", "U0NOBODY"])
async def test_an_ephemeral_needs_its_reader_in_the_channel(api: Api, user: str) -> None:
    """Others do not get it."""
    assert await api.code("chat.postEphemeral", channel=DELAYS, user=user, text="x") == "user_not_in_channel"
    assert await api.code("chat.postEphemeral", channel=DELAYS, text="x") == "invalid_arguments"


async def test_an_ephemeral_in_a_thread_is_shown_when_the_thread_has_begun(api: Api) -> None:
    """Before the first reply, Slack takes it and shows it nowhere."""
    ts = await api.post()
    whisper = {"channel": TRAINING, "user": "U0DANA", "text": "psst", "thread_ts": ts}
    assert (await api("chat.postEphemeral", **whisper))["message_ts"]
    assert api.slack.ephemerals("U0DANA", TRAINING) == []
    await api.post(thread_ts=ts)
    await api("chat.postEphemeral", **whisper)
    assert [m.thread_ts for m in api.slack.ephemerals("U0DANA", TRAINING)] == [ts]


async def test_replies_form_a_thread(api: Api) -> None:
    """A reply to a reply joins the parent's thread; history shows only the parent, with its count."""
    parent = await api.post(text="parent")
    first = await api.post(text="1", thread_ts=parent)
    await api.post(text="2", thread_ts=first)
    history = await api("conversations.history", channel=TRAINING)
    assert [(m["text"], m["reply_count"]) for m in history["messages"]] == [("parent", 2)]
    thread = await api("conversations.replies", channel=TRAINING, ts=parent)
    assert [m["text"] for m in thread["messages"]] == ["parent", "1", "2"]


async def test_a_permalink_leads_to_the_message(api: Api) -> None:
    """chat.getPermalink answers an address on the page that exists."""
    ts = await api.post(text="here I am")
    link = (await api("chat.getPermalink", channel=TRAINING, message_ts=ts))["permalink"]
    async with api.session.get(link) as response:
        assert "here I am" in await response.text()
    assert await api.code("chat.getPermalink", channel=TRAINING, message_ts="1.1") == "message_not_found"
    assert await api.code("chat.getPermalink", channel=LEADS, message_ts=ts) == "channel_not_found"


# ---- unfurls ------------------------------------------------------------------------------------------------------

URL = "https://trains.night-line.example/models/delays?a=1&b=2"
PREVIEW = {URL: {"blocks": [cards.section("delays, version 12")]}}


@pytest.fixture
async def linked() -> AsyncIterator[tuple[Api, str]]:
    """A stand-in whose app may unfurl, with a message of Dana's that has a link."""
    world = load_world().granting("links:write", "channels:history")
    async with StandIn(world=world) as slack, ClientSession() as session:
        message = await slack.as_user("U0DANA").say(TRAINING, f"look: {URL}")
        yield Api(session, slack), message.ts


async def test_a_link_is_unfurled_and_the_preview_replaced(linked: tuple[Api, str]) -> None:
    """The message carries one preview of its link, the one given last."""
    api, ts = linked
    assert (await api("chat.unfurl", channel=TRAINING, ts=ts, unfurls=PREVIEW))["ok"]
    later = {URL: {"blocks": [cards.section("version 13")]}}
    assert (await api("chat.unfurl", channel=TRAINING, ts=ts, unfurls=later))["ok"]
    (message,) = (await api("conversations.history", channel=TRAINING))["messages"]
    (preview,) = message["attachments"]
    assert (preview["from_url"], preview["blocks"][0]["text"]["text"]) == (URL, "version 13")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"channel": ""}, "missing_channel"),
        ({"ts": ""}, "missing_ts"),
        ({"unfurls": None}, "missing_unfurls"),
        ({"unfurls": "{"}, "invalid_unfurls_format"),
        ({"unfurls": [URL]}, "invalid_unfurls_format"),
        ({"channel": LEADS}, "cannot_find_channel"),
        ({"ts": "1.1"}, "cannot_find_message"),
        ({"unfurls": {"https://elsewhere.example/": {}}}, "cannot_unfurl_url"),
        ({"unfurls": {"https://no-trains.night-line.example/": {}}}, "cannot_unfurl_url"),
        ({"unfurls": {"https://trains.night-line.example/other": {}}}, "cannot_unfurl_message"),
        ({"unfurls": {URL: "text"}}, "cannot_parse_attachment"),
        ({"unfurls": {URL: {"blocks": "text"}}}, "cannot_parse_attachment"),
        ({"unfurls": {URL: {"blocks": [{"type": "music"}]}}}, "cannot_parse_attachment"),
    ],
)
async def test_unfurls_that_are_refused(linked: tuple[Api, str], change: dict[str, Any], error: str) -> None:
    """Only links of the message, to the app's own domains, with previews that can be shown."""
    api, ts = linked
    arguments = {"channel": TRAINING, "ts": ts, "unfurls": PREVIEW} | change
    assert await api.code("chat.unfurl", **arguments) == error
    assert api.slack.messages(TRAINING)[0].attachments == []
