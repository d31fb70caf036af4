"""Airflow's JSON read into our own types, tolerantly: what is missing or new never raises."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.domain import Parameter, Pipeline, Run, RunState, Task, TaskSpec, TaskState

JSON = Mapping[str, Any]

TASK_STATES = {
    "scheduled": TaskState.PENDING,
    "queued": TaskState.PENDING,
    "running": TaskState.RUNNING,
    "restarting": TaskState.RUNNING,
    "up_for_retry": TaskState.WAITING,
    "up_for_reschedule": TaskState.WAITING,
    "deferred": TaskState.WAITING,
    "awaiting_input": TaskState.WAITING,
    "success": TaskState.SUCCESS,
    "failed": TaskState.FAILED,
    "skipped": TaskState.SKIPPED,
    "upstream_failed": TaskState.SKIPPED,
    "removed": TaskState.SKIPPED,
}


def rows(answer: JSON, name: str) -> list[JSON]:
    """The objects of the list called `name`."""
    return [row for row in answer.get(name) or () if isinstance(row, Mapping)]


def text(row: JSON, name: str) -> str:
    """A string; empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def number(row: JSON, name: str, default: int) -> int:
    """An integer; `default` where there is none."""
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def moment(row: JSON, name: str) -> datetime | None:
    """A time in UTC, which Airflow writes in ISO 8601; None where there is none."""
    try:
        value = datetime.fromisoformat(text(row, name))
    except ValueError:
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def run(row: JSON, now: datetime) -> Run:
    """A DAG run. A queued one whose time is still to come at `now` is SCHEDULED."""
    conf, run_after = row.get("conf"), moment(row, "run_after")
    return Run(
        dag_id=text(row, "dag_id"),
        run_id=text(row, "dag_run_id"),
        state=run_state(text(row, "state"), run_after, now),
        kind=text(row, "run_type") or "manual",
        conf=dict(conf) if isinstance(conf, Mapping) else {},
        note=text(row, "note"),
        queued=moment(row, "queued_at"),
        started=moment(row, "start_date"),
        ended=moment(row, "end_date"),
        run_after=run_after,
    )


def run_state(word: str, run_after: datetime | None, now: datetime) -> RunState:
    """Airflow's word for a run's state as ours; UNKNOWN for a new one."""
    if word == RunState.QUEUED and run_after and run_after > now:
        return RunState.SCHEDULED
    return RunState(word) if word in {"queued", "running", "success", "failed"} else RunState.UNKNOWN


def task(row: JSON) -> Task:
    """One task of a run. A state that is missing or new reads as PENDING: it is not over."""
    task_id = text(row, "task_id")
    return Task(
        task_id=task_id,
        title=text(row, "task_display_name") or task_id,
        state=TASK_STATES.get(text(row, "state"), TaskState.PENDING),
        try_number=number(row, "try_number", 0),
        map_index=number(row, "map_index", -1),
        started=moment(row, "start_date"),
        ended=moment(row, "end_date"),
    )


def pipeline(details: JSON, tasks: Iterable[JSON], trouble: str) -> Pipeline:
    """A DAG from its details and its tasks."""
    params = details.get("params")
    return Pipeline(
        dag_id=text(details, "dag_id"),
        description=text(details, "description"),
        paused=details.get("is_paused") is True,
        trouble=trouble,
        parameters=tuple(
            parameter(name, row)
            for name, row in (params if isinstance(params, Mapping) else {}).items()
            if isinstance(row, Mapping)
        ),
        tasks=tuple(task_spec(row) for row in in_order(list(tasks))),
        next_run=moment(details, "next_dagrun_run_after"),
    )


def parameter(name: str, row: JSON) -> Parameter:
    """A Param. Airflow shows one without a default as null, so null is a default only where the schema takes it."""
    schema, default = row.get("schema"), row.get("value")
    rule = dict(schema) if isinstance(schema, Mapping) else {}
    required = default is None and not takes_null(rule)
    return Parameter(name=name, rule=rule, default=default, required=required, description=text(row, "description"))


def takes_null(rule: JSON) -> bool:
    """Whether null fits this JSON schema, as far as its type, enum, const, anyOf and oneOf say."""
    if "type" in rule:
        kinds = rule["type"]
        return "null" in (kinds if isinstance(kinds, list) else [kinds])
    if "enum" in rule:
        return None in rule["enum"]
    if "const" in rule:
        return rule["const"] is None
    choices = rule.get("anyOf") or rule.get("oneOf") or ()
    return not choices or any(isinstance(choice, Mapping) and takes_null(choice) for choice in choices)


def task_spec(row: JSON) -> TaskSpec:
    """A task as declared. The API names no groups, but Airflow puts a group's id and a dot before its tasks' ids."""
    task_id = text(row, "task_id")
    group, dot, _ = task_id.partition(".")
    return TaskSpec(task_id=task_id, title=text(row, "task_display_name") or task_id, group=group if dot else "")


def in_order(tasks: Sequence[JSON]) -> list[JSON]:
    """The tasks, each after all that it waits for; where that leaves a choice, as they came."""
    place = {text(row, "task_id"): index for index, row in enumerate(tasks)}
    after = [[place[name] for name in row.get("downstream_task_ids") or () if name in place] for row in tasks]
    waits_for = [0] * len(tasks)
    for followers in after:
        for follower in followers:
            waits_for[follower] += 1
    ready = [index for index, count in enumerate(waits_for) if count == 0]
    ordered: list[JSON] = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(tasks[index])
        for follower in after[index]:
            waits_for[follower] -= 1
            if waits_for[follower] == 0:
                heapq.heappush(ready, follower)
    return ordered


def import_trouble(stack_trace: str) -> str:
    """The line of a traceback that says what is wrong: its last."""
    lines = [line.strip() for line in stack_trace.splitlines() if line.strip()]
    return lines[-1] if lines else "Airflow does not say which"
