"""A DAG that takes as long as it is told to, to be looked at while it runs."""

from __future__ import annotations

import time
from typing import Any

from airflow.sdk import Param, dag, task


@task
def wait(*, params: dict[str, Any]) -> None:
    time.sleep(params["seconds"])


@task
def each(number: int, *, ti: Any) -> None:
    ti.xcom_push(key="summary", value=f"number {number}")


@dag(
    schedule=None,
    params={"seconds": Param(5, type="number", minimum=0, maximum=600)},
    tags=["stationmaster"],
    description="Sleeps, then runs one task thrice",
)
def slow() -> None:
    wait() >> each.expand(number=[1, 2, 3])


slow()
