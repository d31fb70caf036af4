"""`apache-airflow-client`, which this module alone imports: one client, its connections, and its errors made ours.

Import it late and in a thread: that takes 1.2 s and 56 MB. The SDK's methods are called in their
`…_without_preload_content` form only: the others parse answers with strict models, which raise on what a newer server
says even after a POST that was carried out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from airflow_client.client import (
    ApiClient,
    BackfillApi,
    BackfillPostBody,
    ClearTaskInstancesBody,
    ClearTaskInstancesBodyTaskIdsInner,
    Configuration,
    DAGApi,
    DAGParsingApi,
    DAGPatchBody,
    DagRunApi,
    DagRunMutableStates,
    DAGRunPatchBody,
    DAGRunsBatchBody,
    DagVersionApi,
    ImportErrorApi,
    MonitorApi,
    PluginApi,
    ReprocessBehavior,
    TaskApi,
    TaskInstanceApi,
    TaskInstancesBatchBody,
    TriggerDAGRunPostBody,
    UpdateHITLDetailPayload,
    VariableApi,
    VariableBody,
    VersionApi,
    XComApi,
)
from airflow_client.client.exceptions import ApiException
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from bot.airflow.answer import SERVICE, Answer, Timeouts
from bot.errors import ServiceConfused, ServiceDown

BODY_SECONDS = 30.0  # how long a whole answer may take, however it drips
BODY_LIMIT = 32 * 1024 * 1024  # bytes of one answer; a page of 1,000 task instances is about 2 MB
LOG_LIMIT = 64 * 1024 * 1024  # bytes of a log that are looked at
LOG_TAIL = 512 * 1024  # bytes of a log's end that are kept
LOG_SECONDS = 20.0  # how long a log may take
CHUNK = 64 * 1024

# One method of the SDK, called with everything it needs. It may be called twice, so repeating it must be harmless.
Call = Callable[["Sdk", tuple[float, float]], BaseHTTPResponse]


class Sdk:
    """The parts of the API that we use, over one pool of kept connections. Safe to share between threads."""

    trigger_body = TriggerDAGRunPostBody
    runs_body = DAGRunsBatchBody
    instances_body = TaskInstancesBatchBody
    answer_body = UpdateHITLDetailPayload
    failed = DAGRunPatchBody(state=DagRunMutableStates.FAILED)
    clear_body = ClearTaskInstancesBody
    dag_patch = DAGPatchBody
    variable_body = VariableBody
    backfill_body = BackfillPostBody
    reprocess = ReprocessBehavior
    cleared = ClearTaskInstancesBodyTaskIdsInner  # a task's id, or [id, map index]

    def __init__(self, url: str, timeouts: Timeouts, connections: int) -> None:
        # Without `retries=False` urllib3 follows redirects to login pages and multiplies time-outs by four.
        self._configuration = Configuration(host=url, retries=False, connection_pool_maxsize=connections)
        self._client = ApiClient(self._configuration)
        self._timeouts = timeouts
        self.dags = DAGApi(self._client)
        self.versions = DagVersionApi(self._client)
        self.runs = DagRunApi(self._client)
        self.tasks = TaskApi(self._client)
        self.instances = TaskInstanceApi(self._client)
        self.xcoms = XComApi(self._client)
        self.import_errors = ImportErrorApi(self._client)
        self.monitor = MonitorApi(self._client)
        self.version = VersionApi(self._client)
        self.plugins = PluginApi(self._client)
        self.parsing = DAGParsingApi(self._client)
        self.variables = VariableApi(self._client)
        self.backfills = BackfillApi(self._client)

    def use(self, token: str) -> None:
        """Send this token from now on."""
        self._configuration.access_token = token

    def log_in(self, credentials: dict[str, str]) -> Answer:
        """The answer to `POST /auth/token`, which lies outside the API that the SDK describes."""
        url = f"{self._configuration.host}/auth/token"
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        client = self._client
        return self.answer(lambda _, t: client.call_api("POST", url, headers, credentials, _request_timeout=t).response)

    def answer(self, call: Call) -> Answer:
        """What Airflow answers, whatever its status. ServiceDown without one; ServiceConfused beyond BODY_LIMIT."""
        return self._attempt(call, _whole)

    def end_of(self, call: Call) -> Answer:
        """The same for a log, of whose body the last LOG_TAIL bytes are kept."""
        return self._attempt(call, _end)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        manager = self._client.rest_client.pool_manager
        for key in manager.pools.keys():  # noqa: SIM118  # no mapping; and clear() alone leaves sockets to the collector
            manager.pools[key].close()
        manager.clear()

    def _attempt(self, call: Call, read: Callable[[BaseHTTPResponse], bytes]) -> Answer:
        try:
            try:
                return self._once(call, read)
            except ProtocolError:  # most likely a kept connection that the server closed just as we sent
                return self._once(call, read)
        except (HTTPError, ApiException) as exc:
            raise ServiceDown(SERVICE, self._words(exc)) from exc

    def _once(self, call: Call, read: Callable[[BaseHTTPResponse], bytes]) -> Answer:
        raw = call(self, self._timeouts.pair)
        try:
            return Answer(raw.status, dict(raw.headers), read(raw))
        finally:
            raw.close()  # only closes the connection where something was left unread

    def _words(self, exc: Exception) -> str:
        """The failure in words: urllib3's own name objects by their addresses in memory."""
        if isinstance(exc, NewConnectionError):
            return "nothing answers at its address"
        if isinstance(exc, ConnectTimeoutError):
            return f"no connection within {self._timeouts.connect:g} s"
        if isinstance(exc, ReadTimeoutError):
            return f"no answer within {self._timeouts.read:g} s"
        if isinstance(exc, SSLError | ApiException):
            return "no trusted TLS connection"
        return "the connection broke off"


def _whole(raw: BaseHTTPResponse) -> bytes:
    body, deadline = bytearray(), time.monotonic() + BODY_SECONDS
    while chunk := raw.read1(CHUNK, decode_content=True):
        body += chunk
        if len(body) > BODY_LIMIT:
            raise ServiceConfused(SERVICE, f"an answer of more than {BODY_LIMIT >> 20} MiB", status=raw.status)
        if time.monotonic() > deadline:
            raise ServiceDown(SERVICE, f"an answer that takes more than {BODY_SECONDS:g} s", status=raw.status)
    return bytes(body)


def _end(raw: BaseHTTPResponse) -> bytes:
    tail, seen, deadline = b"", 0, time.monotonic() + LOG_SECONDS
    while seen < LOG_LIMIT and time.monotonic() < deadline and (chunk := raw.read1(CHUNK, decode_content=True)):
        tail = (tail + chunk)[-LOG_TAIL:]
        seen += len(chunk)
    return tail
