"""AWS in memory (moto), behind a door at which a test can let it fail, be slow, or lose its answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.cloud import AwsCloud
from demo.station.ports import HOST, free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}  # fmt: skip


class _Silent(WSGIRequestHandler):
    """Airflow asks every few seconds; nobody wants to read that."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        """Say nothing."""


class Aws:
    """`calls` counts what came through the door at `url`."""

    def __init__(self) -> None:
        self.calls = 0
        self._moto: WSGIApplication = DomainDispatcherApplication(create_backend_app)
        self._fault: tuple[int, str] | None = None
        self._only = ""
        self._losing = 0
        self._delay = 0.0
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        self._server = make_server(HOST, port, self._door, threaded=True, request_handler=_Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find this and nothing else."""
        return ACCOUNT | {"AWS_ENDPOINT_URL": self.url}

    @property
    def cloud(self) -> AwsCloud:
        """A new adapter, generous with time; the environment must be this one's."""
        return AwsCloud(patience=30)

    def create(self, bucket: str) -> None:
        """Make a bucket, if there is none of that name."""
        client: Any = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket=bucket)

    def answer(self, fault: tuple[int, str] | None, *, only: str = "") -> None:
        """Let every call, or those of the HTTP method `only`, be refused with this status and code; None: no more."""
        self._fault, self._only = fault, only

    def lose_answers(self, times: int) -> None:
        """Let so many calls be carried out and then answered with a 500."""
        self._losing = times

    def delay(self, seconds: float) -> None:
        """Let every answer take so long."""
        self._delay = seconds

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _door(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.calls += 1
        time.sleep(self._delay)
        if self._fault and self._only in ("", environ["REQUEST_METHOD"]):
            return _refuse(environ, start_response, *self._fault)
        if self._losing:
            self._losing -= 1
            b"".join(self._moto(environ, lambda *_: None))  # type: ignore[arg-type]
            return _refuse(environ, start_response, 500, "InternalError")
        return self._moto(environ, start_response)


def _refuse(environ: WSGIEnvironment, start_response: StartResponse, status: int, code: str) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>for the test</Message></Error>".encode()
    start_response(f"{status} {code}", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Aws]:
    """One for the test run."""
    server = Aws()
    yield server
    server.close()


@pytest.fixture
def aws(aws_server: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The same, as this process's account."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in aws_server.environment.items():
        monkeypatch.setenv(name, value)
    return aws_server
