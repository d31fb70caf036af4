"""The registry's adapter for MLflow: `bot.ports.Registry` over `bot.mlflow`, in threads of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from bot.domain import RunKey, Training, Version
from bot.errors import NotFound, ServiceRejected
from bot.mlflow import changing, files, reading, searching
from bot.mlflow.looking import Looking
from bot.mlflow.sdk import Sdk
from bot.threads import Threads

if TYPE_CHECKING:
    from bot.mlflow.sdk import MlflowClient

T = TypeVar("T")


class MlflowRegistry:
    """MLflow's tracking server and registry at `uri`, seen by people at `public_url`."""

    def __init__(self, uri: str, *, public_url: str = "", threads: int = 4, files_limit: int = files.LIMIT) -> None:
        self._sdk = Sdk(uri.rstrip("/"))
        self._web = reading.Web(public_url or uri)
        self._threads = Threads("mlflow", threads)
        self._reading = Threads("mlflow-files", 2)  # of their own: a large model takes minutes
        self._files_limit = files_limit
        self._looking = Looking(self._sdk, self._web)

    async def trainings(self, key: RunKey) -> Sequence[Training]:
        """See Registry. One call, and one more a 15 s for the ids of the experiments, which MLflow insists on."""
        return await self._ask(lambda client: self._looking.trainings(client, key))

    async def training(self, run_id: str) -> Training | None:
        """See Registry; None for a deleted one too."""
        try:
            run = await self._ask(lambda client: client.get_run(run_id))
        except NotFound:
            return None
        return reading.training(run, self._web) if run.info.lifecycle_stage == "active" else None

    async def trainings_of(self, run_ids: Collection[str]) -> Mapping[str, Training]:
        """See Registry. One call for each 200 of them."""
        return await self._ask(lambda client: self._looking.trainings_of(client, run_ids))

    async def version(self, model: str, version: str) -> Version | None:
        """See Registry. One call."""
        return await self._found(lambda client: client.get_model_version(model, version))

    async def versions(self, model: str, limit: int) -> Sequence[Version]:
        """See Registry. Two calls: a search does not fill in aliases."""
        return await self._ask(lambda client: self._looking.versions(client, model, limit))

    async def versions_of(self, run_id: str) -> Sequence[Version]:
        """See Registry. One call, and one for each model."""
        return await self._ask(lambda client: self._looking.versions_of(client, run_id))

    async def holder(self, model: str, alias: str) -> Version | None:
        """See Registry. To MLflow the alias `latest` is the newest version of all."""
        return await self._found(lambda client: client.get_model_version_by_alias(model, alias))

    async def holders(self, models: Collection[str]) -> Mapping[tuple[str, str], str]:
        """See Registry. One call for each 200 models."""
        return await self._ask(lambda client: self._looking.holders(client, models))

    async def deleted(self, versions: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """See Registry. One call for each 200 models, and one for each 1,000 of their versions."""
        return await self._ask(lambda client: self._looking.deleted(client, versions))

    async def artifacts(self, version: Version) -> Mapping[str, str]:
        """See Registry. 4 GiB at most, unless told otherwise."""
        return await self._reading.run(self._sdk.asking, lambda client: self._digests(client, version))

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """See Registry."""
        await self._ask(lambda client: client.set_registered_model_alias(model, alias, version))

    async def drop_alias(self, model: str, alias: str) -> None:
        """See Registry."""
        await self._ask(lambda client: client.delete_registered_model_alias(model, alias))

    async def tag_version(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """See Registry. One call a tag."""
        await self._ask(lambda client: changing.tag_version(client, model, version, tags))

    async def tag_model(self, model: str, tags: Mapping[str, str]) -> None:
        """See Registry. One call a tag."""
        await self._ask(lambda client: changing.tag_model(client, model, tags))

    async def copy_version(self, version: Version, to_model: str, marker: str) -> Version:
        """See Registry. Three calls at most."""
        made = await self._ask(lambda client: changing.copied(client, to_model, marker))
        if made is None:
            await self._ensure(to_model)
            made = await self._ask(lambda client: changing.copy(client, version, to_model, marker))
        return self._version(made)

    def model_url(self, model: str) -> str:
        """See Registry."""
        return self._web.model(model)

    def compare_url(self, trainings: Sequence[Training]) -> str:
        """See Registry."""
        return self._web.comparison(trainings)

    async def check(self) -> None:
        """See Registry."""
        await self._ask(lambda client: client.search_registered_models(max_results=1))

    async def load(self) -> None:
        """Import MLflow's client now, so that no call's time is spent on it."""
        await self._threads.run(self._sdk.client)

    async def server_version(self) -> str:
        """MLflow's version; empty where the server doesn't say it."""
        return await self._ask(self._server_version)

    async def close(self) -> None:
        """See Registry."""
        self._threads.close()
        self._reading.close()

    async def _ask(self, work: Callable[[MlflowClient], T]) -> T:
        return await self._threads.run(self._sdk.asking, work)

    async def _found(self, look: Callable[[MlflowClient], object]) -> Version | None:
        """One version; None where MLflow says that there is none, or that its name or number can't be one's."""
        try:
            found = await self._ask(look)
        except (NotFound, ServiceRejected):  # of an alias or a name that is no model's MLflow says so by 400
            return None
        return self._version(found)

    async def _ensure(self, model: str) -> None:
        """Let there be a registered model of this name."""
        try:
            await self._ask(lambda client: client.create_registered_model(model))
        except ServiceRejected:  # it exists; else MLflow says its reason here
            await self._ask(lambda client: client.get_registered_model(model))

    def _digests(self, client: MlflowClient, version: Version) -> Mapping[str, str]:
        uri = searching.location(client, version.model, version.version)
        return files.digests(files.folder_at(uri, self._sdk.get, self._sdk.store), self._files_limit)

    def _version(self, found: Any) -> Version:
        return reading.version(found, found.aliases, self._web)

    def _server_version(self, _: MlflowClient) -> str:
        answer = self._sdk.get("/version")
        said: str = answer.text.strip()
        return said if answer.status_code == 200 and len(said) < 30 else ""  # HTTP's OK
