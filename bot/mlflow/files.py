"""The files of a model version, and their digests: read over the wire in pieces, none of them kept.

Where MLflow hands its artifacts out itself (`mlflow-artifacts:`), they are read from it; where a version's files are in
an object store, from there, with the credentials of this machine. Any other place is refused: a version's source is
whatever its author wrote, and credentials don't go to an address of theirs.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from bot.errors import NotFound, ServiceConfused, ServiceDown, ServiceError, ServiceRejected, shorten
from bot.mlflow.errors import SERVICE, of_status

LIMIT = 4 * 2**30  # bytes of one version, all files together
MOST_FILES = 10_000
PIECE = 2**20  # bytes held at once
PATIENCE = 120  # seconds for a file's first byte: MLflow fetches it whole from its store before it answers
OBJECT_STORES = {"s3", "gs", "wasbs", "abfss"}

_API = "/api/2.0/mlflow-artifacts/artifacts"


class File(NamedTuple):
    """A file of a version, by its path below the version's folder; its size in bytes where that is told."""

    path: str
    size: int | None


class Folder(Protocol):
    """Where a version's files are."""

    def listed(self, path: str) -> Iterator[tuple[File, bool]]:
        """What is directly below `path`, and whether it is a folder."""

    def pieces(self, path: str) -> Iterator[bytes]:
        """A file's bytes."""


def digests(folder: Folder, limit: int = LIMIT) -> Mapping[str, str]:
    """Each file of the folder with "sha256:" and its hex digest.

    ServiceRejected where there is none, or more than `limit` bytes.
    """
    files = sorted(_walk(folder, limit))
    if not files:
        raise ServiceRejected(SERVICE, "this version has no files")
    found, before = {}, 0
    for file in files:
        found[file.path], size = _digest(folder, file, before, limit)
        before += size
    return found


def folder_at(uri: str, get: Callable[..., Any], store: Callable[[str], Any]) -> Folder:
    """The folder at `uri`: `get` asks MLflow for a path, `store` makes a reader of an object store."""
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts" and not parts.netloc:
        return Proxied(get, parts.path.strip("/"))
    if parts.scheme in OBJECT_STORES:
        return Stored(store(uri))
    raise ServiceRejected(SERVICE, f"I don't read files at {shorten(uri)}; MLflow has to serve its artifacts itself")


class Proxied:
    """Files that MLflow hands out itself, below `root`."""

    def __init__(self, get: Callable[..., Any], root: str) -> None:
        self._get = get
        self._root = root

    def listed(self, path: str) -> Iterator[tuple[File, bool]]:
        """See Folder. Paths are as the server has them: MLflow's own client decodes them once too often."""
        answer = self._get(_API, params={"path": f"{self._root}/{path}".rstrip("/")})
        _checked(answer, path)
        told = answer.json()
        files = told.get("files", []) if isinstance(told, dict) else None
        if not isinstance(files, list):
            raise ServiceConfused(SERVICE, "an answer that is not MLflow's")
        for one in files:
            yield File(_below(path, str(one.get("path", ""))), _size(one.get("file_size"))), bool(one.get("is_dir"))

    def pieces(self, path: str) -> Iterator[bytes]:
        """See Folder."""
        with self._get(f"{_API}/{quote(f'{self._root}/{path}')}", stream=True, timeout=PATIENCE) as answer:
            _checked(answer, path)
            yield from answer.iter_content(PIECE)


class Stored:
    """Files in an object store, through MLflow's own reader of it: one at a time passes through a temporary file."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def listed(self, path: str) -> Iterator[tuple[File, bool]]:
        """See Folder."""
        for one in _whatever(lambda: self._store.list_artifacts(path or None)):
            yield File(one.path, one.file_size), one.is_dir

    def pieces(self, path: str) -> Iterator[bytes]:
        """See Folder."""
        with tempfile.TemporaryDirectory() as folder:
            kept = _whatever(lambda: self._store.download_artifacts(path, folder))
            with Path(kept).open("rb") as read:
                while piece := read.read(PIECE):
                    yield piece


def _walk(folder: Folder, limit: int) -> list[File]:
    files, waiting, size = [], [""], 0
    while waiting:
        for file, is_folder in folder.listed(waiting.pop()):
            if is_folder:
                waiting.append(file.path)
                continue
            files.append(file)
            size += file.size or 0
            if size > limit or len(files) + len(waiting) > MOST_FILES:
                raise _too_much(limit)
    return files


def _digest(folder: Folder, file: File, before: int, limit: int) -> tuple[str, int]:
    """The file's digest and size; `before` is how many bytes of the version were read already."""
    digest, size = hashlib.sha256(), 0
    for piece in folder.pieces(file.path):
        size += len(piece)
        if before + size > limit:
            raise _too_much(limit)
        digest.update(piece)
    if file.size is not None and size != file.size:
        raise ServiceDown(SERVICE, f"{shorten(file.path)} broke off after {size:,} of {file.size:,} bytes")
    return f"sha256:{digest.hexdigest()}", size


def _too_much(limit: int) -> ServiceRejected:
    return ServiceRejected(
        SERVICE, f"this version's files are more than I read: {limit / 2**30:.3g} GiB, or {MOST_FILES:,} files"
    )


def _checked(answer: Any, path: str) -> None:
    if answer.status_code != 200:  # HTTP's OK
        raise of_status(answer.status_code, f"no {shorten(path) or 'files'} of this version")


def _below(path: str, name: str) -> str:
    """A listed name's path. One that would lead out of the folder is not MLflow's."""
    if not name or name.startswith("/") or ".." in name.split("/"):
        raise ServiceConfused(SERVICE, "an answer that is not MLflow's")
    return f"{path}/{name}" if path else name


def _size(told: object) -> int | None:
    return int(told) if isinstance(told, int | str) and str(told).isdecimal() else None


def _whatever(work: Callable[[], Any]) -> Any:
    """What `work` returns; what a store's library raises, which may be anything, as an error of ours."""
    try:
        return work()
    except ServiceError:
        raise
    except FileNotFoundError as exc:
        raise NotFound(SERVICE, "a file of this version") from exc
    except Exception as exc:  # each object store has a library of its own, with errors of its own
        raise ServiceDown(SERVICE, f"its object store said {type(exc).__name__}") from exc
