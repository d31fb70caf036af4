"""The Airflow adapter against a service that misbehaves: every answer becomes the error that fits, in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.airflow import sdk as sdk_module
from bot.domain import RunKey, RunState
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.orchestrator import AirflowOrchestrator
from tests.fakes.wire import Reply, Wire

KEY = RunKey("tiny", "r1")
RUNS, RUN, LOGIN = "/api/v2/dags/tiny/dagRuns", "/api/v2/dags/tiny/dagRuns/r1", "/auth/token"
ROW = {"dag_id": "tiny", "dag_run_id": "r1", "state": "queued", "run_type": "manual", "conf": {"a": 1}}
MISSING = Reply({"detail": "The DagRun was not found"}, 404)
HTML = "<!doctype html><title>Sign in</title>"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as server:
        server.reply("POST", LOGIN, Reply({"access_token": "t1"}, 201), Reply({"access_token": "t2"}, 201))
        server.reply("GET", RUN, Reply(ROW))
        yield server


@pytest.fixture
async def airflow(wire: Wire) -> AsyncIterator[AirflowOrchestrator]:
    """Logs in with a name and a password; waits half a second for an answer."""
    adapter = AirflowOrchestrator(wire.url, username="bot", password="night", read_timeout=0.5, pauses=(0.01, 0.01))
    yield adapter
    await adapter.close()


# The token


async def test_logs_in_once(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A token is fetched at the first call, and sent with every one."""
    await asyncio.gather(*(airflow.run(KEY) for _ in range(8)))
    assert wire.count("POST", LOGIN) == 1
    assert {asked.token for asked in wire.asked if asked.path == RUN} == {"Bearer t1"}


@pytest.mark.parametrize(
    "refusal",
    [Reply({"detail": "Not authenticated"}, 401), Reply({"detail": "Invalid JWT token"}, 403)],
    ids=["401", "403"],
)
async def test_refreshes_once(wire: Wire, airflow: AirflowOrchestrator, refusal: Reply) -> None:
    """A refused token is replaced, and the call made again with the new one."""
    wire.reply("GET", RUN, refusal, Reply(ROW))
    assert await airflow.run(KEY)
    assert [asked.token for asked in wire.asked if asked.path == RUN] == ["Bearer t1", "Bearer t2"]


async def test_gives_up_after_one_refresh(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A new token that is refused too is the end: no third attempt."""
    wire.reply("GET", RUN, Reply({"detail": "Not authenticated"}, 401))
    with pytest.raises(ServiceDenied):
        await airflow.run(KEY)
    assert (wire.count("GET", RUN), wire.count("POST", LOGIN)) == (2, 2)


async def test_parallel_refusals_refresh_once(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Calls that are refused side by side share one new token."""
    await airflow.run(KEY)
    refused = Reply({"detail": "Not authenticated"}, 401, delay=0.2)
    wire.reply("GET", RUN, refused, refused, refused, refused, Reply(ROW))
    assert all(await asyncio.gather(*(airflow.run(KEY) for _ in range(4))))
    assert wire.count("POST", LOGIN) == 2


async def test_forbidden(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A role that may not do this is ServiceDenied at once: a new token would be no better."""
    wire.reply("GET", RUN, Reply({"detail": "Forbidden"}, 403))
    with pytest.raises(ServiceDenied, match="Forbidden"):
        await airflow.run(KEY)
    assert (wire.count("GET", RUN), wire.count("POST", LOGIN)) == (1, 1)


async def test_given_token(wire: Wire) -> None:
    """A token that was given is sent; refused, it can't be replaced."""
    adapter = AirflowOrchestrator(wire.url, token="given")
    assert await adapter.run(KEY)
    wire.reply("GET", RUN, Reply({"detail": "Not authenticated"}, 401))
    with pytest.raises(ServiceDenied):
        await adapter.run(KEY)
    assert {asked.token for asked in wire.asked} == {"Bearer given"}
    assert wire.count("POST", LOGIN) == 0
    await adapter.close()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"detail": "Invalid credentials"}, 401), ServiceDenied),
        (Reply({"detail": "Not Found"}, 404), ServiceConfused),
        (Reply({"detail": [{"loc": ["body"], "msg": "Field required"}]}, 422), ServiceConfused),
        (Reply({"token": "by another name"}, 201), ServiceConfused),
        (Reply(raw=HTML), ServiceConfused),
        (Reply({"detail": "oh"}, 500), ServiceDown),
    ],
    ids=["401", "404", "422", "no token", "html", "500"],
)
async def test_login_fails(wire: Wire, airflow: AirflowOrchestrator, reply: Reply, error: type[ServiceError]) -> None:
    """A login that fails is not taken for an answer about the run: a 404 least of all."""
    wire.reply("POST", LOGIN, reply)
    with pytest.raises(error):
        await airflow.run(KEY)
    assert wire.count("GET") == 0


