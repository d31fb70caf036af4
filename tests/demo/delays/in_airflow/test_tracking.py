from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from delays import evaluation, features, tracking, training
from sklearn.pipeline import Pipeline

SETTINGS = training.Settings(0.1, 3, 7, None, early_stopping=False, class_weight="none", pace=0)


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mlflow.MlflowClient]:
    """A real MLflow store of the test's own, in one file."""
    before = mlflow.get_tracking_uri()
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def holdout(table: Path) -> pd.DataFrame:
    return features.holdout_rows(table).head(2000)


@pytest.fixture(scope="module")
def model(table: Path) -> Pipeline:
    return training.fit(features.training_rows(table).head(2000), SETTINGS, lambda progress: None)


def tags(run_id: str, try_number: int = 1) -> dict[str, str]:
    return {"airflow.dag_id": "train_delays", "airflow.run_id": run_id, "airflow.try_number": str(try_number)}


def logged(model: Pipeline, rows: pd.DataFrame, run_id: str, try_number: int = 1) -> tuple[str, str]:
    """Log `model` as the DAG run `run_id` would; the MLflow run and the model's URI."""
    with tracking.run_of(tags(run_id, try_number)) as run:
        return run.info.run_id, tracking.log_model(model, rows)


def test_a_task_tried_again_goes_on_with_its_run(model: Pipeline, holdout: pd.DataFrame) -> None:
    """Two tries of one DAG run are one MLflow run, tagged with the last try; another DAG run has its own."""
    first, _ = logged(model, holdout, "manual__1")
    again, _ = logged(model, holdout, "manual__1", try_number=2)
    other, _ = logged(model, holdout, "manual__2")
    assert first == again != other
    assert mlflow.get_run(first).data.tags["airflow.try_number"] == "2"


def test_a_run_knows_its_commit(model: Pipeline, holdout: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is the environment's where it says one, else that of the checkout, else there is none."""
    run, _ = logged(model, holdout, "manual__1")
    assert mlflow.get_run(run).data.tags["mlflow.source.git.commit"] == "4be1c02"
    monkeypatch.delenv("STATIONMASTER_DEMO_COMMIT")
    monkeypatch.setenv("PATH", "")
    run, _ = logged(model, holdout, "manual__2")
    assert "mlflow.source.git.commit" not in mlflow.get_run(run).data.tags


def test_registering_twice_makes_one_version(
    model: Pipeline, holdout: pd.DataFrame, registry: mlflow.MlflowClient
) -> None:
    """A second registration of a run finds the version of the first, and no version has an alias."""
    run, uri = logged(model, holdout, "manual__1")
    first = tracking.register(run, uri, tags("manual__1"))
    again = tracking.register(run, uri, tags("manual__1", try_number=2))
    assert first.version == again.version
    versions = registry.search_model_versions("name = 'delays'")
    assert [(version.run_id, version.aliases) for version in versions] == [(run, [])]
    assert versions[0].tags == tags("manual__1", try_number=2)


def test_a_model_trained_again_before_registration_is_the_one_registered(
    model: Pipeline, holdout: pd.DataFrame
) -> None:
    """Of two tries, the version is made from the model of the last."""
    logged(model, holdout, "manual__1")
    run, uri = logged(model, holdout, "manual__1", try_number=2)
    assert tracking.register(run, uri, {}).source == uri


def test_training_again_after_registration_leaves_the_evidence_alone(model: Pipeline, holdout: pd.DataFrame) -> None:
    """Once a run has a version, training again begins a new run, which gets a version of its own."""
    run, uri = logged(model, holdout, "manual__1")
    first = tracking.register(run, uri, {})
    new_run, new_uri = logged(model, holdout, "manual__1", try_number=2)
    assert new_run != run
    assert tracking.register(new_run, new_uri, {}).version != first.version
    assert logged(model, holdout, "manual__1", try_number=3)[0] not in {run, new_run}


def test_a_logged_model_scores_as_it_did(model: Pipeline, holdout: pd.DataFrame) -> None:
    """The model read back from MLflow has the metrics of the one that was logged."""
    _, uri = logged(model, holdout, "manual__1")
    assert evaluation.score(tracking.load_model(uri), holdout) == evaluation.score(model, holdout)


def test_there_is_no_champion_before_people_choose_one(
    model: Pipeline, holdout: pd.DataFrame, registry: mlflow.MlflowClient
) -> None:
    """Neither without a registered model nor with a first version is there one; with the alias there is."""
    assert tracking.champion() is None
    run, uri = logged(model, holdout, "manual__1")
    version = tracking.register(run, uri, {})
    assert tracking.champion() is None
    registry.set_registered_model_alias("delays", "production", version.version)
    champion = tracking.champion()
    assert champion is not None
    assert tracking.version_uri(champion) == "models:/delays/1"


def test_candidate_and_champion_are_judged_on_one_data_set(
    model: Pipeline, holdout: pd.DataFrame, table: Path, registry: mlflow.MlflowClient
) -> None:
    """The metrics of both, on the candidate's logged model, carry the digest of the run's evaluation data."""
    champion = tracking.register(*logged(model, holdout, "manual__1"), {})
    run, uri = logged(model, holdout, "manual__2")
    scores = evaluation.score(tracking.load_model(tracking.version_uri(champion)), holdout)
    with mlflow.start_run(run):
        dataset = tracking.log_dataset(holdout, table, "evaluation")
        mlflow.log_metrics({"auc": 0.5}, dataset=dataset, model_id=tracking.model_id(uri))
        tracking.log_champion(champion, scores, dataset)
    finished = mlflow.get_run(run)
    assert finished.data.tags["stationmaster.champion_version"] == "1"
    assert finished.data.metrics["champion.auc"] == scores["auc"]
    [used] = finished.inputs.dataset_inputs
    assert ([tag.value for tag in used.tags], used.dataset.digest) == (["evaluation"], features.digest(holdout))
    metrics = mlflow.get_logged_model(tracking.model_id(uri)).metrics
    assert {metric.key for metric in metrics} == {"auc", *(f"champion.{name}" for name in scores)}
    assert {metric.dataset_digest for metric in metrics} == {used.dataset.digest}
