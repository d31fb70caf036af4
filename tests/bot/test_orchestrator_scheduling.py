"""The Airflow adapter that parses, pauses, backfills and keeps Variables, against a service that loses answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain import BackfillPlan
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceRejected
from bot.orchestrator import AirflowOrchestrator
from tests.fakes.wire import Reply, Wire

LOST = Reply({"detail": "lost"}, 503)
DAG, DAGS = "/api/v2/dags/nightly", "/api/v2/dags"
VARIABLES, VARIABLE = "/api/v2/variables", "/api/v2/variables/ours"
BACKFILLS = "/api/v2/backfills"
DAY = datetime(2026, 11, 1, tzinfo=UTC)
PLAN = BackfillPlan(dag_id="nightly", since=DAY, until=DAY.replace(day=3), conf={"by": "job-7"}, at_once=2)
STARTED = {
    "id": 7, "dag_id": "nightly", "from_date": "2026-11-01T00:00:00Z", "to_date": "2026-11-03T00:00:00Z",
    "dag_run_conf": {"by": "job-7"}, "is_paused": False, "created_at": "2026-11-21T10:00:00Z", "completed_at": None,
}  # fmt: skip


def dag(name: str = "nightly", **more: Any) -> dict[str, Any]:
    """A row of the listing."""
    return {"dag_id": name, "file_token": f"token-of-{name}", "bundle_name": "dags"} | more


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as server:
        yield server


@pytest.fixture
async def airflow(wire: Wire) -> AsyncIterator[AirflowOrchestrator]:
    adapter = AirflowOrchestrator(wire.url, token="t", pauses=(0.01, 0.01))
    yield adapter
    await adapter.close()


async def test_what_is_missing_of_a_dag_is_no_error(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A newer Airflow may leave things out, or say them otherwise."""
    wire.reply("GET", DAG, Reply({"dag_id": "nightly", "tags": "none", "next_dagrun_run_after": "soon"}))
    found = await airflow.scheduled("nightly")
    assert found is not None
    assert (found.next_run, found.tags, found.paused, found.trouble) == (None, (), False, "")


@pytest.mark.parametrize(
    ("row", "trouble"),
    [({"is_stale": True}, "gone from Airflow: no file defines it now"), ({"has_import_errors": True}, "import error")],
)
async def test_what_is_wrong_with_a_dag_is_said(
    wire: Wire, airflow: AirflowOrchestrator, row: dict[str, Any], trouble: str
) -> None:
    """In words; being paused is not wrong."""
    wire.reply("GET", DAG, Reply(dag(**row, is_paused=True)))
    found = await airflow.scheduled("nightly")
    assert found is not None
    assert trouble in found.trouble
    assert found.paused


async def test_parsing_that_was_asked_for_already_is_no_error(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Airflow says 409 of a request that is still waiting."""
    path = "/api/v2/parseDagFile/token-of-nightly"
    wire.reply("GET", DAG, Reply(dag()))
    wire.reply("PUT", path, Reply(None, 201), Reply({"detail": "Duplicate request"}, 409), Reply({"detail": "no"}, 403))
    await airflow.parse("nightly")
    await airflow.parse("nightly")
    with pytest.raises(ServiceDenied):
        await airflow.parse("nightly")
    assert wire.count("PUT", path) == 3


async def test_for_a_new_dag_a_file_of_every_bundle_is_parsed(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Which has Airflow look for new files there; one a bundle is enough."""
    rows = [dag("a"), dag("b"), dag("c", bundle_name="s3")]
    wire.reply("GET", DAGS, Reply({"dags": rows, "total_entries": 3}))
    for name in "abc":
        wire.reply("PUT", f"/api/v2/parseDagFile/token-of-{name}", Reply(None, 201))
    await airflow.parse("nightly")
    assert wire.count("PUT") == 2
    assert wire.count("PUT", "/api/v2/parseDagFile/token-of-c") == 1


async def test_pausing_sends_only_that(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Nothing else of the DAG is touched."""
    wire.reply("PATCH", DAG, Reply(dag(is_paused=True)))
    await airflow.set_paused("nightly", True)
    (asked,) = [each for each in wire.asked if each.method == "PATCH"]
    assert (asked.body["is_paused"], asked.query) == (True, {"update_mask": "is_paused"})


async def test_a_variable_is_made_where_there_is_none(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """And else changed; a refusal is one."""
    assert await airflow.variable("ours") is None
    wire.reply("POST", VARIABLES, Reply({"key": "ours"}, 201))
    await airflow.set_variable("ours", "{}")
    assert wire.count("POST", VARIABLES) == 1
    wire.reply("PATCH", VARIABLE, Reply({"key": "ours"}), Reply({"detail": "Forbidden"}, 403))
    await airflow.set_variable("ours", "{}")
    with pytest.raises(ServiceDenied):
        await airflow.set_variable("ours", "{}")
    assert wire.count("POST", VARIABLES) == 1


async def test_a_backfill_whose_answer_is_lost_is_found_again(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """By its span and its conf, which names the request; it is not started twice."""
    other = STARTED | {"id": 6, "dag_run_conf": {"by": "job-6"}}
    wire.reply("POST", BACKFILLS, LOST)
    wire.reply("GET", BACKFILLS, Reply({"backfills": [other, STARTED], "total_entries": 2}))
    assert (await airflow.start_backfill(PLAN)).id == 7
    assert wire.count("POST", BACKFILLS) == 1
    sent = next(each.body for each in wire.asked if each.method == "POST")
    assert (sent["dag_run_conf"], sent["max_active_runs"], sent["reprocess_behavior"]) == ({"by": "job-7"}, 2, "none")


@pytest.mark.parametrize(
    ("reply", "error"), [(LOST, ServiceDown), (Reply({"detail": "one runs"}, 409), ServiceRejected)]
)
async def test_a_backfill_that_was_not_started_is_an_error(
    wire: Wire, airflow: AirflowOrchestrator, reply: Reply, error: type[Exception]
) -> None:
    """Where none is like it: to be tried again, or, while another goes on, not now."""
    wire.reply("POST", BACKFILLS, reply)
    wire.reply("GET", BACKFILLS, Reply({"backfills": [STARTED | {"id": 6, "dag_run_conf": {}}], "total_entries": 1}))
    with pytest.raises(error):
        await airflow.start_backfill(PLAN)


async def test_a_backfill_that_airflow_refuses_is_not_looked_for(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A 400 says that the same will never do."""
    wire.reply("POST", BACKFILLS, Reply({"detail": "not allowed"}, 400))
    with pytest.raises(ServiceRejected, match="not allowed"):
        await airflow.start_backfill(PLAN)
    assert wire.count("GET") == 0


async def test_a_backfill_without_its_dates_can_not_be_read(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Rather than taken for one of no time at all."""
    wire.reply("GET", f"{BACKFILLS}/7", Reply({"id": 7, "dag_id": "nightly"}))
    with pytest.raises(ServiceConfused, match="without its id or its dates"):
        await airflow.backfill(7)


async def test_cancelling_what_is_over_is_no_error(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Airflow says 409; of one that isn't there, 404."""
    wire.reply("PUT", f"{BACKFILLS}/7/cancel", Reply({"detail": "Backfill is already completed."}, 409))
    await airflow.cancel_backfill(7)
    with pytest.raises(NotFound):
        await airflow.cancel_backfill(8)
