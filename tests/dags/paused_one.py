"""A DAG that is paused from its creation."""

from __future__ import annotations

from airflow.sdk import dag, task


@task
def never() -> str:
    return "not while it is paused"


@dag(schedule=None, is_paused_upon_creation=True, tags=["stationmaster"], description="Paused")
def paused_one() -> None:
    never()


paused_one()
