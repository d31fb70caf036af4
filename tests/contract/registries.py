"""Registries in memory and real: what the cases need beside the port itself."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from bot.domain import Dataset, Training, Version
from bot.ports import Registry
from bot.registry import MlflowRegistry
from tests.fakes import FakeRegistry

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATASET = Dataset(name="flights", digest="0a1b2c3d", context="evaluation", rows=30_211)
Source = Literal["logged model", "run", "artifacts"]


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

    async def publish(
        self, model: str, files: Mapping[str, bytes], *, source: Source = "logged model", run_id: str = ""
    ) -> str:
        """A new version of the model with these files, of that MLflow run or a new one, described and tagged with `k`:
        its number.
        """

    async def overwrite(self, model: str, version: str, files: Mapping[str, bytes]) -> None:
        """Let other files stand where a version's files were."""

    async def delete_version(self, model: str, version: str) -> None:
        """Delete the version."""

    async def tags_of(self, model: str) -> Mapping[str, str]:
        """The tags of the registered model itself."""


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

    async def publish(
        self, model: str, files: Mapping[str, bytes], *, source: Source = "logged model", run_id: str = ""
    ) -> str:
        """See RegistryStage. The memory has files without sources."""
        version = str(self._numbers.get(model, 0) + 1)
        self._numbers[model] = int(version)
        self.fake.add_version(
            Version(
                model=model,
                version=version,
                run_id=run_id or await self.train({}),
                created=datetime.now(UTC),
                tags={"k": "v"},
                source=source,
                status="READY",
                description="Trained on flights.",
            )
        )
        self.fake.put_files(model, version, files)
        return version

    async def overwrite(self, model: str, version: str, files: Mapping[str, bytes]) -> None:
        """See RegistryStage."""
        self.fake.put_files(model, version, files)

    async def delete_version(self, model: str, version: str) -> None:
        """See RegistryStage."""
        self.fake.delete_version(model, version)

    async def tags_of(self, model: str) -> Mapping[str, str]:
        """See RegistryStage."""
        return self.fake.model_tags(model)


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
        await asyncio.to_thread(self.client().set_registered_model_alias, model, alias, version)

    async def delete(self, run_id: str) -> None:
        """See RegistryStage."""
        await asyncio.to_thread(self.client().delete_run, run_id)

    async def publish(
        self, model: str, files: Mapping[str, bytes], *, source: Source = "logged model", run_id: str = ""
    ) -> str:
        """See RegistryStage."""
        run_id = run_id or await self.train({})
        return await asyncio.to_thread(self._publish, model, run_id, files, source)

    async def overwrite(self, model: str, version: str, files: Mapping[str, bytes]) -> None:
        """See RegistryStage. A logged model's."""
        source = self.client().get_model_version(model, version).source
        assert source
        await asyncio.to_thread(self._log, source.removeprefix("models:/"), files)

    async def delete_version(self, model: str, version: str) -> None:
        """See RegistryStage."""
        await asyncio.to_thread(self.client().delete_model_version, model, version)

    async def tags_of(self, model: str) -> Mapping[str, str]:
        """See RegistryStage."""
        found = await asyncio.to_thread(self.client().get_registered_model, model)
        return dict(found.tags)

    def _train(self, tags: dict[str, str], metrics: dict[str, float]) -> str:
        from mlflow.entities import Dataset as MlflowDataset
        from mlflow.entities import DatasetInput, InputTag

        client = self.client()
        self._experiment = self._experiment or client.create_experiment(f"contract {uuid.uuid4().hex[:8]}")
        run_id: str = client.create_run(self._experiment, tags=tags).info.run_id
        for name, value in metrics.items():
            client.log_metric(run_id, name, value)
        client.log_param(run_id, "learning_rate", 0.1)
        read = MlflowDataset(
            name=DATASET.name,
            digest=DATASET.digest,
            source_type="local",
            source='{"uri": "flights"}',
            profile='{"num_rows": 30211, "num_elements": 422954}',
        )
        client.log_inputs(run_id, [DatasetInput(read, [InputTag(key="mlflow.data.context", value=DATASET.context)])])
        client.set_terminated(run_id)
        return run_id

    def _register(self, model: str, run_id: str) -> str:
        self.ensure(model)
        version = self.client().create_model_version(
            model, f"runs:/{run_id}/model", run_id=run_id, await_creation_for=0
        )
        return str(version.version)

    def _publish(self, model: str, run_id: str, files: Mapping[str, bytes], source: Source) -> str:
        client = self.client()
        self.ensure(model)
        if source == "logged model":
            logged = client.create_logged_model(self._experiment, name="model", source_run_id=run_id).model_id
            self._log(logged, files)
            where = {"source": f"models:/{logged}", "model_id": logged}
        else:
            with _written(files) as folder:
                client.log_artifacts(run_id, folder, "model")
            root = f"runs:/{run_id}" if source == "run" else client.get_run(run_id).info.artifact_uri
            where = {"source": f"{root}/model"}
        made = client.create_model_version(
            model, run_id=run_id, tags={"k": "v"}, description="Trained on flights.", await_creation_for=0, **where
        )
        return str(made.version)

    def _log(self, logged: str, files: Mapping[str, bytes]) -> None:
        with _written(files) as folder:
            self.client().log_model_artifacts(logged, folder)

    def ensure(self, model: str) -> None:
        """Let there be a registered model of this name."""
        from mlflow.exceptions import MlflowException

        try:
            self.client().create_registered_model(model)
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def client(self) -> MlflowClient:
        """MLflow's own client."""
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._url, registry_uri=self._url)


@contextmanager
def _written(files: Mapping[str, bytes]) -> Iterator[str]:
    """A folder that holds these files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield folder
