"""A DAG that is none of ours: it has another tag."""

from __future__ import annotations

from airflow.sdk import dag, task


@task
def other() -> str:
    return "not in the catalogue"


@dag(schedule=None, tags=["somebody_else"], description="Not a training pipeline")
def untagged() -> None:
    other()


untagged()
