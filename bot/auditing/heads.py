"""The chain's head, published where who can write the database can't: the log always, a file, objects in S3.

A head says how long the chain was, and with which seal it ended. Whoever cuts rows off the end, or seals them anew with
a stolen key, contradicts it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from structlog import get_logger

from bot.errors import ConfigError, ServiceRejected
from bot.ports import Buckets
from bot.settings.config import FOLDER_OF_S3

log = get_logger(__name__)
_KEY = re.compile(r"(?P<place>\d{12})-(?P<seal>[0-9a-f:]+)\.json$")
EXISTS = 412


@dataclass(frozen=True)
class Head:
    """The chain's last place and seal; `told` says where it was published."""

    place: int
    seal: str
    told: str = ""


class Publication(Protocol):
    """A place outside the database where heads are kept."""

    async def publish(self, head: Head) -> None:
        """Add a head. The same one again does no harm. OSError or ServiceError where it can't be."""

    async def heads(self) -> Sequence[Head]:
        """Every head that was published there. ConfigError where that can't be read."""


class FileOfHeads:
    """A file to which a line is added for each head, and which is on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def publish(self, head: Head) -> None:
        """See Publication."""
        line = json.dumps({"place": head.place, "seal": head.seal, "at": datetime.now(UTC).isoformat()})
        await asyncio.to_thread(self._append, line)

    def _append(self, line: str) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, f"{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    async def heads(self) -> Sequence[Head]:
        """See Publication. A file that isn't there yet has none."""
        if not self._path.exists():
            return ()
        return list(read_heads(self._path))


def read_heads(path: Path) -> Iterable[Head]:
    """The heads in a file of them; a line that was cut off by a crash at its end is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            yield Head(int(said["place"]), str(said["seal"]), f"line {number} of {path}")
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines):
                raise ConfigError(f"{path}, line {number}: not a head") from error


class BucketOfHeads:
    """An object for each head, whose key says all: none is ever written over. `url` is `s3://BUCKET/PREFIX`."""

    def __init__(self, buckets: Buckets, url: str) -> None:
        found = FOLDER_OF_S3.fullmatch(url)
        if found is None:
            raise ConfigError("AUDIT_HEAD_S3: not a folder in S3, such as s3://bucket/audit/")
        self._buckets, self._bucket = buckets, found["bucket"]
        self._prefix = f"{(found['prefix'] or '').strip('/')}/".lstrip("/")

    async def publish(self, head: Head) -> None:
        """See Publication."""
        key = f"{self._prefix}{head.place:012d}-{head.seal}.json"
        body = json.dumps({"place": head.place, "seal": head.seal}).encode()
        try:
            await self._buckets.put_object(self._bucket, key, body, etag="")
        except ServiceRejected as error:
            if error.status != EXISTS:
                raise

    async def heads(self) -> Sequence[Head]:
        """See Publication."""
        keys = await self._buckets.objects(self._bucket, self._prefix)
        found = ((key, _KEY.search(key)) for key in keys)
        return [Head(int(name["place"]), name["seal"], f"s3://{self._bucket}/{key}") for key, name in found if name]


def publications(file: Path | None, url: str, buckets: Buckets) -> list[Publication]:
    """The places that the settings name, besides the log."""
    places: list[Publication] = [FileOfHeads(file)] if file else []
    return places + ([BucketOfHeads(buckets, url)] if url else [])
