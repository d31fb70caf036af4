"""A DAG whose tasks wait for a person: one choice, several with a form, and one that is for somebody in particular."""

from __future__ import annotations

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag

BODY = "It is *better* on 3 of 4 metrics & worse on <one>."


@dag(schedule=None, tags=["stationmaster"], description="Asks people")
def asks() -> None:
    HITLOperator(task_id="review", subject="Use the model?", body=BODY, options=["Approve", "Reject"])
    HITLOperator(
        task_id="tune",
        subject="With which values?",
        options=["auc", "log_loss"],
        multiple=True,
        params={
            "threshold": Param(0.5, type="number", minimum=0, maximum=1, description="Above it a flight is late"),
            "note": Param(None, type=["null", "string"]),
        },
    )
    HITLOperator(task_id="for_omar", subject="Omar?", options=["Yes"], assigned_users={"id": "omar", "name": "Omar"})


asks()
