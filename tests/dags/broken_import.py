"""A file that Airflow can't import: the DAG below is never defined."""

from __future__ import annotations

from a_package_that_is_not_there import train
from airflow.sdk import dag, task


@dag(schedule=None, tags=["stationmaster"])
def broken() -> None:
    task(train)()


broken()
