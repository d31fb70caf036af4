from __future__ import annotations

from dataclasses import fields
from typing import Any

import mlflow
import pytest
from airflow.sdk import DAG
from delays import features, training
from mlflow.entities import Run

from tests.demo.delays.in_airflow.running import run

QUICK = {"months": "4", "airports": ["LGA"], "max_iter": 5, "max_missing_percent": 25}
TASKS = ["take_features", "validate_features", "train", "validate_model", "register"]


pytestmark = pytest.mark.usefixtures("airflow_database")


@pytest.fixture(scope="module")
def train_delays() -> DAG:
    import train_delays as module

    return module.train_delays_dag


def mlflow_run(experiment: str, run_id: str) -> Run:
    """The one MLflow run of a DAG run."""
    [found] = mlflow.search_runs(
        experiment_names=[experiment],
        filter_string=f"tags.`airflow.run_id` = '{run_id}'",
        output_format="list",
    )
    return found


def test_every_param_is_used_and_described(train_delays: DAG) -> None:
    """Each param has a type and a description and reaches the features, the checks or the learner."""
    used = {field.name for kind in (features.Selection, training.Settings) for field in fields(kind)}
    assert set(train_delays.params) == used | {"max_missing_percent"}
    for name in train_delays.params:
        param = train_delays.params.get_param(name)
        assert param.description
        assert param.schema["type"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 5),
        ("learning_rate", "0.1"),
        ("max_iter", 0),
        ("max_iter", 1.5),
        ("max_leaf_nodes", 1),
        ("max_depth", 0),
        ("months", "1-12"),
        ("months", "4'; DROP TABLE flights --"),
        ("airports", []),
        ("airports", ["JFK", "JFK"]),
        ("airports", ["LHR"]),
        ("class_weight", "heavy"),
        ("early_stopping", "yes"),
        ("lead_hours", -1),
        ("max_missing_percent", 101),
        ("pace", 601),
    ],
)
def test_params_refuse_what_they_do_not_mean(train_delays: DAG, name: str, value: Any) -> None:
    """A value out of bounds or of another type is refused by the schema, before anything starts."""
    param = train_delays.params.get_param(name)
    assert param.resolve() == param.value
    with pytest.raises(ValueError, match="Failed validating"):
        param.resolve(value)


def test_a_run_trains_compares_and_registers(train_delays: DAG) -> None:
    """Two runs: each task says its result, both get a version, and the second is compared with production."""
    gates = [{"kind": "at_least", "name": "auc", "bound": 0.5}, {"kind": "max_drop", "name": "auc", "bound": 0}]
    told = {"stationmaster": {"compute": {"name": "one-core", "instance": "1-thread"}, "gates": gates}}
    _, states, summaries = run(train_delays, QUICK | told)
    assert states == dict.fromkeys(TASKS, "success")
    assert set(summaries) == set(TASKS)
    assert summaries["validate_features"] == "all 14 checks passed"
    assert summaries["train"].endswith(" flights on 1 thread")
    assert summaries["validate_model"].endswith(" flights, all 2 gates passed")
    assert summaries["register"] == "version 1"
    assert all(len(summary) <= 100 for summary in summaries.values())

    mlflow.MlflowClient().set_registered_model_alias("delays", "production", "1")
    run_id, _, summaries = run(train_delays, {**QUICK, "months": "5"})
    assert summaries["register"] == "version 2"
    trained = mlflow_run("delays", run_id)
    assert trained.data.tags["stationmaster.champion_version"] == "1"
    assert {"auc", "log_loss", "brier", "recall_at_5pct"} <= set(trained.data.metrics)
    assert trained.data.metrics["champion.auc"] != trained.data.metrics["auc"]
    assert {tag.value for used in trained.inputs.dataset_inputs for tag in used.tags} == {"training", "evaluation"}


def test_a_gate_of_the_conf_ends_the_run(train_delays: DAG) -> None:
    """What the bot would not promote is not registered."""
    gates = [{"kind": "at_least", "name": "auc", "bound": 0.99, "better": None}]
    run_id, states, _ = run(train_delays, QUICK | {"stationmaster": {"gates": gates}})
    assert (states["validate_model"], states["register"]) == ("failed", "upstream_failed")
    assert mlflow.search_model_versions(filter_string=f"run_id = '{mlflow_run('delays', run_id).info.run_id}'") == []


def test_features_that_break_a_rule_end_the_run(train_delays: DAG) -> None:
    """With no missing weather allowed, the run fails at its checks, and nothing is trained."""
    run_id, states, _ = run(train_delays, {**QUICK, "max_missing_percent": 0})
    assert states["validate_features"] == "failed"
    assert states["train"] == "upstream_failed"
    found = mlflow.search_runs(
        search_all_experiments=True, filter_string=f"tags.`airflow.run_id` = '{run_id}'", output_format="list"
    )
    assert found == []


def test_the_plugin_tags_runs_of_code_that_knows_nothing_of_it() -> None:
    """An MLflow run started in any task carries the five tags of that task."""
    from untagging import untagging_dag

    run_id, states, _ = run(untagging_dag, {})
    assert states == {"fit": "success"}
    tags = mlflow_run("untagging", run_id).data.tags
    assert {name: value for name, value in tags.items() if name.startswith("airflow.")} == {
        "airflow.dag_id": "untagging",
        "airflow.run_id": run_id,
        "airflow.task_id": "fit",
        "airflow.map_index": "-1",
        "airflow.try_number": "1",
    }
