"""A file that Airflow can't import: the DAG below is never defined."""

from __future__ import annotations

from airflow.sdk import dag, task

from a_package_that_is_not_there import train


@dag(schedule=None, tags=["stationmaster"])
def broken():
    task(train)()


broken()
