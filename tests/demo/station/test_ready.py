import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from demo.station.ports import free_port
from demo.station.process import Process, ProcessError
from demo.station.ready import answers, fetch_json, said, until
from demo.station.workspace import Workspace


async def never() -> bool:
    return False


def python(tmp_path: Path, code: str) -> Process:
    process = Process("child", [sys.executable, "-c", code], workspace=Workspace(tmp_path), env={})
    process.start()
    return process


async def test_until_does_not_wait_for_the_dead(tmp_path: Path) -> None:
    """A process that ends before it is ready raises at once, with its last words."""
    child = python(tmp_path, "import sys; sys.exit('no such database')")
    with pytest.raises(ProcessError, match=r"(?s)ended with status 1.*no such database"):
        await until(never, child, within=60)


async def test_until_gives_up(tmp_path: Path) -> None:
    """A process that never gets ready raises after the time it was given."""
    child = python(tmp_path, "import time; time.sleep(600)")
    with pytest.raises(ProcessError, match="not ready within 0 s"):
        await until(never, child, within=0.3)
    await child.stop()


async def test_said_waits_for_the_whole_word(tmp_path: Path) -> None:
    """A log that says "already" does not say "ready"; one that says "Ready!" does."""
    early = python(tmp_path, "print('the table is already there')")
    await early.finish()
    assert not await said(early, "ready")()
    late = python(tmp_path, "print('Ready!')")
    await late.finish()
    assert await said(late, "ready")()


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def echo(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        return web.json_response({"body": body, "token": request.headers.get("Authorization")})

    async def fail(request: web.Request) -> web.Response:
        raise web.HTTPServiceUnavailable

    app = web.Application()
    app.add_routes([web.get("/", echo), web.post("/", echo), web.get("/fails", fail)])
    running = TestServer(app)
    async with running:
        yield running


async def test_fetch_json_carries_token_and_body(server: TestServer) -> None:
    """A token becomes a bearer header; a body makes it a POST; neither is sent unasked."""
    url = str(server.make_url("/"))
    assert await fetch_json(url) == {"body": None, "token": None}
    assert await fetch_json(url, token="t", post={"a": "b"}) == {"body": {"a": "b"}, "token": "Bearer t"}


async def test_no_answer_is_no_success(server: TestServer) -> None:
    """A server that answers with an error, and one that is not there, are not ready."""
    assert await answers(str(server.make_url("/")))
    assert not await answers(str(server.make_url("/fails")))
    assert not await answers(f"http://127.0.0.1:{free_port()}")
