"""MLflow in memory: what tests say was trained, registered and promoted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from bot.domain import RunKey, Training, Version
from bot.errors import NotFound, ServiceRejected
from tests.fakes.service import FakeService

COPY_TAG = "stationmaster.copy"
BEGINNING = datetime.min.replace(tzinfo=UTC)


class FakeRegistry(FakeService):
    """Implements `bot.ports.Registry`."""

    name = "MLflow"

    def __init__(self) -> None:
        super().__init__()
        self._trainings: dict[str, Training] = {}
        self._versions: list[Version] = []
        self._aliases: dict[tuple[str, str], str] = {}
        self._files: dict[tuple[str, str], Mapping[str, bytes]] = {}
        self._model_tags: dict[str, dict[str, str]] = {}

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
            self.move_alias(version.model, alias, version.version)

    def move_alias(self, model: str, alias: str, version: str) -> None:
        """Let the version hold the alias, and none other of the model, behind the bot's back."""
        self._aliases[(model, alias)] = version

    def remove_alias(self, model: str, alias: str) -> None:
        """Let none hold the alias, behind the bot's back."""
        self._aliases.pop((model, alias), None)

    def delete_version(self, model: str, version: str) -> None:
        """Delete the version, with its aliases."""
        self._versions = [one for one in self._versions if (one.model, one.version) != (model, version)]
        self._aliases = {
            held: number for held, number in self._aliases.items() if (held[0], number) != (model, version)
        }

    def put_files(self, model: str, version: str, files: Mapping[str, bytes]) -> None:
        """What the version's files hold. A version has one of its own, unless it is told otherwise here."""
        self._files[(model, version)] = dict(files)

    def files(self, model: str, version: str) -> Mapping[str, bytes]:
        """What the version's files hold, by their paths."""
        return self._files.get((model, version), {"MLmodel": f"{model} {version}".encode()})

    def model_tags(self, model: str) -> Mapping[str, str]:
        """The tags of the registered model itself."""
        return self._model_tags.get(model, {})

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

    async def trainings_of(self, run_ids: Collection[str]) -> Mapping[str, Training]:
        """See Registry."""
        self._called("trainings_of", run_ids)
        return {run_id: self._trainings[run_id] for run_id in run_ids if run_id in self._trainings}

    async def version(self, model: str, version: str) -> Version | None:
        """See Registry."""
        self._called("version", model, version)
        return self._version(model, version)

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
        return self._version(model, self._aliases.get((model, alias), ""))

    async def holders(self, models: Collection[str]) -> Mapping[tuple[str, str], str]:
        """See Registry."""
        self._called("holders", models)
        return {held: number for held, number in self._aliases.items() if held[0] in models}

    async def deleted(self, versions: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """See Registry."""
        self._called("deleted", versions)
        return frozenset(key for key in versions if self._version(*key) is None)

    async def artifacts(self, version: Version) -> Mapping[str, str]:
        """See Registry."""
        self._called("artifacts", version)
        self._existing(version.model, version.version)
        files = self.files(version.model, version.version)
        if not files:
            raise ServiceRejected(self.name, "this version has no files")
        return {path: f"sha256:{hashlib.sha256(files[path]).hexdigest()}" for path in sorted(files)}

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """See Registry."""
        self._called("set_alias", model, alias, version)
        if not re.fullmatch(r"[\w-]{1,255}", alias):
            raise ServiceRejected(self.name, f"Invalid alias name: {alias!r}", status=400)
        if alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
            raise ServiceRejected(self.name, f"{alias!r} alias name is reserved.", status=400)
        self._existing(model, version)
        self._aliases[(model, alias)] = version
        self._answered()

    async def drop_alias(self, model: str, alias: str) -> None:
        """See Registry."""
        self._called("drop_alias", model, alias)
        self._existing_model(model)
        self._aliases.pop((model, alias), None)
        self._answered()

    async def tag_version(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """See Registry."""
        self._called("tag_version", model, version, tags)
        old = self._existing(model, version)
        new = old.model_copy(update={"tags": old.tags | dict(tags)})
        self._versions = [new if (one.model, one.version) == (model, version) else one for one in self._versions]
        self._answered()

    async def tag_model(self, model: str, tags: Mapping[str, str]) -> None:
        """See Registry."""
        self._called("tag_model", model, tags)
        self._existing_model(model)
        self._model_tags.setdefault(model, {}).update(tags)
        self._answered()

    async def copy_version(self, version: Version, to_model: str, marker: str) -> Version:
        """See Registry."""
        self._called("copy_version", version, to_model, marker)
        if "/" in to_model or ":" in to_model:
            raise ServiceRejected(self.name, f"Invalid model name: {to_model!r}", status=400)
        there = [one for one in self._versions if one.model == to_model]
        made = next((one for one in there if one.tags.get(COPY_TAG) == marker), None)
        if made is None:
            made = self._copy(version, to_model, marker, 1 + max((int(one.version) for one in there), default=0))
        self._answered()
        return self._as_it_is(made)

    def model_url(self, model: str) -> str:
        """See Registry."""
        return f"http://mlflow.test/#/models/{quote(model, safe='')}"

    def compare_url(self, trainings: Sequence[Training]) -> str:
        """See Registry."""
        runs = json.dumps([training.run_id for training in trainings])
        experiments = json.dumps(sorted({training.experiment_id for training in trainings}))
        return f"http://mlflow.test/#/compare-runs?runs={quote(runs)}&experiments={quote(experiments)}"

    async def check(self) -> None:
        """See Registry."""
        self._called("check")

    async def close(self) -> None:
        """See Registry."""
        self._called("close")

    def _version(self, model: str, version: str) -> Version | None:
        found = [one for one in self._versions if (one.model, one.version) == (model, version)]
        return self._newest(found)[0] if found else None

    def _existing(self, model: str, version: str) -> Version:
        found = self._version(model, version)
        if found is None:
            raise NotFound(self.name, f"Model Version (name={model}, version={version}) not found", status=404)
        return found

    def _existing_model(self, model: str) -> None:
        if all(one.model != model for one in self._versions):
            raise NotFound(self.name, f"Registered Model with name={model} not found", status=404)

    def _copy(self, version: Version, to_model: str, marker: str, number: int) -> Version:
        changed = {"model": to_model, "version": str(number), "aliases": (), "url": ""}
        made = version.model_copy(update=changed | {"tags": version.tags | {COPY_TAG: marker}})
        self._files[(to_model, made.version)] = self.files(version.model, version.version)
        self._versions.append(made)
        return made

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