# Each answer's error

FIELDS = {"detail": [{"loc": ["body", "note"], "msg": "String should have at most 1000 characters"}]}


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply({"detail": "No such thing"}, 400), ServiceRejected, "No such thing"),
        (Reply({"detail": {"reason": "Unique constraint violation"}}, 409), ServiceRejected, "Unique"),
        (Reply(FIELDS, 422), ServiceRejected, "body.note: String should have at most"),
        (Reply({"detail": "The Dag was not found"}, 404), NotFound, "not found"),
        (Reply(raw=HTML, status=404), ServiceConfused, "not Airflow's"),
        (Reply({"error": "no route"}, 404), ServiceConfused, "not Airflow's"),
        (Reply({"detail": "slow down"}, 429), ServiceDown, "slow down"),
        (Reply({"detail": "oh"}, 500), ServiceDown, "oh"),
        (Reply(raw=HTML, status=502), ServiceDown, "502"),
        (Reply(raw=HTML, status=503), ServiceDown, "503"),
        (Reply(status=302, raw=HTML, headers={"Location": "/login"}), ServiceConfused, "redirect"),
        (Reply(raw=HTML), ServiceConfused, "not JSON"),
        (Reply([ROW]), ServiceConfused, "no JSON object"),
        (Reply(ROW, cut=True), ServiceDown, "broke off"),
        (Reply(ROW, delay=1.5), ServiceDown, "no answer within 0.5 s"),
    ],
)
async def test_errors(
    wire: Wire, airflow: AirflowOrchestrator, reply: Reply, error: type[ServiceError], words: str
) -> None:
    """Each wrong answer is one of our errors, whose words come from Airflow where it gave any."""
    wire.reply("GET", "/api/v2/dags/tiny/details", reply)
    wire.reply("GET", "/api/v2/dags/tiny/tasks", Reply({"tasks": []}))
    with pytest.raises(error, match=words) as caught:
        await airflow.pipeline("tiny")
    assert type(caught.value) is error
    assert caught.value.service == "Airflow"


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(wire: Wire, airflow: AirflowOrchestrator, status: int) -> None:
    """How long to wait is read as seconds or as a date; what is neither is left out."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    for header, low, high in (("7", 7, 7), (date, 50, 61)):
        wire.reply("GET", RUN, Reply({}, status, headers={"Retry-After": header}))
        with pytest.raises(ServiceDown) as caught:
            await airflow.run(KEY)
        assert caught.value.retry_after is not None
        assert low <= caught.value.retry_after <= high
    wire.reply("GET", RUN, Reply({}, status, headers={"Retry-After": "soon"}))
    with pytest.raises(ServiceDown) as caught:
        await airflow.run(KEY)
    assert caught.value.retry_after is None


async def test_proxy_404_is_no_missing_run(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Only Airflow's own 404 says that a run is gone; a proxy's does not."""
    wire.reply("GET", RUN, MISSING)
    assert await airflow.run(KEY) is None
    wire.reply("GET", RUN, Reply(raw=HTML, status=404))
    with pytest.raises(ServiceConfused):
        await airflow.run(KEY)


