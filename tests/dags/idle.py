"""A DAG whose one task costs nothing: for tests that start many runs."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, dag


@dag(schedule=None, params={"label": Param("", type="string", maxLength=200)}, tags=["stationmaster"])
def idle() -> None:
    EmptyOperator(task_id="nothing")


idle()
