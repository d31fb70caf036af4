"""Where the bots' database is, and what can happen to it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class Place:
    """A database by its URL, empty at first."""

    name: str
    url: str


class SqliteFile(Place):
    """A file in a folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bot.db"
        self.url = f"sqlite:///{self._file}"

    async def fill_up(self, processes: Iterable[int], seconds: float) -> None:
        """Let no file that these processes write grow for so long, nor be written beyond its first pages.

        The kernel answers EFBIG where a full disk answers ENOSPC; to SQLite both are a write that failed.
        """
        before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in processes}
        try:
            for pid, (_, hard) in before.items():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
            await asyncio.sleep(seconds)
        finally:
            for pid, limits in before.items():
                with suppress(ProcessLookupError):  # killed meanwhile
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
