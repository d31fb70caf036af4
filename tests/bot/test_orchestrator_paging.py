"""The Airflow adapter's listings: every page, no more calls than needed, and digests that tell of changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.airflow import sdk as sdk_module
from bot.domain import RunKey, Task, TaskState
from bot.errors import ServiceDenied
from bot.orchestrator import AirflowOrchestrator
from tests.fakes.wire import Reply, Wire

API = "/api/v2"
DAGS, VERSIONS, RUNS = f"{API}/dags", f"{API}/dags/~/dagVersions", f"{API}/dags/~/dagRuns"
INSTANCES = f"{API}/dags/~/dagRuns/~/taskInstances/list"
TASK = Task(task_id="fit", title="fit", state=TaskState.FAILED, try_number=2)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as server:
        yield server


@pytest.fixture
async def airflow(wire: Wire) -> AsyncIterator[AirflowOrchestrator]:
    adapter = AirflowOrchestrator(wire.url, token="t")
    yield adapter
    await adapter.close()


def dag(dag_id: str, parsed: str = "12:00", **more: Any) -> dict[str, Any]:
    return {"dag_id": dag_id, "is_paused": False, "last_parsed_time": parsed, **more}


def listed(*dags: dict[str, Any]) -> Reply:
    return Reply({"dags": dags, "total_entries": len(dags)})


def versions(*known: tuple[str, int]) -> Reply:
    rows = [{"id": f"{name}-{number}", "dag_id": name, "version_number": number} for name, number in known]
    return Reply({"dag_versions": rows, "total_entries": len(rows)})


def used(wire: Wire, dag_id: str, *, yes: bool) -> None:
    rows = [{"task_id": "t"}] if yes else []
    wire.reply("GET", f"{API}/dags/{dag_id}/dagRuns/~/taskInstances", Reply({"task_instances": rows}))


async def digest(airflow: AirflowOrchestrator, dag_id: str = "tiny") -> str:
    return (await airflow.pipelines("stationmaster"))[dag_id]


async def test_all_dags(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Every page of DAGs is read, stale ones too, though Airflow cuts each at a hundred."""
    names = [f"dag{number:03}" for number in range(250)]
    pages = [
        Reply({"dags": [dag(name) for name in names[start : start + 100]], "total_entries": 250})
        for start in (0, 100, 200)
    ]
    wire.reply("GET", DAGS, *pages)
    wire.reply("GET", VERSIONS, versions())
    assert list(await airflow.pipelines("stationmaster")) == names
    asked = [asked.query for asked in wire.asked if asked.path == DAGS]
    assert [query["offset"] for query in asked] == ["0", "100", "200"]
    assert {(query["tags"], query["exclude_stale"]) for query in asked} == {("stationmaster", "false")}


