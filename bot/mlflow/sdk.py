"""MLflow's client, `mlflow-skinny`: made at the first call, its errors ours. This module alone imports it.

Importing it takes 1.6 s and 86 MB, so that it is done in a thread. Credentials are MLflow's own variables:
`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import ServiceConfused
from bot.mlflow.errors import SERVICE, broken, translated

if TYPE_CHECKING:
    from mlflow import MlflowClient as MlflowClient  # for the other parts

T = TypeVar("T")

# Left alone, a dead server blocks its client for four minutes, and a Retry-After for as long as it says.
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class Sdk:
    """The client of the server at `uri`. Everything here blocks: call it in a thread."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._lock = threading.Lock()
        self._client: MlflowClient | None = None

    def client(self) -> MlflowClient:
        """The one client of this process, which threads may share."""
        with self._lock:
            if self._client is None:
                for name, value in DEFAULTS.items():
                    os.environ.setdefault(name, value)
                from mlflow import MlflowClient

                self._client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
            return self._client

    def asking(self, work: Callable[[MlflowClient], T]) -> T:
        """What `work` makes of the client; what that raises as our errors."""
        client = self.client()
        from google.protobuf.json_format import (  # type: ignore[import-untyped]  # it ships no types
            Error as ProtobufError,
        )
        from mlflow.exceptions import MlflowException
        from requests.exceptions import JSONDecodeError, RequestException

        try:
            return work(client)
        except MlflowException as exc:
            raise translated(exc) from exc
        except RequestException as exc:
            if isinstance(exc, JSONDecodeError):
                raise ServiceConfused(SERVICE, "an answer that is not MLflow's") from exc
            raise broken(exc) from exc
        except (ProtobufError, ValueError) as exc:
            raise ServiceConfused(SERVICE, "an answer that is not MLflow's") from exc

    def get(self, path: str, **options: Any) -> Any:
        """The answer (of `requests`) to a GET that MLflow's client has no method for, whatever its status.

        `path` begins with a slash and is percent-encoded already.
        """
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        asked: Callable[..., Any] = http_request
        credentials: Callable[[str], Any] = get_default_host_creds
        return asked(credentials(self.uri), path, "GET", raise_on_status=False, **options)

    def store(self, uri: str) -> Any:
        """MLflow's own reader of the files at `uri` in an object store, with the credentials of this machine."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(uri)
