"""The Airflow adapter that stops, retries and reads logs, against a service that loses answers and cuts pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.airflow import sdk as sdk_module
from bot.airflow import steering, whole_log
from bot.domain import RunKey, RunState, Task, TaskState
from bot.errors import NotFound, ServiceDown, ServiceRejected
from bot.orchestrator import AirflowOrchestrator
from tests.fakes.wire import Reply, Wire

KEY = RunKey("tiny", "r1")
TASK = Task(task_id="fit", title="fit", state=TaskState.FAILED, try_number=1)
RUN = "/api/v2/dags/tiny/dagRuns/r1"
CLEAR = "/api/v2/dags/tiny/clearTaskInstances"
INSTANCES = "/api/v2/dags/~/dagRuns/~/taskInstances/list"
LOG = f"{RUN}/taskInstances/fit/logs/1"
LOST = Reply({"detail": "lost"}, 503)


def row(state: str, queued: str = "2026-11-21T10:00:00Z") -> Reply:
    return Reply({"dag_id": "tiny", "dag_run_id": "r1", "state": state, "queued_at": queued})


def instances(**states: str) -> Reply:
    rows = [{"dag_id": "tiny", "dag_run_id": "r1", "task_id": name, "state": state} for name, state in states.items()]
    return Reply({"task_instances": rows, "total_entries": len(rows)})


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as server:
        server.reply("POST", INSTANCES, instances(take="success", fit="failed", tell="upstream_failed", odd="skipped"))
        yield server


@pytest.fixture
async def airflow(wire: Wire) -> AsyncIterator[AirflowOrchestrator]:
    adapter = AirflowOrchestrator(wire.url, token="t", pauses=(0.01, 0.01), secrets=["night-line"])
    yield adapter
    await adapter.close()


def cleared(wire: Wire) -> list[Any]:
    return [asked.body for asked in wire.asked if asked.path == CLEAR]


async def test_a_stop_whose_answer_is_lost_is_not_repeated(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """After an uncertain answer the run is looked at; it is over, so that was that."""
    wire.reply("GET", RUN, row("running"), row("failed"))
    wire.reply("PATCH", RUN, LOST)
    assert (await airflow.stop(KEY)).state is RunState.FAILED
    assert wire.count("PATCH", RUN) == 1


async def test_a_stop_of_what_was_looked_at_long_ago(
    wire: Wire, airflow: AirflowOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was stopped while it waited for the answer: the run has succeeded since, and stays a success."""
    moments = iter((0.0, 60.0))
    monkeypatch.setattr(steering, "uptime", lambda: next(moments))
    wire.reply("GET", RUN, row("running"), row("success"))
    wire.reply("PATCH", RUN, row("failed"))
    assert (await airflow.stop(KEY)).state is RunState.SUCCESS
    assert wire.count("PATCH", RUN) == 0


async def test_a_stop_is_tried_again_while_the_run_goes_on(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """And given up at last."""
    wire.reply("GET", RUN, row("running"))
    wire.reply("PATCH", RUN, LOST)
    with pytest.raises(ServiceDown):
        await airflow.stop(KEY)
    assert wire.count("PATCH", RUN) == 3


async def test_a_stop_that_is_refused_is_told(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """At once: the same request will never do."""
    wire.reply("GET", RUN, row("running"))
    wire.reply("PATCH", RUN, Reply({"detail": "no"}, 409))
    with pytest.raises(ServiceRejected):
        await airflow.stop(KEY)
    assert wire.count("PATCH", RUN) == 1


async def test_a_retry_clears_what_has_not_succeeded(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """For real, and not what has succeeded."""
    wire.reply("GET", RUN, row("failed"), row("failed"), row("queued", "2026-11-21T11:00:00Z"))
    wire.reply("POST", CLEAR, Reply({"task_instances": []}))
    assert (await airflow.retry(KEY)).state is RunState.QUEUED
    (body,) = cleared(wire)
    assert set(body["task_ids"]) == {"fit", "tell", "odd"}
    assert (body["dry_run"], body["only_failed"], body["dag_run_id"]) == (False, False, "r1")


@pytest.mark.parametrize("after", ["queued", "failed"])
async def test_a_retry_whose_answer_is_lost_clears_once(wire: Wire, airflow: AirflowOrchestrator, after: str) -> None:
    """It was queued anew: whether it still goes on or has failed again, the retry was carried out."""
    wire.reply("GET", RUN, row("failed"), row("failed"), row(after, "2026-11-21T11:00:00Z"))
    wire.reply("POST", CLEAR, LOST)
    await airflow.retry(KEY)
    assert len(cleared(wire)) == 1


async def test_a_retry_without_anything_left_to_do(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A run that someone has set to failed when all its tasks had succeeded stays as it is."""
    wire.reply("GET", RUN, row("failed"))
    wire.reply("POST", INSTANCES, instances(take="success"))
    assert (await airflow.retry(KEY)).state is RunState.FAILED
    assert cleared(wire) == []


@pytest.mark.parametrize("verb", ["stop", "retry"])
async def test_a_run_that_is_gone(wire: Wire, airflow: AirflowOrchestrator, verb: str) -> None:
    """NotFound, and nothing is sent."""
    with pytest.raises(NotFound):
        await getattr(airflow, verb)(KEY)
    assert {asked.method for asked in wire.asked} == {"GET"}


def page(*events: str, token: str = "") -> Reply:
    return Reply({"content": [{"event": event} for event in events], "continuation_token": token or None})


async def test_a_log_is_followed_to_its_end(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Page by page, with the token of the one before; the bot's own secrets masked."""
    wire.reply("GET", LOG, page("one", token="t1"), page("night-line", token="t2"), page("three"))
    assert (await airflow.log(KEY, TASK, 1)).lines == ("one", "•••", "three")
    assert [asked.query.get("token") for asked in wire.asked] == [None, "t1", "t2"]


async def test_a_log_that_grows_is_read_as_far_as_it_is(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Airflow gives a token for ever while the task runs: an empty page is the end for now."""
    wire.reply("GET", LOG, page("one", token="t1"), page(token="t2"))
    assert (await airflow.log(KEY, TASK, 1)).lines == ("one",)
    assert wire.count("GET", LOG) == 2


async def test_a_log_that_never_ends_is_left(
    wire: Wire, airflow: AirflowOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many pages."""
    monkeypatch.setattr(whole_log, "MOST_PAGES", 3)
    wire.reply("GET", LOG, page("again", token="t"))
    assert (await airflow.log(KEY, TASK, 1)).lines == ("again",) * 3


async def test_a_page_that_is_too_large_gives_the_logs_end(
    wire: Wire, airflow: AirflowOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as a stream, of which the end is kept."""
    monkeypatch.setattr(sdk_module, "BODY_LIMIT", 1_000)
    wire.reply("GET", LOG, page("x" * 2_000), Reply(raw='alf"}\n{"event": "the end"}\n'))
    log = await airflow.log(KEY, TASK, 1)
    assert (log.lines, log.cut) == (("the end",), True)
