"""Airflow plugin: every MLflow run that a task starts is tagged with that task, without a change to its code.

Put this file into Airflow's plugins folder; the next task already has it. It runs in the task's own process and
sets `MLFLOW_RUN_CONTEXT`, a JSON object of tags that MLflow's client gives to each run it starts. Tags that
are in that variable already are kept. Whatever goes wrong here is logged, and the task goes on.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)

RUN_CONTEXT = "MLFLOW_RUN_CONTEXT"


class LineageListener:
    """Tells MLflow's client, through the environment, which task it runs in."""

    @hookimpl
    def on_task_instance_running(self, task_instance: Any) -> None:
        """Called in the task's process before its code runs."""
        try:
            os.environ[RUN_CONTEXT] = json.dumps({**_given_tags(), **_task_tags(task_instance)})
        except Exception:  # lineage is not worth a training run
            log.exception("MLflow runs of this task will not be tagged with it")


class StationmasterLineagePlugin(AirflowPlugin):
    """Registers the listener."""

    name = "stationmaster_lineage"
    listeners = [LineageListener()]


def _task_tags(task_instance: Any) -> dict[str, str]:
    """The tags that join an MLflow run to its task; a task that is not mapped has the map index -1."""
    return {
        "airflow.dag_id": task_instance.dag_id,
        "airflow.run_id": task_instance.run_id,
        "airflow.task_id": task_instance.task_id,
        "airflow.map_index": str(task_instance.map_index),
        "airflow.try_number": str(task_instance.try_number),
    }


def _given_tags() -> dict[str, Any]:
    """The tags that the platform has put into the environment already, if it holds a JSON object."""
    try:
        given = json.loads(os.environ.get(RUN_CONTEXT, "{}"))
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
