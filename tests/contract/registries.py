"""Registries in memory and real: what the cases need beside the port itself."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from bot.domain import Dataset, Training, Version
from bot.ports import Registry
from bot.registry import MlflowRegistry
from tests.fakes import FakeRegistry

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATASET = Dataset(name="flights", digest="0a1b2c3d", context="evaluation")


class RegistryStage(Protocol):
    """A registry, and what training code and people do to it."""

    @property
    def registry(self) -> Registry:
        """The port under test."""

    async def train(self, tags: Mapping[str, str], metrics: Mapping[str, float] | None = None) -> str:
        """An MLflow run with these tags that read DATASET, has ended, and is the newest: its id."""

    async def register(self, model: str, run_id: str) -> str:
        """A new version of the model from that run: its number."""

    async def alias(self, model: str, alias: str, version: str) -> None:
        """Let the version hold the alias."""

    async def delete(self, run_id: str) -> None:
        """Delete the MLflow run."""


class FakeStage:
    """In memory."""

    def __init__(self) -> None:
        self.fake = FakeRegistry()
        self.registry: Registry = self.fake
        self._numbers: dict[str, int] = {}

    async def train(self, tags: Mapping[str, str], metrics: Mapping[str, float] | None = None) -> str:
        """See RegistryStage."""
        run_id, now = uuid.uuid4().hex, datetime.now(UTC)
        self.fake.add_training(
            Training(
                run_id=run_id,
                experiment_id="1",
                status="FINISHED",
                started=now,
                ended=now,
                metrics=dict(metrics or {}),
                params={"learning_rate": "0.1"},
                tags=dict(tags),
                datasets=(DATASET,),
                url=f"http://mlflow.test/#/experiments/1/runs/{run_id}",
            )
        )
        return run_id

    async def register(self, model: str, run_id: str) -> str:
        """See RegistryStage."""
        self._numbers[model] = self._numbers.get(model, 0) + 1
        version = str(self._numbers[model])
        self.fake.add_version(Version(model=model, version=version, run_id=run_id, created=datetime.now(UTC)))
        return version

    async def alias(self, model: str, alias: str, version: str) -> None:
        """See RegistryStage."""
        self.fake.move_alias(model, alias, version)

    async def delete(self, run_id: str) -> None:
        """See RegistryStage."""
        self.fake.delete_training(run_id)


class MlflowStage:
    """A real MLflow, written to by its own client."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.registry = MlflowRegistry(url)
        self._experiment = ""

    async def train(self, tags: Mapping[str, str], metrics: Mapping[str, float] | None = None) -> str:
        """See RegistryStage."""
        return await asyncio.to_thread(self._train, dict(tags), dict(metrics or {}))

    async def register(self, model: str, run_id: str) -> str:
        """See RegistryStage."""
        return await asyncio.to_thread(self._register, model, run_id)

    async def alias(self, model: str, alias: str, version: str) -> None:
        """See RegistryStage."""
        await asyncio.to_thread(self._client().set_registered_model_alias, model, alias, version)

    async def delete(self, run_id: str) -> None:
        """See RegistryStage."""
        await asyncio.to_thread(self._client().delete_run, run_id)

    def _train(self, tags: dict[str, str], metrics: dict[str, float]) -> str:
        from mlflow.entities import Dataset as MlflowDataset
        from mlflow.entities import DatasetInput, InputTag

        client = self._client()
        self._experiment = self._experiment or client.create_experiment(f"contract {uuid.uuid4().hex[:8]}")
        run_id: str = client.create_run(self._experiment, tags=tags).info.run_id
        for name, value in metrics.items():
            client.log_metric(run_id, name, value)
        client.log_param(run_id, "learning_rate", 0.1)
        read = MlflowDataset(name=DATASET.name, digest=DATASET.digest, source_type="local", source='{"uri": "flights"}')
        client.log_inputs(run_id, [DatasetInput(read, [InputTag(key="mlflow.data.context", value=DATASET.context)])])
        client.set_terminated(run_id)
        return run_id

    def _register(self, model: str, run_id: str) -> str:
        from mlflow.exceptions import MlflowException

        client = self._client()
        try:
            client.create_registered_model(model)
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        version = client.create_model_version(model, f"runs:/{run_id}/model", run_id=run_id, await_creation_for=0)
        return str(version.version)

    def _client(self) -> MlflowClient:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._url, registry_uri=self._url)
