from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from airflow.sdk import DAG
from delays import features, scoring, serving, tracking, training
from delays.tasks import data

from tests.demo.delays.in_airflow.running import run

pytestmark = pytest.mark.usefixtures("airflow_database")
SETTINGS = training.Settings(0.1, 3, 7, None, early_stopping=False, class_weight="none", pace=0)
MODEL = "late flights"  # the tests of other modules count versions of their own
ALIAS = "canary"


@pytest.fixture(scope="module")
def deploy_delays() -> DAG:
    import deploy_delays as module

    return module.deploy_delays_dag


@pytest.fixture(scope="module")
def versions(table: Path) -> list[str]:
    """Two registered versions of a small model."""
    rows = features.training_rows(table).head(2000)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking, "NAME", MODEL)
        for number in range(2):
            tags = {"airflow.dag_id": "train_delays", "airflow.run_id": f"deploy__{number}"}
            with tracking.start_run(tags) as started:
                mlflow.log_params({"lead_hours": 2 + number})
                uri = tracking.log_model(training.fit(rows, SETTINGS, lambda progress: None), rows)
            found.append(str(tracking.register(started.info.run_id, uri, tags).version))
    return found


def hold(version: str) -> dict[str, str]:
    """Let the version hold the alias; what the bot gives its deployment as conf."""
    mlflow.MlflowClient().set_registered_model_alias(MODEL, ALIAS, version)
    return {"model": MODEL, "version": version, "alias": ALIAS}


def test_a_version_is_deployed(deploy_delays: DAG, versions: list[str]) -> None:
    """It scores the flights once, and its scores can be looked up; again, nothing is left to score."""
    first, _ = versions
    _, states, summaries = run(deploy_delays, hold(first))
    assert set(states.values()) == {"success"}
    stored = scoring.predictions(scoring.folder(data(), MODEL, first))
    assert summaries == {
        "load_version": f"v{first} of late flights",
        "score_flights": f"{len(stored):,} of {len(stored):,} flights",
        "publish": f"scored {len(stored):,} rows",
    }
    at, flight = serving.place(data(), MODEL, ALIAS), stored.iloc[1234]
    assert serving.look_up(at, flight["key"]) == (flight["chance"], first)
    _, _, summaries = run(deploy_delays, hold(first))
    assert summaries["publish"] == f"{len(stored):,} rows, scored before"


def test_the_next_version_takes_its_place_and_the_last_one_can_come_back(
    deploy_delays: DAG, versions: list[str]
) -> None:
    """A rollback is a deployment too."""
    at = serving.place(data(), MODEL, ALIAS)
    for version in (versions[1], versions[0]):
        _, states, _ = run(deploy_delays, hold(version))
        assert set(states.values()) == {"success"}
        assert serving.deployed(at) == version


def test_a_version_that_lost_its_alias_is_not_deployed(deploy_delays: DAG, versions: list[str]) -> None:
    """Whoever asked for it, the one that holds the alias stays."""
    first, second = versions
    run(deploy_delays, hold(first))
    _, states, _ = run(deploy_delays, hold(second) | {"version": first})
    assert states["load_version"] == "failed"
    assert states["publish"] == "upstream_failed"
    with pytest.raises(
        tracking.NotHeld, match=f"canary of late flights is v{second} now, not v{first}: nothing was deployed"
    ):
        tracking.holder(MODEL, first, ALIAS)
    assert serving.deployed(serving.place(data(), MODEL, ALIAS)) == first


def test_an_alias_that_nothing_holds_deploys_nothing(versions: list[str]) -> None:
    """Nor does a model that isn't there."""
    for model, alias in ((MODEL, "nobody"), ("no such model", ALIAS)):
        with pytest.raises(tracking.NotHeld, match="is no version now"):
            tracking.holder(model, versions[0], alias)


@pytest.mark.parametrize(("name", "value"), [("version", "latest"), ("version", 3), ("model", ""), ("alias", None)])
def test_params_refuse_what_they_do_not_mean(deploy_delays: DAG, name: str, value: object) -> None:
    """Before anything starts."""
    with pytest.raises(ValueError, match="Failed validating"):
        deploy_delays.params.get_param(name).resolve(value)