async def test_nothing_listens() -> None:
    """A refused connection is ServiceDown at once, for a start too."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        adapter = AirflowOrchestrator(f"http://127.0.0.1:{taken.getsockname()[1]}", token="t")
        await asyncio.gather(adapter.run(KEY), return_exceptions=True)  # the SDK is imported now
        began = time.monotonic()
        with pytest.raises(ServiceDown, match="nothing answers"):
            await adapter.start(KEY, {})
        assert time.monotonic() - began < 2
        await adapter.close()


async def test_closed_connection_is_replaced() -> None:
    """A kept connection that the server closes as we send is no fault: the call is made on a new one."""
    answer = b'{"dag_id": "tiny", "dag_run_id": "r1", "state": "success"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + answer)
            await reader.readuntil(b"\r\n\r\n")  # the next request on this connection gets no answer
        writer.close()
        await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    adapter = AirflowOrchestrator(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token="t")
    for _ in range(2):
        run = await adapter.run(KEY)
        assert run
        assert run.state is RunState.SUCCESS
    assert len(served) == 2
    await adapter.close()
    await asyncio.gather(*served)
    server.close()


async def test_huge_answer(wire: Wire, airflow: AirflowOrchestrator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without end is not read to its end."""
    monkeypatch.setattr(sdk_module, "BODY_LIMIT", 1000)
    wire.reply("GET", RUN, Reply(ROW | {"note": "x" * 5000}))
    with pytest.raises(ServiceConfused, match="more than"):
        await airflow.run(KEY)


# Starting, when the answer is lost


async def test_lost_answer(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """What was done though the answer says otherwise, or never came, is found: one POST, and success."""
    for lost in (
        Reply({"detail": "oh"}, 500),
        Reply(raw=HTML, status=502),
        Reply(ROW, delay=1.5),
        Reply(ROW, cut=True),
        Reply(raw=HTML),
    ):
        wire.asked.clear()
        wire.reply("POST", RUNS, lost)
        wire.reply("GET", RUN, Reply(ROW))
        run = await airflow.start(KEY, {"a": 1})
        assert (run.key, run.conf) == (KEY, {"a": 1})
        # A broken connection is tried twice, which the run's id makes harmless.
        assert wire.count("POST", RUNS) == (2 if lost.cut else 1)


async def test_undone_is_done_again(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """What was not done is asked for again, after a look whether it is there."""
    wire.reply("POST", RUNS, Reply({"detail": "oh"}, 500), Reply(ROW))
    wire.reply("GET", RUN, MISSING)
    assert (await airflow.start(KEY, {})).key == KEY
    assert [asked.method for asked in wire.asked if asked.path != LOGIN] == ["POST", "GET", "POST"]


async def test_start_gives_up(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """After three attempts a start is ServiceDown, and each was followed by a look."""
    wire.reply("POST", RUNS, Reply({"detail": "oh"}, 500))
    wire.reply("GET", RUN, MISSING)
    with pytest.raises(ServiceDown):
        await airflow.start(KEY, {})
    assert (wire.count("POST", RUNS), wire.count("GET", RUN)) == (3, 3)


async def test_start_when_told_to_wait(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A service that names a time to wait is not asked again before; the time reaches whoever can wait."""
    wire.reply("POST", RUNS, Reply({"detail": "slow down"}, 429, headers={"Retry-After": "30"}))
    wire.reply("GET", RUN, MISSING)
    with pytest.raises(ServiceDown) as caught:
        await airflow.start(KEY, {})
    assert caught.value.retry_after == 30
    assert wire.count("POST", RUNS) == 1


async def test_conflict(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A conflict is success where the run is there, and a refusal where it isn't."""
    wire.reply("POST", RUNS, Reply({"detail": {"reason": "Unique constraint violation"}}, 409))
    assert (await airflow.start(KEY, {})).key == KEY
    wire.reply("GET", RUN, MISSING)
    with pytest.raises(ServiceRejected):
        await airflow.start(KEY, {})


async def test_what_is_sent(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A start has no logical date, keeps nulls in its conf, and a note that Airflow can hold."""
    wire.reply("POST", RUNS, Reply(ROW))
    await airflow.start(KEY, {"seed": None, "label": "{{ x }}"}, note="n" * 2000)
    (sent,) = [asked.body for asked in wire.asked if asked.path == RUNS]
    assert sent == {
        "dag_run_id": "r1",
        "logical_date": None,
        "conf": {"seed": None, "label": "{{ x }}"},
        "note": "n" * 1000,
    }


def test_importing_is_light() -> None:
    """Importing the adapters imports neither SDK: that takes seconds, and waits for the first call."""
    code = "import sys, bot.orchestrator, bot.registry; print({'airflow_client', 'mlflow'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
