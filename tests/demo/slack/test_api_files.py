"""Files in three steps, and what goes wrong in each."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from demo.slack.files import LARGEST, UPLOAD
from demo.slack.world import World, load_world
from tests.demo.slack.calls import FORMER, GENERAL, LEADS, TRAINING, Api
from tests.demo.slack.conftest import Clock

CONTENT = b"auc,0.81\n"


def world() -> World:
    """A world whose app may upload."""
    return load_world().granting("files:write", "chat:write", "channels:history")


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[Api]:
    async with StandIn(world=world(), clock=clock) as slack, ClientSession() as session:
        yield Api(session, slack)


async def sent(api: Api, content: bytes = CONTENT) -> str:
    """A file whose bytes are there and which is not complete; its id."""
    asked = await api("files.getUploadURLExternal", filename="metrics.csv", length=len(content))
    async with api.session.post(asked["upload_url"], data=content) as response:
        assert (response.status, await response.text()) == (200, f"OK - {len(content)}")
    return str(asked["file_id"])


async def test_slacks_own_client_uploads_a_file(api: Api) -> None:
    """It is shown in the thread with its comment, and read at its address, where nothing in it runs."""
    slack = api.slack
    parent = await api.post()
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    await client.files_upload_v2(
        channel=TRAINING,
        content=CONTENT.decode(),
        filename="metrics.csv",
        title="Metrics",
        initial_comment="here they are",
        thread_ts=parent,
    )
    thread = await api("conversations.replies", channel=TRAINING, ts=parent)
    reply = thread["messages"][1]
    (file,) = reply["files"]
    assert (reply["text"], file["title"], file["size"]) == ("here they are", "Metrics", len(CONTENT))
    async with api.session.get(file["permalink"]) as response:
        assert await response.read() == CONTENT
        assert response.content_type == "text/csv"
        assert response.headers["Content-Security-Policy"].startswith("sandbox")


async def test_without_a_channel_a_file_is_nowhere_shown(api: Api) -> None:
    """It is kept all the same; without a title its name is one."""
    answer = await api("files.completeUploadExternal", files=[{"id": await sent(api)}])
    assert [file["title"] for file in answer["files"]] == ["metrics.csv"]
    assert api.slack.messages(TRAINING) == []


async def test_bytes_may_come_as_a_form_or_be_put(api: Api) -> None:
    """As curl's -F and -T send them."""
    form = FormData()
    form.add_field("filename", CONTENT, filename="metrics.csv")
    for method, data in (("POST", form), ("PUT", CONTENT)):
        asked = await api("files.getUploadURLExternal", filename="metrics.csv", length=len(CONTENT))
        async with api.session.request(method, asked["upload_url"], data=data) as response:
            assert response.status == 200
        assert await api.code("files.completeUploadExternal", files=[{"id": asked["file_id"]}]) == ""


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"length": 0}, "missing_argument"),
        ({"length": "long"}, "invalid_arguments"),
        ({"filename": ""}, "invalid_arguments"),
        ({"length": LARGEST + 1}, "file_upload_size_restricted"),
        ({"length": 1024 * 1024 + 1, "snippet_type": "python"}, "snippet_too_large"),
        ({"alt_txt": "x" * 1_001}, "alt_txt_too_large"),
    ],
)
async def test_uploads_that_are_refused_at_once(api: Api, change: dict[str, Any], error: str) -> None:
    """No address is given."""
    arguments = {"filename": "metrics.csv", "length": len(CONTENT)} | change
    assert await api.code("files.getUploadURLExternal", **arguments) == error


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"files": None}, "invalid_arguments"),
        ({"files": []}, "invalid_arguments"),
        ({"files": "["}, "invalid_arguments"),
        ({"files": ["F1"]}, "invalid_arguments"),
        ({"files": [{"id": "F0NONE"}]}, "file_not_found"),
        ({"channel_id": "U0DANA"}, "invalid_arguments"),
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channel_id": LEADS}, "channel_not_found"),
        ({"channel_id": GENERAL}, "not_in_channel"),
        ({"channel_id": FORMER}, "is_archived"),
        ({"channel_id": TRAINING, "thread_ts": "1.1"}, "thread_not_found"),
        ({"channel_id": TRAINING, "thread_ts": "top"}, "invalid_thread_ts"),
    ],
)
async def test_uploads_that_cannot_be_completed(api: Api, change: dict[str, Any], error: str) -> None:
    """Nothing is shown; a file that was only wrongly placed can be placed again."""
    wanted = {"files": [{"id": await sent(api)}]}
    assert await api.code("files.completeUploadExternal", **(wanted | change)) == error
    assert api.slack.messages(TRAINING) == []
    assert await api.code("files.completeUploadExternal", **wanted) == ""


async def test_a_file_is_completed_once_and_in_time(api: Api, clock: Clock) -> None:
    """Twice, too late, or before its bytes have come, it is not found."""
    done, late = await sent(api), await sent(api)
    assert await api.code("files.completeUploadExternal", files=[{"id": done}]) == ""
    assert await api.code("files.completeUploadExternal", files=[{"id": done}]) == "file_not_found"
    empty = await api("files.getUploadURLExternal", filename="metrics.csv", length=5)
    assert await api.code("files.completeUploadExternal", files=[{"id": empty["file_id"]}]) == "file_not_found"
    clock.now += UPLOAD + 1
    assert await api.code("files.completeUploadExternal", files=[{"id": late}]) == "file_not_found"
    async with api.session.post(empty["upload_url"], data=b"12345") as response:
        assert response.status == 404


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"1"])
async def test_as_many_bytes_come_as_were_promised(api: Api, content: bytes) -> None:
    """More or fewer are refused, and the file stays incomplete."""
    asked = await api("files.getUploadURLExternal", filename="metrics.csv", length=len(CONTENT))
    async with api.session.post(asked["upload_url"], data=content) as response:
        assert response.status == 400
    assert await api.code("files.completeUploadExternal", files=[{"id": asked["file_id"]}]) == "file_not_found"


async def test_addresses_nobody_was_given(api: Api) -> None:
    """Neither take nor give anything."""
    async with api.session.post(f"{api.slack.url}/upload/v1/guessed", data=CONTENT) as response:
        assert response.status == 404
    async with api.session.get(f"{api.slack.url}/files/F0NONE/metrics.csv") as response:
        assert response.status == 404


async def test_files_survive_a_restart(tmp_path: Path) -> None:
    """They are read at the same path."""
    async with StandIn(world=world(), data=tmp_path) as slack, ClientSession() as session:
        api = Api(session, slack)
        answer = await api("files.completeUploadExternal", files=[{"id": await sent(api)}], channel_id=TRAINING)
        path = answer["files"][0]["permalink"].removeprefix(slack.url)
    async with StandIn(world=world(), data=tmp_path) as slack, ClientSession() as session:
        assert slack.messages(TRAINING)[0].files[0]["name"] == "metrics.csv"
        async with session.get(slack.url + path) as response:
            assert await response.read() == CONTENT
