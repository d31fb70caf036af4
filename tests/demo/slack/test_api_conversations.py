"""Conversations of every kind: which the bot sees, what it reads in them, and how it comes and goes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from demo.slack import StandIn
from demo.slack.world import load_world
from tests.demo.slack.calls import DELAYS, FORMER, GENERAL, LEADS, PARTNERS, PLATFORM, TRAINING, Api

FAMILIES = ("channels", "groups", "im", "mpim")
ALL = ("chat:write", "channels:join", "channels:manage", "im:write", "mpim:write",
       *(f"{family}:{right}" for family in FAMILIES for right in ("read", "history")))  # fmt: skip


@pytest.fixture
async def wide() -> AsyncIterator[Api]:
    """Calls of an app that may read and open every kind of conversation."""
    async with StandIn(world=load_world().granting(*ALL)) as slack, ClientSession() as session:
        yield Api(session, slack)


# ---- which there are ----------------------------------------------------------------------------------------------


async def test_channels_are_listed_as_far_as_the_bot_sees_them(wide: Api) -> None:
    """Public ones by default; private ones where it is a member; archived ones unless they are not wanted."""
    public = ["training", "delays", "general", "partners", "former-models"]
    assert [c["name"] for c in (await wide("conversations.list"))["channels"]] == public
    living = await wide("conversations.list", exclude_archived=True)
    assert [c["name"] for c in living["channels"]] == public[:-1]
    private = await wide("conversations.list", types="private_channel")
    assert [c["name"] for c in private["channels"]] == ["platform"]
    direct = await wide("conversations.list", types="im", limit=999)
    assert "U0DANA" in [c["user"] for c in direct["channels"]]


async def test_lists_come_in_pages(wide: Api) -> None:
    """Each page names the next by a cursor; the last names none."""
    first = await wide("conversations.list", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await wide("conversations.list", limit=3, cursor=cursor)
    assert [len(page["channels"]) for page in (first, rest)] == [3, 2]
    assert rest["response_metadata"]["next_cursor"] == ""


@pytest.mark.parametrize(
    ("channel", "marks"),
    [
        (TRAINING, {"is_member": True, "is_private": False, "is_archived": False, "is_ext_shared": False}),
        (GENERAL, {"is_member": False, "is_private": False}),
        (PLATFORM, {"is_member": True, "is_private": True}),
        (FORMER, {"is_archived": True}),
        (PARTNERS, {"is_ext_shared": True, "shared_team_ids": ["T0PARTNER"]}),
        ("D0DANA", {"is_im": True, "user": "U0DANA"}),
    ],
)
async def test_a_conversation_says_what_it_is(wide: Api, channel: str, marks: dict[str, Any]) -> None:
    """conversations.info has Slack's marks; the number of members comes on request."""
    shown = (await wide("conversations.info", channel=channel))["channel"]
    assert shown | marks == shown
    assert "num_members" not in shown


async def test_members_are_counted_and_named(wide: Api) -> None:
    """By conversations.info on request, and by conversations.members."""
    shown = (await wide("conversations.info", channel=DELAYS, include_num_members=True))["channel"]
    members = (await wide("conversations.members", channel=DELAYS))["members"]
    assert shown["num_members"] == len(members)
    assert "U0STATION" in members
    assert "U0GUS" not in members


@pytest.mark.parametrize("method", ["info", "members", "history", "replies", "join", "leave", "open"])
@pytest.mark.parametrize("channel", [LEADS, "C0NOWHERE", "training", "U0DANA"])
async def test_what_the_bot_cannot_see_does_not_exist(wide: Api, method: str, channel: str) -> None:
    """A private channel without it is as unknown as one that was never made; only ids name a conversation."""
    assert await wide.code(f"conversations.{method}", channel=channel, ts="1.1") == "channel_not_found"


# ---- what was said ------------------------------------------------------------------------------------------------


async def test_history_pages_and_spans(api: Api) -> None:
    """History is newest first, between oldest and latest, in pages by cursor."""
    ts = [await api.post(text=str(n)) for n in range(4)]

    async def texts(**arguments: Any) -> list[str]:
        answer = await api("conversations.history", channel=TRAINING, **arguments)
        return [message["text"] for message in answer["messages"]]

    assert await texts(oldest=ts[0], latest=ts[3]) == ["2", "1"]
    assert await texts(oldest=ts[2], inclusive=True) == ["3", "2"]
    page = await api("conversations.history", channel=TRAINING, limit=3)
    assert page["has_more"] is True
    assert await texts(limit=3, cursor=page["response_metadata"]["next_cursor"]) == ["0"]


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("conversations.history", {"channel": GENERAL}, "not_in_channel"),
        ("conversations.history", {"channel": TRAINING, "cursor": "?"}, "invalid_cursor"),
        ("conversations.history", {"channel": TRAINING, "limit": "many"}, "invalid_limit"),
        ("conversations.history", {"channel": TRAINING, "oldest": "yesterday"}, "invalid_ts_oldest"),
        ("conversations.history", {"channel": TRAINING, "latest": "now"}, "invalid_ts_latest"),
        ("conversations.replies", {"channel": GENERAL, "ts": "1.1"}, "not_in_channel"),
        ("conversations.replies", {"channel": TRAINING, "ts": "1.1"}, "thread_not_found"),
        ("conversations.replies", {"channel": TRAINING}, "invalid_arguments"),
        ("conversations.list", {"types": "public_channel,club"}, "invalid_types"),
        ("conversations.list", {"cursor": "bmV4dDp4"}, "invalid_cursor"),
        ("conversations.members", {"channel": TRAINING, "limit": "-1"}, "invalid_limit"),
    ],
)
async def test_readings_that_are_refused(api: Api, method: str, arguments: dict[str, Any], error: str) -> None:
    """Each has its own error."""
    assert await api.code(method, **arguments) == error


