"""Where the bots' database is, and what can happen to it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.databases import PostgresServer

RECOVERED_WITHIN = 60.0  # seconds
Pids = Iterable[int]


class SqliteFile:
    """A file in a folder."""

    name = "sqlite"
    incidents = ("fill up",)

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/bot.db"

    async def suffer(self, incident: str, processes: Pids, seconds: float) -> None:
        """Let no file that these processes write grow for so long, nor be written beyond its first page.

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


class PostgresDatabase:
    """A database of its own on a server that may be restarted."""

    name = "postgresql"
    incidents = ("restart", "crash")

    def __init__(self, server: PostgresServer) -> None:
        self._made, self._server = server, server.server
        self.url = server.make("template0")

    async def suffer(self, incident: str, processes: Pids, seconds: float) -> None:
        """Stop the server, or kill it with all its processes; start it again after so long."""
        old = list(self._server.processes)
        try:
            if incident == "crash":
                self._server.kill()
            await self._server.stop()
            await asyncio.sleep(seconds)
        finally:
            self._server.processes = [each for each in self._server.processes if each not in old]
            await self._server.start()
            await self._recovered()

    async def _recovered(self) -> None:
        """Wait until it takes connections: what a killed server left says that it does while it recovers."""
        async with asyncio.timeout(RECOVERED_WITHIN):
            while True:
                try:
                    return await asyncio.to_thread(self._made.execute, "SELECT 1")
                except psycopg.OperationalError:
                    await asyncio.sleep(0.1)


Place = SqliteFile | PostgresDatabase
