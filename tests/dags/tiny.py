"""A DAG with a Param of each kind, and three tasks that say what they did: the quickest honest pipeline."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task, task_group

PARAMS = {
    "learning_rate": Param(0.1, type="number", minimum=0.001, maximum=1, description="How far each step goes"),
    "rounds": Param(3, type="integer", minimum=1, maximum=50),
    "metric": Param("auc", enum=["auc", "log_loss"]),
    "shuffle": Param(True, type="boolean"),
    "airports": Param(["JFK"], type="array", items={"enum": ["JFK", "LGA", "EWR"]}),
    "seed": Param(None, type=["null", "integer"]),
    "label": Param(type="string", minLength=1, maxLength=40, description="What to call the result"),
}


@task(task_display_name="take rows")
def take_rows(*, ti: Any) -> None:
    ti.xcom_push(key="summary", value="1,000 rows")


@task(task_display_name="fit it")
def fit(*, params: dict[str, Any], ti: Any) -> None:
    ti.xcom_push(key="summary", value=f"{params['rounds']} rounds of {params['metric']}")


@task(task_display_name="say so")
def tell(*, params: dict[str, Any], ti: Any) -> None:
    ti.xcom_push(key="summary", value=params["label"])


@dag(schedule=None, params=PARAMS, tags=["stationmaster", "quick"], description="Trains nothing, quickly")
def tiny() -> None:
    @task_group(group_id="training")
    def training() -> Any:
        return fit()

    take_rows() >> training() >> tell()


tiny()