async def test_an_archive_can_still_be_read(api: Api) -> None:
    """Its members read what was said."""
    ts = await api.post(DELAYS)
    api.slack.backend.workspace.archive(DELAYS)
    assert [m["ts"] for m in (await api("conversations.history", channel=DELAYS))["messages"]] == [ts]


# ---- opening ------------------------------------------------------------------------------------------------------


async def test_a_direct_message_is_opened(wide: Api) -> None:
    """By the person's id or by its own; its definition comes on request."""
    assert (await wide("conversations.open", users="U0DANA"))["channel"] == {"id": "D0DANA"}
    shown = await wide("conversations.open", channel="D0DANA", return_im=True)
    assert shown["channel"]["user"] == "U0DANA"


async def test_a_group_has_one_direct_message(wide: Api) -> None:
    """Whatever the order of its people; its members see what the bot writes there, and nobody else."""
    first = (await wide("conversations.open", users="U0DANA,U0OMAR"))["channel"]["id"]
    assert (await wide("conversations.open", users="U0OMAR, U0DANA"))["channel"]["id"] == first
    await wide.post(first, "for two")
    workspace = wide.slack.backend.workspace
    assert first in [c.id for c in workspace.conversations_of("U0OMAR")]
    assert first not in [c.id for c in workspace.conversations_of("U0ADA")]
    shown = (await wide("conversations.info", channel=first))["channel"]
    assert (shown["is_mpim"], shown["name"]) == (True, "mpdm-dana--omar--stationmaster-1")


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("", "users_list_not_supplied"),
        ("U0NOBODY", "user_not_found"),
        ("U0DANA,U0NOBODY", "user_not_found"),
        ("U0LEON", "user_disabled"),
        ("U0CI", "cannot_dm_bot"),
        ("USLACKBOT", "cannot_dm_bot"),
        (",".join(["U0DANA"] * 9), "too_many_users"),
    ],
)
async def test_direct_messages_that_are_refused(wide: Api, users: str, error: str) -> None:
    """Nobody, somebody unknown, somebody who left, bots, a crowd."""
    assert await wide.code("conversations.open", users=users) == error


# ---- coming and going ---------------------------------------------------------------------------------------------


async def test_the_bot_joins_and_leaves_a_channel(wide: Api) -> None:
    """It may write once it is in; to join twice is warned of, to leave twice is told."""
    joined = await wide("conversations.join", channel=GENERAL)
    assert (joined["channel"]["is_member"], "warning" in joined) == (True, False)
    await wide.post(GENERAL)
    assert (await wide("conversations.join", channel=GENERAL))["warning"] == "already_in_channel"
    assert (await wide("conversations.leave", channel=GENERAL))["ok"]
    assert await wide.code("chat.postMessage", channel=GENERAL, text="x") == "not_in_channel"
    assert (await wide("conversations.leave", channel=GENERAL))["not_in_channel"] is True


@pytest.mark.parametrize(
    ("method", "channel", "error"),
    [
        ("join", FORMER, "is_archived"),
        ("join", PLATFORM, "method_not_supported_for_channel_type"),
        ("join", "D0DANA", "method_not_supported_for_channel_type"),
        ("leave", FORMER, "is_archived"),
        ("leave", "D0DANA", "method_not_supported_for_channel_type"),
        ("open", TRAINING, "method_not_supported_for_channel_type"),
    ],
)
async def test_what_cannot_be_entered_or_left(wide: Api, method: str, channel: str, error: str) -> None:
    """Archives, and kinds of conversations that have no door."""
    assert await wide.code(f"conversations.{method}", channel=channel) == error


async def test_memberships_survive_a_restart(tmp_path: Path) -> None:
    """Channels joined and groups opened are there again, with what was said."""
    world = load_world().granting(*ALL)
    async with StandIn(world=world, data=tmp_path) as slack, ClientSession() as session:
        api = Api(session, slack)
        await api("conversations.join", channel=GENERAL)
        group = (await api("conversations.open", users="U0DANA,U0OMAR"))["channel"]["id"]
        await api.post(group, "kept")
    async with StandIn(world=world, data=tmp_path) as slack, ClientSession() as session:
        api = Api(session, slack)
        await api.post(GENERAL)
        assert [m.text for m in slack.messages(group)] == ["kept"]
