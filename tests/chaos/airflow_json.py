"""The domain's pipelines, runs, tasks and questions as Airflow's JSON. Pure, but for answers that are errors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from bot.domain import Parameter, Pipeline, Question, Run, RunKey, Task, TaskState
from bot.errors import ServiceError

WORDS = {TaskState.PENDING: "scheduled", TaskState.WAITING: "deferred"}


def error(error: ServiceError) -> web.Response:
    """An error as Airflow puts it."""
    return web.json_response({"detail": error.detail}, status=error.status or 500)


def dag(pipeline: Pipeline) -> dict[str, Any]:
    """A DAG as its details tell."""
    return {
        "dag_id": pipeline.dag_id,
        "description": pipeline.description,
        "is_paused": pipeline.paused,
        "is_stale": "gone" in pipeline.trouble,
        "has_import_errors": False,
        "next_dagrun_run_after": iso(pipeline.next_run),
    }


def param(parameter: Parameter) -> dict[str, Any]:
    """A Param."""
    default = None if parameter.required else parameter.default
    return {"value": default, "schema": parameter.rule, "description": parameter.description}


def run_row(run: Run) -> dict[str, Any]:
    """A run."""
    return {
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "state": "queued" if run.state == "scheduled" else run.state,
        "run_type": run.kind,
        "conf": run.conf,
        "note": run.note or None,
        "queued_at": iso(run.queued),
        "start_date": iso(run.started),
        "end_date": iso(run.ended),
        "run_after": iso(run.run_after),
    }


def task_row(key: RunKey, task: Task) -> dict[str, Any]:
    """A task of a run."""
    return {
        "dag_id": key.dag_id,
        "dag_run_id": key.run_id,
        "task_id": task.task_id,
        "task_display_name": task.title,
        "state": WORDS.get(task.state, task.state),
        "try_number": task.try_number,
        "map_index": task.map_index,
        "start_date": iso(task.started),
        "end_date": iso(task.ended),
    }


def question_row(asked: Question) -> dict[str, Any]:
    """What a task asks."""
    answered = asked.answered
    return {
        "task_instance": {
            "dag_id": asked.dag_id,
            "dag_run_id": asked.run_id,
            "task_id": asked.task_id,
            "task_display_name": asked.title,
            "map_index": asked.map_index,
            "try_number": asked.try_number,
            "state": "awaiting_input" if asked.open else "success",
        },
        "subject": asked.subject,
        "body": asked.body,
        "options": asked.options,
        "defaults": asked.defaults,
        "multiple": asked.multiple,
        "params": {each.name: param(each) for each in asked.parameters},
        "assigned_users": [each._asdict() for each in asked.assigned],
        "created_at": iso(asked.created),
        "response_received": answered is not None,
        "chosen_options": answered.chosen if answered else None,
        "params_input": answered.values if answered else {},
        "responded_by_user": {"id": answered.by, "name": answered.by} if answered else None,
    }


def iso(moment: datetime | None) -> str | None:
    """A time, or null."""
    return moment.isoformat() if moment else None
