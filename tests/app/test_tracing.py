"""One trace from a command to the calls of services, over processes; sent as OpenTelemetry's standard has it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from structlog.testing import capture_logs

import commands.run
from bot.app import running
from bot.errors import ServiceDown
from bot.observing.tracing import context, span, start_tracing, stop_tracing, wanted
from tests.app.conftest import DANA, ROOT, World, settings_for


class Receiver:
    """What takes traces, by OTLP over HTTP."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.url = ""

    @property
    def spans(self) -> list[Span]:
        """All that has come."""
        found = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            one for each in found for resource in each.resource_spans for scope in resource.scope_spans
            for one in scope.spans
        ]  # fmt: skip

    def trace(self, name: str) -> list[Span]:
        """The spans of the trace that the span of this name belongs to."""
        (first,) = {one.trace_id for one in self.spans if one.name == name}
        return [one for one in self.spans if one.trace_id == first]


@asynccontextmanager
async def receiving(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """Traces are made, and come to the receiver; all of them have when the block ends."""
    receiver = Receiver()

    async def take(request: web.Request) -> web.Response:
        receiver.bodies.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/")).rstrip("/")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        assert start_tracing()
        try:
            yield receiver
        finally:
            await asyncio.to_thread(stop_tracing)


def parents(spans: list[Span]) -> dict[str, str]:
    """The name of what each span is within, by its own name."""
    names = {one.span_id: one.name for one in spans}
    return {one.name: names.get(one.parent_span_id, "") for one in spans}


async def test_a_command_its_work_and_the_calls_of_services_are_one_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each within what led to it; with ids and names only."""
    async with receiving(monkeypatch) as receiver:
        await world.type(DANA, 'run delays learning_rate=0.1 --reason "quarterly secret plan"')
        await world.has_card(await world.run_key())
        await world.station.jobs.stop()
    within = parents(receiver.trace("request run"))
    assert within["request run"] == ""
    assert within["job run.start"] == "request run"
    assert within["step started"] == "job run.start"
    assert within["airflow.start"] == "step started"
    assert within["slack.post"] == "job run.start"
    sent = b"".join(receiver.bodies)
    assert b"stationmaster" in sent, "the service's name"
    for secret in (world.slack.bot_token, world.slack.app_token, "quarterly", "hooks", "/response"):
        assert secret.encode() not in sent


async def test_work_that_another_process_ends_stays_in_its_trace(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its context stands in its row; what failed on the way is marked, by its error's class alone."""
    monkeypatch.setattr(commands.run, "ASK_AGAIN", 0.1)
    async with receiving(monkeypatch) as receiver:
        world.airflow.fail_with(ServiceDown("Airflow", "at http://bot:pass@airflow"), times=1_000, on="run")
        await world.type(DANA, "run delays --yes")
        await world.told(DANA, "I keep")
        await world.station.jobs.stop()
        world.airflow.recover()
        async with running(settings_for(world.slack, tmp_path, world.config), world.airflow, world.mlflow) as other:
            await world.card("delays", timeout=20)
            await other.jobs.stop()
    spans = receiver.trace("request run")
    jobs = [one for one in spans if one.name == "job run.start"]
    assert len(jobs) >= 2
    assert len({one.parent_span_id for one in jobs}) == 1
    failed = [one for one in spans if one.status.code == Status.STATUS_CODE_ERROR]
    assert "airflow.run" in {one.name for one in failed}
    assert {one.status.message for one in failed} <= {"ServiceDown", "RetryLater"}
    assert b"pass@airflow" not in b"".join(receiver.bodies)


async def test_what_nobody_asked_for_makes_no_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tracker's calls, every few seconds, belong to nobody's request."""
    async with receiving(monkeypatch) as receiver:
        await world.tracker.tick()
        await world.station.orchestrator.check()
    assert receiver.spans == []


def test_without_its_variables_nothing_of_it_is_imported() -> None:
    """And a span is nothing."""
    script = (
        "import sys, bot.app\n"
        "from bot.observing.tracing import context, span, start_tracing\n"
        "assert not start_tracing({})\n"
        "with span('x'): assert context() is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("environment", "made"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_variables_decide(environment: dict[str, str], made: bool) -> None:
    """As every program that speaks OpenTelemetry has them."""
    assert wanted(environment) == made


def test_another_protocol_is_said() -> None:
    """Instead of sending what nobody understands."""
    with capture_logs() as logs:
        assert not start_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert "the bot speaks http/protobuf only" in logs[0]["why"]
    with span("nothing"):
        assert context() is None
