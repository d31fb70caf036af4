"""A version's files, digested: from an MLflow that misbehaves, and from an object store."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Version
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.mlflow.files import MOST_FILES, File, Stored, digests, folder_at
from bot.mlflow.sdk import Sdk
from bot.registry import MlflowRegistry
from tests.fakes.wire import Reply, Wire

API = "/api/2.0/mlflow"
URI = f"{API}/model-versions/get-download-uri"
FOLDER = "/api/2.0/mlflow-artifacts/artifacts"
FILE = f"{FOLDER}/1/models/m-1/artifacts/model.pkl"
VERSION = Version(model="delays", version="3")
CONTENT = "0123456789"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """One file, where MLflow's own artifacts are."""
    async with Wire() as server:
        server.reply("GET", f"{API}/registered-models/get", Reply({"registered_model": {"name": "delays"}}))
        server.reply("GET", URI, Reply({"artifact_uri": "mlflow-artifacts:/1/models/m-1/artifacts"}))
        server.reply("GET", FOLDER, listing({"path": "model.pkl", "is_dir": False, "file_size": 10}))
        server.reply("GET", FILE, Reply(raw=CONTENT))
        yield server


@pytest.fixture
async def mlflow(wire: Wire) -> AsyncIterator[MlflowRegistry]:
    adapter = MlflowRegistry(wire.url, files_limit=1000)
    yield adapter
    await adapter.close()


def listing(*files: dict[str, Any]) -> Reply:
    return Reply({"files": list(files)})


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


async def test_a_file_is_digested(wire: Wire, mlflow: MlflowRegistry) -> None:
    """As it comes over the wire."""
    assert await mlflow.artifacts(VERSION) == {"model.pkl": digest(CONTENT.encode())}


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(status=403), ServiceDenied, "model.pkl"),
        (Reply(status=404), NotFound, "model.pkl"),
        (Reply(status=503), ServiceDown, "model.pkl"),
        (Reply(raw=CONTENT[:4]), ServiceDown, "broke off after 4 of 10 bytes"),
        (Reply({"a": "b" * 50}, cut=True), ServiceDown, "broke off"),
    ],
)
async def test_a_file_that_does_not_come(
    wire: Wire, mlflow: MlflowRegistry, reply: Reply, error: type[ServiceError], words: str
) -> None:
    """Half a file has no digest."""
    wire.reply("GET", FILE, reply)
    with pytest.raises(error, match=words):
        await mlflow.artifacts(VERSION)


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "model.pkl", "is_dir": False, "file_size": 1001}],
        [{"path": "model.pkl", "is_dir": False, "file_size": 600}, {"path": "b", "is_dir": False, "file_size": "600"}],
        [{"path": f"{number}", "is_dir": False, "file_size": 0} for number in range(MOST_FILES + 1)],
    ],
)
async def test_too_much_is_refused(wire: Wire, mlflow: MlflowRegistry, files: list[dict[str, Any]]) -> None:
    """Before anything of it is read."""
    wire.reply("GET", FOLDER, listing(*files))
    with pytest.raises(ServiceRejected, match="more than I read"):
        await mlflow.artifacts(VERSION)
    assert wire.count("GET", FILE) == 0


async def test_more_than_was_listed_is_refused(wire: Wire, mlflow: MlflowRegistry) -> None:
    """A listing without sizes, or with wrong ones, doesn't get around the limit."""
    wire.reply("GET", FOLDER, listing({"path": "model.pkl", "is_dir": False}))
    wire.reply("GET", FILE, Reply(raw="x" * 1001))
    with pytest.raises(ServiceRejected, match="more than I read"):
        await mlflow.artifacts(VERSION)


@pytest.mark.parametrize("path", ["../../secrets", "/etc/passwd", "a/../../b", ""])
async def test_a_path_stays_in_its_folder(wire: Wire, mlflow: MlflowRegistry, path: str) -> None:
    """A listing that names something else is not MLflow's."""
    wire.reply("GET", FOLDER, listing({"path": path, "is_dir": False, "file_size": 1}))
    with pytest.raises(ServiceConfused):
        await mlflow.artifacts(VERSION)


@pytest.mark.parametrize("answer", [Reply([]), Reply({"files": 5}), Reply(raw="<!doctype html>")])
async def test_a_listing_that_is_none(wire: Wire, mlflow: MlflowRegistry, answer: Reply) -> None:
    """What is not MLflow's answer is told as such."""
    wire.reply("GET", FOLDER, answer)
    with pytest.raises(ServiceConfused):
        await mlflow.artifacts(VERSION)


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://elsewhere.example/api/2.0/mlflow-artifacts/artifacts/1",
        "mlflow-artifacts://elsewhere.example:80/1",
        "file:///etc",
        "/etc",
        "ftp://elsewhere.example/model",
    ],
)
async def test_other_addresses_are_not_read(wire: Wire, mlflow: MlflowRegistry, uri: str) -> None:
    """A version's source is whatever its author wrote: neither this machine's files nor other servers are read."""
    wire.reply("GET", URI, Reply({"artifact_uri": uri}))
    with pytest.raises(ServiceRejected, match="I don't read files at"):
        await mlflow.artifacts(VERSION)


def test_an_object_store_is_read_by_mlflows_own_reader(tmp_path: Path) -> None:
    """Folders too; what its library raises is an error of ours."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trees.bin").write_bytes(b"trees")
    (tmp_path / "MLmodel").write_bytes(b"")
    stored = Stored(Sdk("http://127.0.0.1:1").store(tmp_path.as_uri()))
    assert digests(stored) == {"MLmodel": digest(b""), "data/trees.bin": digest(b"trees")}
    with pytest.raises(ServiceDown, match="object store"):
        list(stored.pieces("none such"))


def test_an_object_store_is_chosen_by_its_address() -> None:
    """S3 is read as S3."""
    asked: list[str] = []
    folder_at("s3://bucket/1/model", get=lambda *_: None, store=asked.append)
    assert asked == ["s3://bucket/1/model"]


class Endless:
    """A folder with one file of many gigabytes, of which as much exists as is asked for."""

    def listed(self, path: str) -> Iterator[tuple[File, bool]]:
        """See Folder."""
        yield File("model.bin", None), False

    def pieces(self, path: str) -> Iterator[bytes]:
        """See Folder."""
        while True:
            yield bytes(2**20)


def test_a_file_without_an_end_is_left() -> None:
    """At the limit, whatever the listing said."""
    with pytest.raises(ServiceRejected, match=r"0\.0625 GiB"):
        digests(Endless(), 64 * 2**20)
