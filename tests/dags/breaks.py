"""A DAG whose second task fails with a sentence made for people, and whose third therefore never runs."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task


@task
def prepare(*, ti: Any) -> None:
    ti.xcom_push(key="summary", value={"not": "a sentence"})


@task(task_display_name="check rows")
def check_rows() -> None:
    raise ValueError("3 of 14 checks failed: visib has 4.2% nulls\npassword=hunter2 on the second line")


@task
def train() -> str:
    return "never reached"


@dag(schedule=None, tags=["stationmaster"], description="Fails in its second task")
def breaks() -> None:
    prepare() >> check_rows() >> train()


breaks()
