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
    with tracking.start_run(tags(run_id, try_number)) as run:
        return run.info.run_id, tracking.log_model(model, rows)


def test_each_try_has_a_run_of_its_own(model: Pipeline, holdout: pd.DataFrame) -> None:
    """A second try begins a new MLflow run, and leaves what the first one logged as it is."""
    first, _ = logged(model, holdout, "manual__1")
    again, _ = logged(model, holdout, "manual__1", try_number=2)
    assert first != again
    runs = [mlflow.get_run(run) for run in (first, again)]
    assert [run.data.tags["airflow.try_number"] for run in runs] == ["1", "2"]
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]


def test_the_run_of_a_killed_try_is_closed(registry: mlflow.MlflowClient) -> None:
    """A run left open by a try that was killed ends as killed; an open run of another DAG run goes on."""
    left = {
        name: registry.create_run(mlflow.set_experiment("delays").experiment_id, tags=tags(name)).info.run_id
        for name in ("manual__1", "manual__2")
    }
    with tracking.start_run(tags("manual__1", try_number=2)):
        pass
    assert mlflow.get_run(left["manual__1"]).info.status == "KILLED"
    assert mlflow.get_run(left["manual__2"]).info.status == "RUNNING"


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


def test_training_again_makes_a_version_of_its_own(model: Pipeline, holdout: pd.DataFrame) -> None:
    """A try after a registration leaves that version and its run alone, and is registered as the next one."""
    versions = []
    for try_number in (1, 2):
        run, uri = logged(model, holdout, "manual__1", try_number)
        versions.append(tracking.register(run, uri, {}))
    assert [str(version.version) for version in versions] == ["1", "2"]
    assert versions[0].run_id != versions[1].run_id


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
