"""The two programs of this repository that the station runs: the stand-in Slack, then the bot."""

import sys
from collections.abc import Mapping
from pathlib import Path

from demo.station.environments import REPOSITORY
from demo.station.ports import HOST
from demo.station.process import Process
from demo.station.ready import answers, said, until
from demo.station.server import Server
from demo.station.workspace import Workspace


class Slack(Server):
    """The stand-in Slack: its page is `url`, its Web API below `url`/api/."""

    name = "Slack's stand-in"

    def __init__(self, workspace: Workspace, port: int) -> None:
        super().__init__(workspace)
        self.port = port
        self.url = f"http://{HOST}:{port}"

    @property
    def app_env(self) -> dict[str, str]:
        """What an app needs in its environment to reach it."""
        return {"SLACK_API_URL": f"{self.url}/api/"} | self._tokens

    @property
    def _tokens(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": "xoxb-" + self.workspace.secret("slack-bot"),
            "SLACK_APP_TOKEN": "xapp-" + self.workspace.secret("slack-app"),
        }

    async def start(self) -> None:
        """Start it and wait until its page answers."""
        data = self.workspace.folder("slack")
        arguments = ("demo.slack", "--port", str(self.port), "--data", data)
        server = self.launch(_module(self.workspace, "slack", self._tokens, *arguments))
        await until(lambda: answers(self.url), server, within=60)


class Bot(Server):
    """Stationmaster itself, told by `env` where everything else is; its database is in the workspace."""

    name = "Stationmaster"

    def __init__(self, workspace: Workspace, env: Mapping[str, str]) -> None:
        super().__init__(workspace)
        database = workspace.folder("bot") / "stationmaster.db"
        self._env = {"BIND_ADDRESS": HOST, "PORT": "0"} | dict(env)
        self._env["DATABASE_URL"] = f"sqlite+aiosqlite:///{database}"

    async def start(self) -> None:
        """Start it and wait until it says that its socket to Slack is open."""
        server = self.launch(_module(self.workspace, "bot", self._env, "bot", "serve"))
        await until(said(server, "ready"), server, within=60)


def _module(workspace: Workspace, name: str, env: Mapping[str, str], *words: str | Path) -> Process:
    argv = [sys.executable, "-m", *words]
    unbuffered = {"PYTHONUNBUFFERED": "1", **env}
    return Process(name, argv, workspace=workspace, env=unbuffered, cwd=REPOSITORY)
