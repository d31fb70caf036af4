"""Which MLflow run belongs to which DAG run, and whether Airflow confirms it. Pure.

The tags are written by whoever can write to MLflow, so they are a claim. Airflow confirms it where it knows the run
and the task that the tags name, and the MLflow run began while that task was running.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.domain import RunKey, Task, Training

DAG_ID = "airflow.dag_id"
RUN_ID = "airflow.run_id"
TASK_ID = "airflow.task_id"
MAP_INDEX = "airflow.map_index"
CLOCKS_APART = timedelta(seconds=30)  # between Airflow's machine and MLflow's


def key_of(training: Training) -> RunKey | None:
    """The DAG run that the MLflow run's tags claim."""
    dag_id, run_id = training.tags.get(DAG_ID, ""), training.tags.get(RUN_ID, "")
    return RunKey(dag_id, run_id) if dag_id and run_id else None


def confirmed(training: Training, tasks: Iterable[Task]) -> bool:
    """Does one of these tasks of the claimed run confirm the claim? An earlier try's run is not confirmed."""
    begun = training.started
    return begun is not None and any(
        task.task_id == training.tags.get(TASK_ID)
        and task.started is not None
        and task.started - CLOCKS_APART <= begun
        and (task.ended is None or begun <= task.ended + CLOCKS_APART)
        for task in tasks
    )


def chosen(trainings: Sequence[Training], tasks: Sequence[Task]) -> tuple[Training | None, bool]:
    """The MLflow run that speaks for the DAG run, and whether Airflow confirms it: confirmed before claimed, with
    metrics before without, then the newest (they come newest first)."""
    ranked = sorted(trainings, key=lambda each: (not confirmed(each, tasks), not each.metrics))
    return (ranked[0], confirmed(ranked[0], tasks)) if ranked else (None, False)
