"""One child process, from its start to its certain end.

Each child leads a session of its own, so that a terminal's Ctrl-C reaches the station alone, and so that
whatever the child starts (Airflow's tasks move into process groups of their own, but keep the session) can
be found and ended with it. A record on disk lets the next station end what a killed one left behind.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from demo.station.workspace import Workspace

_POLL = 0.05  # seconds
_FOREIGN = ("AIRFLOW", "AWS_", "DATABASE_URL", "MLFLOW", "PYTHON", "SLACK_", "STATIONMASTER_", "VIRTUAL_ENV")


class ProcessError(Exception):
    """A child ended, or did not become ready; the message holds the end of its log."""


class Process:
    """A child process that writes to one log file.

    `env` is added to the caller's own environment, from which the settings of other Airflows, MLflows,
    Slacks and Pythons are taken out. `stop_signal` is the one that asks this program to end cleanly.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        workspace: Workspace,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = workspace.log(name)
        self._argv = [str(word) for word in argv]
        self._env = {**clean_environment(), **env}
        self._cwd = cwd or workspace.root
        self._stop_signal = stop_signal
        self._record = workspace.records / f"{name}.json"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; the log of the time before is kept as `NAME.previous.log`."""
        if self.log.exists():
            self.log.rename(self.log.with_suffix(".previous.log"))
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [*_tied_to_parent(self._stop_signal), *self._argv],
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _write_record(self._record, self._child.pid, self._stop_signal)

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    async def wait(self) -> int:
        """Return its exit status, once it has ended; negative is the signal that ended it."""
        if self._child is None:
            raise ProcessError(f"{self.name} was never started")
        while (status := self._child.poll()) is None:  # noqa: ASYNC110 - a child's end has no event here
            await asyncio.sleep(_POLL)
        return status

    async def finish(self) -> None:
        """Wait until it has ended by itself, with success.

        Raises ProcessError when its exit status is not 0.
        """
        try:
            status = await self.wait()
        finally:
            await self.stop()
        if status:
            raise self.failure(f"ended with status {status}")

    async def stop(self, grace: float = 10.0) -> None:
        """End it and its whole session: asked to, and after `grace` seconds made to."""
        if self._child is None:
            return
        if self.running:
            _signal_group(self._child.pid, self._stop_signal)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), grace)
        self.kill()
        await self.wait()
        self._record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it and its whole session at once."""
        if self._child is not None:
            for member in session(self._child.pid):
                with suppress(psutil.NoSuchProcess):
                    member.kill()

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def failure(self, what: str) -> ProcessError:
        """Return the error that says what happened to it, with the end of its log."""
        return ProcessError(f"{self.name} {what}; the end of {self.log}:\n{self.tail()}")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings that are meant for other servers or Pythons."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


def session(leader: int) -> list[psutil.Process]:
    """Return the living processes of the session that the process `leader` opened, with itself."""
    members = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getsid(pid) == leader:
                members.append(psutil.Process(pid))
    return members


def sweep(workspace: Workspace, grace: float = 10.0) -> list[str]:
    """End what an earlier station left running in this workspace; return the names of what was ended.

    A number that the system has since given to another program is left alone: the record holds when the
    process was created.
    """
    ended = []
    for record in sorted(workspace.records.glob("*.json")):
        found = json.loads(record.read_text())
        members = _left_behind(found["pid"], found["created"])
        for member in members:
            with suppress(psutil.NoSuchProcess):
                member.send_signal(found["stop_signal"])
        for stubborn in psutil.wait_procs(members, timeout=grace)[1]:
            stubborn.kill()
        if members:
            ended.append(record.stem)
        record.unlink()
    return ended


def _left_behind(leader: int, created: float) -> list[psutil.Process]:
    """Return the session's living processes, unless its leader's number now belongs to another process."""
    if created < psutil.boot_time() - 1:
        return []
    try:
        ours = abs(psutil.Process(leader).create_time() - created) < 1
    except psutil.NoSuchProcess:
        ours = True  # a number is not given anew while its session lives
    return session(leader) if ours else []


def _write_record(path: Path, pid: int, stop_signal: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        created = psutil.Process(pid).create_time()
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"pid": pid, "created": created, "stop_signal": int(stop_signal)}))
        new.replace(path)


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, number)


def _tied_to_parent(number: signal.Signals) -> list[str]:
    """Return the words before a command that make it receive `number` when this process dies.

    Where util-linux is missing there are none, and a killed station's children live until the next `sweep`.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, f"--pdeathsig={number.name.removeprefix('SIG')}"] if setpriv else []
