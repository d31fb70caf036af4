"""Airflow's JSON as our types: tolerant of what is new or missing, and true to what is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.airflow import reading
from bot.domain import RunState, TaskState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_run_of_a_newer_airflow() -> None:
    """A state that we don't know is UNKNOWN, fields that we don't know are left, and missing ones do no harm."""
    run = reading.run({"dag_id": "d", "dag_run_id": "r", "state": "dreaming", "mood": "blue"}, NOW)
    assert (run.key, run.state, run.conf, run.note) == (("d", "r"), RunState.UNKNOWN, {}, "")
    assert not run.state.over


@pytest.mark.parametrize(
    ("state", "run_after", "expected"),
    [
        ("queued", "2026-11-21T11:00:00Z", RunState.QUEUED),
        ("queued", "2026-11-21T13:00:00Z", RunState.SCHEDULED),
        ("running", "2026-11-21T13:00:00Z", RunState.RUNNING),
        ("queued", None, RunState.QUEUED),
        ("gone", None, RunState.UNKNOWN),
    ],
)
def test_scheduled(state: str, run_after: str | None, expected: RunState) -> None:
    """A queued run whose time is to come is scheduled; GONE is never Airflow's to say."""
    row = {"dag_id": "d", "dag_run_id": "r", "state": state, "run_after": run_after}
    assert reading.run(row, NOW).state is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, TaskState.PENDING),
        ("scheduled", TaskState.PENDING),
        ("queued", TaskState.PENDING),
        ("running", TaskState.RUNNING),
        ("restarting", TaskState.RUNNING),
        ("up_for_retry", TaskState.WAITING),
        ("up_for_reschedule", TaskState.WAITING),
        ("deferred", TaskState.WAITING),
        ("awaiting_input", TaskState.WAITING),
        ("success", TaskState.SUCCESS),
        ("failed", TaskState.FAILED),
        ("upstream_failed", TaskState.SKIPPED),
        ("skipped", TaskState.SKIPPED),
        ("removed", TaskState.SKIPPED),
        ("dreaming", TaskState.PENDING),
    ],
)
def test_task_states(state: str | None, expected: TaskState) -> None:
    """Each of Airflow's task states is folded into ours; a new one is not over."""
    assert reading.task({"task_id": "t", "state": state}).state is expected


def test_task_without_fields() -> None:
    """A task is called by its id where it has no title, and has not been tried where nothing says so."""
    task = reading.task({"task_id": "t"})
    assert (task.title, task.try_number, task.map_index, task.started) == ("t", 0, -1, None)


@pytest.mark.parametrize(
    ("rule", "default", "required"),
    [
        ({"type": "string"}, None, True),
        ({"type": "string"}, "", False),
        ({"type": "integer"}, 0, False),
        ({"type": "boolean"}, False, False),
        ({"type": ["null", "string"]}, None, False),
        ({"type": ["integer", "string"]}, None, True),
        ({"type": "null"}, None, False),
        ({"enum": ["a", "b"]}, None, True),
        ({"enum": ["a", None]}, None, False),
        ({"const": 1}, None, True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, False),
        ({"oneOf": [{"type": "string"}, True]}, None, True),
        ({}, None, False),
    ],
)
def test_required(rule: dict[str, Any], default: Any, required: bool) -> None:
    """Airflow shows a Param without default as null: it is required unless null fits its schema."""
    found = reading.parameter("p", {"value": default, "schema": rule, "description": None})
    assert (found.required, found.default, found.rule, found.description) == (required, default, rule, "")


def test_pipeline_without_fields() -> None:
    """A DAG of which little is told is a pipeline still."""
    found = reading.pipeline({"dag_id": "d", "params": None}, [{"task_id": "t"}], "")
    assert (found.dag_id, found.parameters, found.tasks[0].title) == ("d", (), "t")


@pytest.mark.parametrize(("task_id", "group"), [("load", ""), ("training.fit", "training"), ("a.b.c", "a"), ("", "")])
def test_groups(task_id: str, group: str) -> None:
    """A task's group is the outermost, which its id begins with."""
    assert reading.task_spec({"task_id": task_id}).group == group


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Tasks without a cycle, listed in any order, some with followers that are not listed."""
    names = [f"t{number}" for number in range(draw(st.integers(0, 12)))]
    rows = [
        {
            "task_id": name,
            "downstream_task_ids": draw(st.lists(st.sampled_from([*names[place + 1 :], "elsewhere"]), unique=True)),
        }
        for place, name in enumerate(names)
    ]
    return draw(st.permutations(rows))


@given(graphs())
def test_order(rows: list[dict[str, Any]]) -> None:
    """Every task is there once, and after all that it waits for."""
    order = [row["task_id"] for row in reading.in_order(rows)]
    assert sorted(order) == sorted(row["task_id"] for row in rows)
    place = {name: index for index, name in enumerate(order)}
    for row in rows:
        for follower in set(row["downstream_task_ids"]) - {"elsewhere"}:
            assert place[row["task_id"]] < place[follower]


def test_order_is_stable() -> None:
    """Where nothing waits, tasks stay as they came."""
    rows = [{"task_id": name, "downstream_task_ids": []} for name in "cab"]
    assert [row["task_id"] for row in reading.in_order(rows)] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-21T11:36:32.081370Z", datetime(2026, 11, 21, 11, 36, 32, 81370, tzinfo=UTC)),
        ("2026-11-21T13:36:32+02:00", datetime(2026, 11, 21, 11, 36, 32, tzinfo=UTC)),
        ("2026-11-21T11:36:32", datetime(2026, 11, 21, 11, 36, 32, tzinfo=UTC)),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_moment(value: Any, expected: datetime | None) -> None:
    """A time is in UTC; what is no time is none."""
    found = reading.moment({"at": value}, "at")
    assert found == expected
    assert found is None or found.tzinfo is UTC


def test_import_trouble() -> None:
    """Of a traceback the last line says what is wrong."""
    trace = "Traceback (most recent call last):\n  File \"x.py\", line 7\nModuleNotFoundError: No module named 'x'\n\n"
    assert reading.import_trouble(trace) == "ModuleNotFoundError: No module named 'x'"
    assert reading.import_trouble("")
