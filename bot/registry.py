"""The registry's adapter for MLflow: `bot.ports.Registry` over `mlflow-skinny`, which this module alone imports.

It is imported at the first call, in a thread (1.6 s, 86 MB). Credentials are MLflow's own variables:
`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from bot.domain import Dataset, RunKey, Training, Version
from bot.errors import (
    NotFound,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
    shorten,
)
from bot.threads import Threads

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")

SERVICE = "MLflow"
DAG_TAG, RUN_TAG = "airflow.dag_id", "airflow.run_id"
RUNS_LIMIT = 50  # MLflow runs looked at for one DAG run
VERSIONS_LIMIT = 100  # versions looked at for one MLflow run
EXPERIMENTS_AGE = 15.0  # seconds for which the list of experiments is believed

# Left alone, a dead server blocks its client for four minutes, and a Retry-After for as long as it says.
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class MlflowRegistry:
    """MLflow's tracking server and registry at `uri`, seen by people at `public_url`."""

    def __init__(self, uri: str, *, public_url: str = "", threads: int = 4) -> None:
        self._uri = uri.rstrip("/")
        self._web = f"{(public_url or uri).rstrip('/')}/#"
        self._threads = Threads("mlflow", threads)
        self._lock = threading.Lock()
        self._client: MlflowClient | None = None
        self._experiments: tuple[float, list[str]] = (-EXPERIMENTS_AGE, [])

    async def trainings(self, key: RunKey) -> Sequence[Training]:
        """See Registry. One call, and one more a 15 s for the ids of the experiments, which MLflow insists on."""
        return await self._threads.run(self._asking, lambda client: self._trainings(client, key))

    async def training(self, run_id: str) -> Training | None:
        """See Registry; None for a deleted one too."""
        try:
            run = await self._threads.run(self._asking, lambda client: client.get_run(run_id))
        except NotFound:
            return None
        return self._training(run) if run.info.lifecycle_stage == "active" else None

    async def versions(self, model: str, limit: int) -> Sequence[Version]:
        """See Registry. Two calls: a search does not fill in aliases."""
        return await self._threads.run(
            self._asking,
            lambda client: self._versions(client, f"name = {_quoted(model)}", "version_number DESC", limit),
        )

    async def versions_of(self, run_id: str) -> Sequence[Version]:
        """See Registry. One call, and one for each model."""
        return await self._threads.run(
            self._asking,
            lambda client: self._versions(
                client, f"run_id = {_quoted(run_id)}", "creation_timestamp DESC", VERSIONS_LIMIT
            ),
        )

    async def holder(self, model: str, alias: str) -> Version | None:
        """See Registry. To MLflow the alias `latest` is the newest version of all."""
        try:
            found = await self._threads.run(
                self._asking, lambda client: client.get_model_version_by_alias(model, alias)
            )
        except (NotFound, ServiceRejected):  # no such model, or no such alias, which MLflow says by 400
            return None
        return self._version(found, found.aliases)

    def model_url(self, model: str) -> str:
        """See Registry."""
        return f"{self._web}/models/{quote(model, safe='')}"

    async def check(self) -> None:
        """See Registry."""
        await self._threads.run(self._asking, lambda client: client.search_registered_models(max_results=1))

    async def load(self) -> None:
        """Import MLflow's client now, so that no call's time is spent on it."""
        await self._threads.run(self._connected)

    async def version(self) -> str:
        """MLflow's version; empty where the server doesn't say it."""
        return await self._threads.run(self._asking, self._version_of)

    async def close(self) -> None:
        """See Registry."""
        self._threads.close()

    def _asking(self, work: Callable[[MlflowClient], T]) -> T:
        """What `work` makes of the client; its errors as ours. Runs in a thread."""
        client = self._connected()
        from google.protobuf.json_format import (  # type: ignore[import-untyped]  # it ships no types
            Error as ProtobufError,
        )
        from mlflow.exceptions import MlflowException

        try:
            return work(client)
        except MlflowException as exc:
            raise _translated(exc) from exc
        except (ProtobufError, ValueError) as exc:
            raise ServiceConfused(SERVICE, "an answer that is not MLflow's") from exc

    def _version_of(self, _: MlflowClient) -> str:
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        asked: Callable[..., Any] = http_request
        credentials: Callable[[str], Any] = get_default_host_creds
        answer = asked(credentials(self._uri), "/version", "GET", raise_on_status=False)
        said: str = answer.text.strip()
        return said if answer.status_code == 200 and len(said) < 30 else ""  # HTTP's OK

    def _connected(self) -> MlflowClient:
        with self._lock:
            if self._client is None:
                for name, value in DEFAULTS.items():
                    os.environ.setdefault(name, value)
                from mlflow import MlflowClient

                self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
            return self._client

    def _trainings(self, client: MlflowClient, key: RunKey) -> list[Training]:
        wanted = {DAG_TAG: key.dag_id, RUN_TAG: key.run_id}
        found = client.search_runs(
            self._experiment_ids(client),
            " AND ".join(f"tags.`{tag}` = {_quoted(value)}" for tag, value in wanted.items()),
            max_results=RUNS_LIMIT,
            order_by=["attributes.start_time DESC"],
        )
        # Some databases compare without regard to case.
        return [self._training(run) for run in found if wanted.items() <= run.data.tags.items()]

    def _experiment_ids(self, client: MlflowClient) -> list[str]:
        read, ids = self._experiments
        if time.monotonic() - read < EXPERIMENTS_AGE:
            return ids
        ids = [experiment.experiment_id for experiment in _all_pages(client.search_experiments)]
        self._experiments = (time.monotonic(), ids)
        return ids

    def _versions(self, client: MlflowClient, where: str, order: str, limit: int) -> list[Version]:
        found = client.search_model_versions(where, max_results=limit, order_by=[order])
        aliases = {name: _aliases(client, name) for name in {version.name for version in found}}
        return [self._version(version, aliases[version.name].get(str(version.version), ())) for version in found]

    def _training(self, run: Any) -> Training:
        info, data = run.info, run.data
        return Training(
            run_id=info.run_id,
            experiment_id=info.experiment_id,
            status=info.status,
            started=_moment(info.start_time),
            ended=_moment(info.end_time),
            metrics=dict(data.metrics),
            params=dict(data.params),
            tags=dict(data.tags),
            datasets=tuple(_dataset(read) for read in (run.inputs.dataset_inputs if run.inputs else ())),
            url=f"{self._web}/experiments/{info.experiment_id}/runs/{info.run_id}",
        )

    def _version(self, version: Any, aliases: Iterable[str]) -> Version:
        return Version(
            model=version.name,
            version=str(version.version),
            run_id=version.run_id or "",
            created=_moment(version.creation_timestamp),
            aliases=tuple(sorted(aliases)),
            tags=dict(version.tags),
            url=f"{self.model_url(version.name)}/versions/{version.version}",
        )


