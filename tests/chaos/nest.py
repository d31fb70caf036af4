"""The zygote, as the harness speaks with it: bots started, signalled and waited for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
IMPORTS_WITHIN = 300.0  # seconds, on a machine that is busy


class Nest:
    """Where bots hatch: a process that forks one at each `start`. `modules` are imported into it too.

    `environment` is the zygote's own; a bot gets what `start` is given, and nothing else. What they write goes to `log`
    through a pipe, so that it can still be read when their own writing to files is made to fail.
    """

    def __init__(self, log: Path, modules: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._log = log
        self._words = [sys.executable, "-m", "tests.chaos.zygote", *modules]
        self._environment = {**os.environ, **(environment or {})}
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        reading, writing = os.pipe()
        with self._log.open("ab") as log:
            self._scribe = await asyncio.create_subprocess_exec("cat", stdin=reading, stdout=log)
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=writing,
            env=self._environment,
            cwd=ROOT,
        )
        for end in (reading, writing):
            os.close(end)
        async with asyncio.timeout(IMPORTS_WITHIN):
            await self._answer()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()
        await self._scribe.wait()

    async def start(self, environment: Mapping[str, str]) -> int:
        """Fork a bot with these settings: its process id."""
        return int((await self._ask({"start": dict(environment)}))["pid"])

    async def kill(self, pid: int) -> None:
        """SIGKILL; returns when the process is gone."""
        await self.send(pid, signal.SIGKILL)

    async def send(self, pid: int, number: signal.Signals) -> None:
        """Send a signal, to a process that is not over."""
        await self._ask({"signal": int(number), "pid": pid})

    async def is_over(self, pid: int) -> bool:
        """Whether the process has ended, by itself or not."""
        return bool((await self._ask({"poll": pid}))["over"])

    async def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            assert self._process.stdin
            self._process.stdin.write(f"{json.dumps(order)}\n".encode())
            return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the zygote has ended; see {self._log}")
        answer: dict[str, Any] = json.loads(line)
        return answer
