"""MLflow in memory: what tests say was trained, registered and promoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from bot.domain import RunKey, Training, Version
from tests.fakes.service import FakeService

BEGINNING = datetime.min.replace(tzinfo=UTC)


class FakeRegistry(FakeService):
    """Implements `bot.ports.Registry`."""

    name = "MLflow"

    def __init__(self) -> None:
        super().__init__()
        self._trainings: dict[str, Training] = {}
        self._versions: list[Version] = []
        self._aliases: dict[tuple[str, str], str] = {}

    # What tests do to it

    def add_training(self, training: Training) -> None:
        """An MLflow run, or another in its place."""
        self._trainings[training.run_id] = training

    def delete_training(self, run_id: str) -> None:
        """Delete the MLflow run; its versions stay."""
        del self._trainings[run_id]

    def add_version(self, version: Version) -> None:
        """A version, newer than all before it. Its aliases move to it."""
        self._versions.append(version)
        for alias in version.aliases:
            self.set_alias(version.model, alias, version.version)

    def set_alias(self, model: str, alias: str, version: str) -> None:
        """Let the version hold the alias, and none other of the model."""
        self._aliases[(model, alias)] = version

    # The port

    async def trainings(self, key: RunKey) -> Sequence[Training]:
        """See Registry."""
        self._called("trainings", key)
        wanted = {"airflow.dag_id": key.dag_id, "airflow.run_id": key.run_id}
        found = [one for one in self._trainings.values() if wanted.items() <= one.tags.items()]
        return sorted(found, key=lambda one: one.started or BEGINNING, reverse=True)

    async def training(self, run_id: str) -> Training | None:
        """See Registry."""
        self._called("training", run_id)
        return self._trainings.get(run_id)

    async def versions(self, model: str, limit: int) -> Sequence[Version]:
        """See Registry."""
        self._called("versions", model, limit)
        return self._newest(version for version in self._versions if version.model == model)[:limit]

    async def versions_of(self, run_id: str) -> Sequence[Version]:
        """See Registry."""
        self._called("versions_of", run_id)
        return self._newest(version for version in self._versions if version.run_id == run_id)

    async def holder(self, model: str, alias: str) -> Version | None:
        """See Registry."""
        self._called("holder", model, alias)
        number = self._aliases.get((model, alias))
        held = [one for one in self._versions if (one.model, one.version) == (model, number)]
        return self._newest(held)[0] if held else None

    def model_url(self, model: str) -> str:
        """See Registry."""
        return f"http://mlflow.test/#/models/{quote(model, safe='')}"

    async def check(self) -> None:
        """See Registry."""
        self._called("check")

    async def close(self) -> None:
        """See Registry."""
        self._called("close")

    def _newest(self, versions: Iterable[Version]) -> list[Version]:
        return [self._as_it_is(version) for version in reversed(list(versions))]

    def _as_it_is(self, version: Version) -> Version:
        held = sorted(
            alias
            for (model, alias), number in self._aliases.items()
            if (model, number) == (version.model, version.version)
        )
        url = version.url or f"{self.model_url(version.model)}/versions/{version.version}"
        return version.model_copy(update={"aliases": tuple(held), "url": url})
