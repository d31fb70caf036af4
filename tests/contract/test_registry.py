"""What every Registry does: on the fake, and on a real MLflow."""

from __future__ import annotations

import math
import uuid

import pytest

from bot.domain import RunKey
from tests.contract.registries import DATASET, RegistryStage

NAMES = ["delays", "late flights", "it's", 'say "so"', "100%", "a.b-c_d", "naïve 🚂", "back\\slash", "a?b#c&d"]


def new_key() -> RunKey:
    return RunKey("tiny", f"contract~{uuid.uuid4().hex[:12]}")


def tags(key: RunKey) -> dict[str, str]:
    return {"airflow.dag_id": key.dag_id, "airflow.run_id": key.run_id}


def new_name(name: str) -> str:
    return f"{name} {uuid.uuid4().hex[:8]}"


async def test_check(shelf: RegistryStage) -> None:
    """A service that is well raises nothing."""
    await shelf.registry.check()


async def test_trainings(shelf: RegistryStage) -> None:
    """The MLflow runs of one DAG run are found by their tags, newest first, and no others."""
    key = new_key()
    first = await shelf.train(tags(key))
    second = await shelf.train(tags(key) | {"airflow.task_id": "fit"})
    await shelf.train(tags(new_key()))
    await shelf.train({"airflow.dag_id": "another", "airflow.run_id": key.run_id})
    found = await shelf.registry.trainings(key)
    assert [training.run_id for training in found] == [second, first]
    assert found[0].tags["airflow.task_id"] == "fit"


async def test_training(shelf: RegistryStage) -> None:
    """An MLflow run has its metrics, params, tags, data sets, times, and an address."""
    key = new_key()
    run_id = await shelf.train(tags(key), {"auc": 0.671})
    training = await shelf.registry.training(run_id)
    assert training
    assert (training.metrics, training.params) == ({"auc": 0.671}, {"learning_rate": "0.1"})
    assert training.datasets == (DATASET,)
    assert training.digest("evaluation") == DATASET.digest
    assert training.status == "FINISHED"
    assert training.started
    assert training.ended
    assert tags(key).items() <= training.tags.items()
    assert training.url.endswith(f"/#/experiments/{training.experiment_id}/runs/{run_id}")


async def test_training_unknown(shelf: RegistryStage) -> None:
    """A run that isn't there, or was deleted, is None."""
    run_id = await shelf.train(tags(new_key()))
    await shelf.delete(run_id)
    assert await shelf.registry.training(run_id) is None
    assert await shelf.registry.training(uuid.uuid4().hex) is None


async def test_odd_metrics(shelf: RegistryStage) -> None:
    """A metric that is no number stays a float that is none, through JSON too."""
    run_id = await shelf.train(tags(new_key()), {"auc": math.nan, "loss": 1e300})
    training = await shelf.registry.training(run_id)
    assert training
    again = type(training).model_validate_json(training.model_dump_json())
    assert math.isnan(again.metrics["auc"])
    assert again.metrics["loss"] == 1e300


@pytest.mark.parametrize(
    "run_id", ["it's", 'say "so"', "%", "' OR '1' = '1", "` = `", "scheduled__2026-01-01T00:00:00+00:00"]
)
async def test_hostile_run_ids(shelf: RegistryStage, run_id: str) -> None:
    """A run id is a value, whatever it holds: it finds its own run, and never another's."""
    mine, other = RunKey(f"dag {uuid.uuid4().hex[:8]}", run_id), new_key()
    assert await shelf.registry.trainings(mine) == []
    trained = await shelf.train(tags(mine))
    await shelf.train(tags(other))
    assert [training.run_id for training in await shelf.registry.trainings(mine)] == [trained]


@pytest.mark.parametrize("name", NAMES)
async def test_model_names(shelf: RegistryStage, name: str) -> None:
    """Models of any name that MLflow takes are found, with their address."""
    model, run_id = new_name(name), await shelf.train(tags(new_key()))
    number = await shelf.register(model, run_id)
    await shelf.alias(model, "production", number)
    (version,) = await shelf.registry.versions(model, 10)
    assert (version.model, version.version, version.run_id) == (model, number, run_id)
    assert version.aliases == ("production",)
    assert version.url == f"{shelf.registry.model_url(model)}/versions/{number}"
    assert await shelf.registry.holder(model, "production") == version
    assert list(await shelf.registry.versions_of(run_id)) == [version]


@pytest.mark.parametrize("name", ["no such model", "with/slash", "with:colon", ""])
async def test_no_model(shelf: RegistryStage, name: str) -> None:
    """A model that isn't there, or can't be, has no versions and no holder."""
    assert await shelf.registry.versions(name, 5) == []
    assert await shelf.registry.holder(name, "production") is None


async def test_versions(shelf: RegistryStage) -> None:
    """Versions come newest first, by number and not by spelling, as many as asked for."""
    model, run_id = new_name("many"), await shelf.train(tags(new_key()))
    for _ in range(11):
        await shelf.register(model, run_id)
    found = await shelf.registry.versions(model, 3)
    assert [version.version for version in found] == ["11", "10", "9"]
    assert all(version.created for version in found)


async def test_aliases(shelf: RegistryStage) -> None:
    """An alias has one holder; to move it takes it from the last; a version may hold several."""
    model, run_id = new_name("aliased"), await shelf.train(tags(new_key()))
    first, second = await shelf.register(model, run_id), await shelf.register(model, run_id)
    await shelf.alias(model, "production", first)
    await shelf.alias(model, "production", second)
    await shelf.alias(model, "canary", second)
    found = await shelf.registry.versions(model, 5)
    assert [version.aliases for version in found] == [("canary", "production"), ()]
    holder = await shelf.registry.holder(model, "production")
    assert holder
    assert holder.version == second
    assert await shelf.registry.holder(model, "nobody") is None


async def test_versions_of(shelf: RegistryStage) -> None:
    """The versions from one MLflow run are found in every model; a run that registered nothing has none."""
    run_id, other = await shelf.train(tags(new_key())), await shelf.train(tags(new_key()))
    one, two = new_name("one"), new_name("two")
    await shelf.register(one, run_id)
    await shelf.register(two, run_id)
    assert [version.model for version in await shelf.registry.versions_of(run_id)] == [two, one]
    assert await shelf.registry.versions_of(other) == []


async def test_addresses_escape(shelf: RegistryStage) -> None:
    """A model's name can't end its address early."""
    assert shelf.registry.model_url("a/b ?#").endswith("/#/models/a%2Fb%20%3F%23")