async def test_digest_of_a_used_version(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Once a version has runs it can't change in place: parsing alone changes nothing, a new version does."""
    wire.reply("GET", VERSIONS, versions(("tiny", 1)))
    used(wire, "tiny", yes=True)
    wire.reply("GET", DAGS, listed(dag("tiny", "12:00")), listed(dag("tiny", "12:30")))
    first = await digest(airflow)
    assert await digest(airflow) == first
    wire.reply("GET", VERSIONS, versions(("tiny", 2), ("tiny", 1)))
    assert await digest(airflow) != first


async def test_digest_of_an_unused_version(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A version that no run has used changes in place: each time of parsing may hide a change."""
    wire.reply("GET", VERSIONS, versions(("tiny", 1)))
    used(wire, "tiny", yes=False)
    wire.reply("GET", DAGS, listed(dag("tiny", "12:00")))
    first = await digest(airflow)
    assert await digest(airflow) == first
    wire.reply("GET", DAGS, listed(dag("tiny", "12:30")))
    assert await digest(airflow) != first


@pytest.mark.parametrize(
    "change",
    [{"is_paused": True}, {"is_stale": True}, {"has_import_errors": True}, {"description": "new"}],
    ids=lambda change: next(iter(change)),
)
async def test_digest_of_state(wire: Wire, airflow: AirflowOrchestrator, change: dict[str, Any]) -> None:
    """What a listing says of a DAG is part of its digest."""
    wire.reply("GET", VERSIONS, versions(("tiny", 1)))
    used(wire, "tiny", yes=True)
    wire.reply("GET", DAGS, listed(dag("tiny")), listed(dag("tiny", **change)))
    assert await digest(airflow) != await digest(airflow)


async def test_calls_of_a_look(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A second look at DAGs that have run takes two calls, however many they are."""
    names = [f"dag{number}" for number in range(30)]
    wire.reply("GET", DAGS, listed(*(dag(name) for name in names)))
    wire.reply("GET", VERSIONS, versions(*((name, 1) for name in names)))
    for name in names:
        used(wire, name, yes=True)
    await airflow.pipelines("stationmaster")
    assert wire.count("GET") == 32
    await airflow.pipelines("stationmaster")
    assert wire.count("GET") == 34


async def test_old_versions(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A version beyond the first page is looked for once; later looks read no more than they must."""
    busy = [("busy", number) for number in range(150, 50, -1)]
    wire.reply("GET", VERSIONS, versions(*busy), versions(("tiny", 1)), versions(*busy))
    wire.reply("GET", DAGS, listed(dag("tiny", "12:00")), listed(dag("tiny", "12:30")))
    used(wire, "tiny", yes=True)
    first = await digest(airflow)
    assert wire.count("GET", VERSIONS) == 2
    assert await digest(airflow) == first
    assert wire.count("GET", VERSIONS) == 3


async def test_changed_runs_by_cursor(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Pages follow the cursor; a run that changed again meanwhile is there once, as it is now, at its new place."""
    row = {"dag_id": "tiny", "state": "running"}
    wire.reply(
        "GET",
        RUNS,
        Reply({"dag_runs": [row | {"dag_run_id": "a"}, row | {"dag_run_id": "b"}], "next_cursor": "next"}),
        Reply({"dag_runs": [row | {"dag_run_id": "a", "state": "success"}], "next_cursor": None}),
    )
    found = await airflow.changed_runs(["tiny"], LONG_AGO)
    assert [(run.run_id, run.state.value) for run in found] == [("b", "running"), ("a", "success")]
    assert [asked.query["cursor"] for asked in wire.asked] == ["", "next"]


async def test_many_dags(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """The runs of hundreds of DAGs are asked for fifty at a time."""
    wire.reply("GET", RUNS, Reply({"dag_runs": []}))
    await airflow.changed_runs([f"dag{number}" for number in range(120)], LONG_AGO)
    assert [asked.query["dag_id_prefix_pattern"].count("|") + 1 for asked in wire.asked] == [50, 50, 20]


async def test_many_tasks(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Task instances beyond one page are read too."""
    rows = [{"dag_id": "d", "dag_run_id": "r", "task_id": f"t{number:04}"} for number in range(1500)]
    wire.reply(
        "POST",
        INSTANCES,
        Reply({"task_instances": rows[:1000], "total_entries": 1500}),
        Reply({"task_instances": rows[1000:], "total_entries": 1500}),
    )
    key = RunKey("d", "r")
    found = await airflow.tasks([key])
    assert len(found[key]) == 1500
    assert [asked.body["page_offset"] for asked in wire.asked] == [0, 1000]


async def test_listing_that_shrinks(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A listing that promises more than it has comes to an end all the same."""
    wire.reply(
        "POST",
        INSTANCES,
        Reply({"task_instances": [{"dag_id": "d", "dag_run_id": "r", "task_id": "t"}], "total_entries": 9}),
        Reply({"task_instances": [], "total_entries": 9}),
    )
    assert len((await airflow.tasks([RunKey("d", "r")]))[RunKey("d", "r")]) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1,000 rows", "1,000 rows"),
        (" two\n lines ", "two lines"),
        ("x" * 201, ""),
        ({"a": 1}, ""),
        (7, ""),
        (None, ""),
    ],
)
async def test_summary(wire: Wire, airflow: AirflowOrchestrator, value: Any, expected: str) -> None:
    """A summary is a short text, on one line; anything else was not meant for people."""
    path = f"{API}/dags/d/dagRuns/r/taskInstances/fit/xcomEntries/summary"
    wire.reply("GET", path, Reply({"key": "summary", "value": value}))
    assert await airflow.summary(RunKey("d", "r"), TASK) == expected


async def test_end_of_a_long_log(wire: Wire, airflow: AirflowOrchestrator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long log the end is kept, where the failure is; the log asked for is that of the failed try."""
    monkeypatch.setattr(sdk_module, "LOG_TAIL", 10_000)
    detail = [{"exc_type": "ValueError", "exc_value": "at the end"}]
    content = '{"event": "epoch"}\n' * 200_000 + json.dumps({"error_detail": detail})
    wire.reply("GET", f"{API}/dags/d/dagRuns/r/taskInstances/fit/logs/2", Reply(raw=content))
    assert await airflow.failure(RunKey("d", "r"), TASK) == "ValueError: at the end"


@pytest.mark.parametrize(
    ("details", "trouble"),
    [
        ({}, ""),
        ({"is_paused": True}, "paused in Airflow"),
        ({"is_stale": True, "is_paused": True}, "gone from Airflow: no file defines it now"),
        (
            {"has_import_errors": True, "is_stale": True},
            "its DAG file has an import error: ModuleNotFoundError: No module named 'x'",
        ),
    ],
    ids=["none", "paused", "gone", "import error"],
)
async def test_trouble(wire: Wire, airflow: AirflowOrchestrator, details: dict[str, Any], trouble: str) -> None:
    """Why a DAG can't run, in words, the worst first."""
    trace = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'x'\n"
    wire.reply("GET", f"{API}/dags/d/details", Reply(dag("d", relative_fileloc="d.py", **details)))
    wire.reply("GET", f"{API}/dags/d/tasks", Reply({"tasks": []}))
    wire.reply("GET", f"{API}/importErrors", Reply({"import_errors": [{"stack_trace": trace}]}))
    assert (await airflow.pipeline("d")).trouble == trouble


async def test_trouble_without_permission(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """A role that may not read import errors still learns that there is one."""
    wire.reply("GET", f"{API}/dags/d/details", Reply(dag("d", has_import_errors=True)))
    wire.reply("GET", f"{API}/dags/d/tasks", Reply({"tasks": []}))
    wire.reply("GET", f"{API}/importErrors", Reply({"detail": "Forbidden"}, 403))
    assert "import error" in (await airflow.pipeline("d")).trouble


async def test_check_needs_credentials(wire: Wire, airflow: AirflowOrchestrator) -> None:
    """Health that anybody may see does not hide that the bot's own token is refused."""
    wire.reply("GET", f"{API}/monitor/health", Reply({"scheduler": {"status": "healthy"}}))
    wire.reply("GET", VERSIONS, Reply({"detail": "Forbidden"}, 403))
    with pytest.raises(ServiceDenied):
        await airflow.check()


async def test_addresses(wire: Wire) -> None:
    """A run's address is at the public URL, with ids that can't end it early."""
    adapter = AirflowOrchestrator(wire.url, token="t", public_url="https://airflow.example/base/")
    url = adapter.run_url(RunKey("a/b", "manual__2026-01-01T00:00:00+00:00?#"))
    assert url == "https://airflow.example/base/dags/a%2Fb/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00%3F%23"
    await adapter.close()
