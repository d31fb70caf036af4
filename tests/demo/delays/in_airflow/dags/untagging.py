"""An Airflow DAG whose task tracks with MLflow and knows nothing of lineage."""

from __future__ import annotations

from airflow.sdk import dag, task


@dag(dag_id="untagging", schedule=None)
def untagging() -> None:
    """One task, which starts an MLflow run."""

    @task
    def fit() -> None:
        import mlflow

        mlflow.set_experiment("untagging")
        with mlflow.start_run():
            pass

    fit()


untagging_dag = untagging()
