"""What every server of the station has in common."""

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self

from demo.station.process import Process
from demo.station.workspace import Workspace


class Server(ABC):
    """One server, of one or more processes. As an async context manager it runs inside the block."""

    name: ClassVar[str]

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.processes: list[Process] = []

    @abstractmethod
    async def start(self) -> None:
        """Start it and return once it answers; raises ProcessError when it does not."""

    async def stop(self) -> None:
        """End its processes, all at the same time."""
        await asyncio.gather(*(process.stop() for process in self.processes))

    def kill(self) -> None:
        """End its processes at once."""
        for process in self.processes:
            process.kill()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def launch(self, process: Process) -> Process:
        """Start a process as a part of this server."""
        self.processes.append(process)
        process.start()
        return process
