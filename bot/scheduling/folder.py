"""Schedules in a folder that is, or is synchronised into, a DAG bundle of Airflow's.

A spec is a file of its own, written beside and renamed into place, so that Airflow never reads half of one. A lock file
lets one process at a time look at a spec's revision and change it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bot.errors import ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.scheduling.dagfile import dag_file, specs_name
from bot.scheduling.revisions import Kept, change, removal
from bot.scheduling.spec import ScheduleSpec, read_spec

SERVICE = "The schedules' folder"
T = TypeVar("T")


class FolderSpecs:
    """`bot.ports.Specs` in the bundle folder `path`, whose schedules' DAGs have ids that begin with `prefix`."""

    single_writer = False

    def __init__(self, path: Path, prefix: str) -> None:
        self._file = path / f"{specs_name(prefix)}.py"
        self._specs = path / specs_name(prefix)
        self.prefix = prefix

    async def all(self) -> Mapping[str, Kept]:
        """See Specs."""
        return await self._do(lambda: {name: found for name in self._names() if (found := self._read(name))})

    async def get(self, spec_id: str) -> Kept | None:
        """See Specs."""
        return await self._do(lambda: self._read(spec_id))

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """See Specs."""

        def write() -> ScheduleSpec:
            with self._locked():
                new = change(self._read(spec.id), spec, expected)
                self._replace(self._path(spec.id), new.to_json())
                return new

        return await self._do(write)

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """See Specs."""

        def unlink() -> None:
            with self._locked():
                if removal(spec_id, self._read(spec_id), expected):
                    self._path(spec_id).unlink()
                    _sync(self._specs)

        await self._do(unlink)

    async def install(self) -> bool:
        """See Specs."""
        return await self._do(self._install)

    def _install(self) -> bool:
        text = dag_file(prefix=self.prefix, store="folder", specs=self._specs.name)
        with self._locked():
            if self._file.exists() and self._file.read_text(encoding="utf-8") == text:
                return False
            self._replace(self._file, text)
        return True

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._specs.glob("*.json")) if self._specs.is_dir() else []

    def _path(self, spec_id: str) -> Path:
        if spec_id != Path(spec_id).name or spec_id.startswith("."):
            raise ServiceRejected(SERVICE, f"“{spec_id}” is no schedule's id")
        return self._specs / f"{spec_id}.json"

    def _read(self, spec_id: str) -> Kept | None:
        try:
            return read_spec(spec_id, self._path(spec_id).read_bytes())
        except FileNotFoundError:
            return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._specs.mkdir(parents=True, exist_ok=True)
        with (self._specs / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, path: Path, text: str) -> None:
        beside = path.with_name(f".{path.name}.new")  # one name will do: the lock is held
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync(path.parent)

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise _failure(error) from error


def _sync(folder: Path) -> None:
    """Make a rename in this folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failure(error: OSError) -> ServiceError:
    if isinstance(error, PermissionError):
        return ServiceDenied(SERVICE, f"I may not write to {error.filename}")
    return ServiceDown(SERVICE, error.strerror or type(error).__name__)