def _quoted(value: str) -> str:
    """`value` as a string of MLflow's filter language, which has two kinds of quotes and no escapes."""
    if "'" in value and '"' in value:
        raise ServiceRejected(SERVICE, f"no search for a name with both kinds of quotes: {shorten(value)}")
    return f'"{value}"' if "'" in value else f"'{value}'"


def _aliases(client: MlflowClient, model: str) -> dict[str, list[str]]:
    """The aliases of each version that has any, by its number."""
    found: dict[str, list[str]] = {}
    for alias, version in client.get_registered_model(model).aliases.items():
        found.setdefault(str(version), []).append(alias)
    return found


def _all_pages(search: Callable[..., Any]) -> Iterable[Any]:
    page = search(max_results=1000)
    yield from page
    while page.token:
        page = search(max_results=1000, page_token=page.token)
        yield from page


def _dataset(read: Any) -> Dataset:
    context = next((tag.value for tag in read.tags if tag.key == "mlflow.data.context"), "")
    return Dataset(name=read.dataset.name, digest=read.dataset.digest, context=context)


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _translated(exc: Any) -> ServiceError:
    """The error of ours that a MlflowException is. MLflow wraps errors of the connection without saying so."""
    from requests.exceptions import RequestException

    cause = exc.__cause__ or exc.__context__
    if isinstance(cause, RequestException):
        return ServiceDown(SERVICE, _connection_words(cause))
    status = exc.get_http_status_code()
    if status in {401, 403}:
        return ServiceDenied(SERVICE, _said(exc), status=status)
    return _of_code(exc, status)


def _connection_words(cause: Exception) -> str:
    """Why there was no answer. Where requests was to retry, urllib3's reason is inside what it raises."""
    from requests.exceptions import RetryError, Timeout
    from urllib3.exceptions import NewConnectionError, TimeoutError  # noqa: A004  # its name

    reason = getattr(cause.args[0] if cause.args else None, "reason", cause)
    if isinstance(cause, RetryError):
        return "it answers with errors of its own"
    if isinstance(reason, NewConnectionError):
        return "nothing answers at its address"
    return "no answer in time" if isinstance(reason, Timeout | TimeoutError) else "the connection broke off"


def _of_code(exc: Any, status: int) -> ServiceError:
    answered = getattr(exc, "json", None)  # a RestException has the server's JSON
    foreign = answered is not None and "error_code" not in answered
    if foreign or (answered is None and str(exc).startswith("API request")):
        return ServiceConfused(SERVICE, "an answer that is not MLflow's", status=status)
    if exc.error_code == "RESOURCE_DOES_NOT_EXIST":
        return NotFound(SERVICE, _said(exc), status=status)
    if status == 429 or status >= 500:
        return ServiceDown(SERVICE, _said(exc), status=status)
    return ServiceRejected(SERVICE, _said(exc), status=status)


def _said(exc: Any) -> str:
    """MLflow's sentence without the code that it repeats."""
    return shorten(str(exc).removeprefix(f"{exc.error_code}: "), 300)
