"""What the registry is asked for, by searches: trainings and versions, alone and in bulk."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from bot.domain import RunKey, Training, Version
from bot.errors import NotFound
from bot.mlflow import reading, searching
from bot.mlflow.sdk import Sdk
from bot.mlflow.searching import quotable, quoted

if TYPE_CHECKING:
    from bot.mlflow.sdk import MlflowClient

DAG_TAG, RUN_TAG = "airflow.dag_id", "airflow.run_id"
RUNS_LIMIT = 50  # MLflow runs looked at for one DAG run
VERSIONS_LIMIT = 100  # versions looked at for one MLflow run
EXPERIMENTS_AGE = 15.0  # seconds for which the list of experiments is believed


class Looking:
    """Everything here blocks, and is given the client."""

    def __init__(self, sdk: Sdk, web: reading.Web) -> None:
        self._sdk = sdk
        self._web = web
        self._experiments: tuple[float, list[str]] = (-EXPERIMENTS_AGE, [])

    def trainings(self, client: MlflowClient, key: RunKey) -> list[Training]:
        """The MLflow runs with the tags of this DAG run, newest first."""
        wanted = {DAG_TAG: key.dag_id, RUN_TAG: key.run_id}
        found = client.search_runs(
            self._experiment_ids(client),
            " AND ".join(f"tags.`{tag}` = {quoted(value)}" for tag, value in wanted.items()),
            max_results=RUNS_LIMIT,
            order_by=["attributes.start_time DESC"],
        )
        # Some databases compare without regard to case.
        return [reading.training(run, self._web) for run in found if wanted.items() <= run.data.tags.items()]

    def trainings_of(self, client: MlflowClient, run_ids: Collection[str]) -> dict[str, Training]:
        """The MLflow runs with these ids. What is missing is looked for in experiments that are new, too."""
        found = self._by_id(client, run_ids, EXPERIMENTS_AGE)
        missing = set(run_ids) - found.keys()
        return found | self._by_id(client, missing, 0) if missing else found

    def versions(self, client: MlflowClient, model: str, limit: int) -> list[Version]:
        """A model's last versions, newest first."""
        return self._versions(client, f"name = {quoted(model)}", "version_number DESC", limit)

    def versions_of(self, client: MlflowClient, run_id: str) -> list[Version]:
        """The versions that were made from an MLflow run, newest first."""
        return self._versions(client, f"run_id = {quoted(run_id)}", "creation_timestamp DESC", VERSIONS_LIMIT)

    def holders(self, client: MlflowClient, names: Collection[str]) -> dict[tuple[str, str], str]:
        """The versions of all aliases of these models, by model and alias."""
        plain, odd = quotable(names)
        models = [*searching.models(client, plain), *(model for name in odd for model in self._model(name))]
        return {(model.name, alias): str(number) for model in models for alias, number in model.aliases.items()}

    def deleted(self, client: MlflowClient, versions: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those of the versions that are there no longer."""
        if not versions:
            return frozenset()
        plain, odd = quotable({model for model, _ in versions})
        there = set(searching.version_numbers(client, plain, min(int(number) for _, number in versions)))
        there |= {(model, number) for model, number in versions if model in odd and self._is_there(model, number)}
        return frozenset(versions) - there

    def _versions(self, client: MlflowClient, where: str, order: str, limit: int) -> list[Version]:
        found = client.search_model_versions(where, max_results=limit, order_by=[order])
        aliases = {name: _aliases(client, name) for name in {version.name for version in found}}
        return [
            reading.version(version, aliases[version.name].get(str(version.version), ()), self._web)
            for version in found
        ]

    def _by_id(self, client: MlflowClient, run_ids: Collection[str], age: float) -> dict[str, Training]:
        found = searching.runs(client, self._experiment_ids(client, age), run_ids)
        return {run.info.run_id: reading.training(run, self._web) for run in found}

    def _experiment_ids(self, client: MlflowClient, age: float = EXPERIMENTS_AGE) -> list[str]:
        read, ids = self._experiments
        if time.monotonic() - read < age:
            return ids
        ids = [experiment.experiment_id for experiment in searching.all_pages(client.search_experiments)]
        self._experiments = (time.monotonic(), ids)
        return ids

    def _model(self, name: str) -> Iterable[Any]:
        try:
            return [self._sdk.asking(lambda client: client.get_registered_model(name))]
        except NotFound:
            return []

    def _is_there(self, model: str, version: str) -> bool:
        try:
            self._sdk.asking(lambda client: client.get_model_version(model, version))
        except NotFound:
            return False
        return True


def _aliases(client: MlflowClient, model: str) -> dict[str, list[str]]:
    """The aliases of each version that has any, by its number."""
    found: dict[str, list[str]] = {}
    for alias, version in client.get_registered_model(model).aliases.items():
        found.setdefault(str(version), []).append(alias)
    return found
