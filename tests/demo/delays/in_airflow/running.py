"""DAGs run in this process, for the tests of those that Airflow reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.models.xcom import XComModel
from airflow.sdk import DAG
from airflow.utils.session import create_session


def run(dag: DAG, conf: Mapping[str, Any]) -> tuple[str, dict[str, str], dict[str, str]]:
    """Run `dag` in this process; its run's id, and by task its state and its summary."""
    done = dag.test(run_conf=dict(conf))
    states = {task.task_id: str(task.state) for task in done.get_task_instances()}
    with create_session() as session:
        found = session.query(XComModel).filter_by(run_id=done.run_id, key="summary")
        summaries = {row.task_id: row.value for row in found}
    return done.run_id, states, summaries
