"""All servers of the demo together: what needs what, what starts beside what, and how it all ends."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from demo.station.airflow import Airflow
from demo.station.apps import Bot, Slack
from demo.station.environments import REPOSITORY
from demo.station.mlflow import Mlflow
from demo.station.postgres import Postgres
from demo.station.process import ProcessError
from demo.station.server import Server
from demo.station.workspace import Workspace

_POLL = 0.5  # seconds


class Station:
    """The demo's servers, with their data and their logs in one workspace.

    `page` is the port of the stand-in Slack's page; `say` is given a line for people at each step.
    """

    def __init__(self, workspace: Workspace, *, page: int, say: Callable[[str], None]) -> None:
        self._say = say
        self.postgres = Postgres(workspace)
        self.mlflow = Mlflow(workspace)
        self.slack = Slack(workspace, page)
        self.airflow = Airflow(
            workspace,
            self.postgres,
            dags=[REPOSITORY / "demo" / "dags", workspace.folder("schedules")],
            plugins=REPOSITORY / "templates" / "plugins",
            task_env=self._task_env(workspace),
        )
        self.bot = Bot(workspace, self.slack.app_env | self._bot_env(workspace))
        self._servers: list[Server] = [self.postgres, self.airflow, self.mlflow, self.slack, self.bot]

    async def start(self) -> None:
        """Start everything, what can at the same time; raises ProcessError when something fails."""
        try:
            async with asyncio.TaskGroup() as together:
                together.create_task(self._start_airflow())
                together.create_task(self._start(self.mlflow))
                together.create_task(self._start(self.slack))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        await self._start(self.bot)

    async def failure(self) -> ProcessError:
        """Return what happened to the first process that ends; while none does, wait."""
        while True:
            for server in self._servers:
                for process in server.processes:
                    if not process.running:
                        return process.failure(f"ended with status {await process.wait()}")
            await asyncio.sleep(_POLL)

    async def stop(self) -> None:
        """End everything: the bot first, and PostgreSQL when nobody needs it any more."""
        await self.bot.stop()
        await asyncio.gather(self.slack.stop(), self.airflow.stop(), self.mlflow.stop())
        await self.postgres.stop()

    def kill(self) -> None:
        """End everything at once."""
        for server in self._servers:
            server.kill()

    async def _start_airflow(self) -> None:
        await self._start(self.postgres)
        await self._start(self.airflow)

    async def _start(self, server: Server) -> None:
        began = time.monotonic()
        await server.start()
        self._say(f"  {server.name:<16} ready in {time.monotonic() - began:4.1f} s")

    def _task_env(self, workspace: Workspace) -> dict[str, str]:
        """What the demo's DAGs find in their environment."""
        return {
            "MLFLOW_TRACKING_URI": self.mlflow.url,
            "STATIONMASTER_DEMO_DATA": str(workspace.folder("tasks")),
            "STATIONMASTER_DEMO_COMMIT": _commit(),
            "DO_NOT_TRACK": "true",
        } | _MLFLOW_CLIENT

    def _bot_env(self, workspace: Workspace) -> dict[str, str]:
        return {
            "AIRFLOW_URL": self.airflow.url,
            "AIRFLOW_USERNAME": self.airflow.username,
            "AIRFLOW_PASSWORD": self.airflow.password,
            "MLFLOW_TRACKING_URI": self.mlflow.url,
            "STATIONMASTER_CONFIG": str(_configuration(workspace)),
        }


# By default MLflow's client waits four minutes for a server that has gone.
_MLFLOW_CLIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


def _configuration(workspace: Workspace) -> Path:
    """Return the demo's configuration, to which is added where this workspace keeps schedules."""
    written = workspace.folder("bot") / "stationmaster.yaml"
    said = (REPOSITORY / "demo" / "stationmaster.yaml").read_text(encoding="utf-8")
    kept = json.dumps({"store": "folder", "path": str(workspace.folder("schedules"))})
    written.write_text(f"{said}\nschedules: {kept}\n", encoding="utf-8")
    return written


def _commit() -> str:
    """Return the checkout's commit; empty where there is no git or no repository."""
    try:
        asked = ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
