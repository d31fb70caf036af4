"""An MLflow server with its runs in SQLite and its artifacts in a folder, both in the workspace."""

from demo.station.environments import program
from demo.station.ports import HOST, free_port
from demo.station.process import Process
from demo.station.ready import answers, until
from demo.station.server import Server
from demo.station.workspace import Workspace

USUAL_PORT = 5000

# One worker, and no queue of background jobs: a fifth of the default's memory.
_ENVIRONMENT = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}


class Mlflow(Server):
    """A tracking server and model registry; `url` is what clients take as MLFLOW_TRACKING_URI."""

    name = "MLflow"

    def __init__(self, workspace: Workspace, port: int | None = None) -> None:
        super().__init__(workspace)
        self.port = port or free_port(USUAL_PORT)
        self.url = f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it answers; its first start makes the tables."""
        data = self.workspace.folder("mlflow")
        server = self.launch(
            Process(
                "mlflow",
                [
                    *(program("mlflow", "mlflow"), "server", "--workers", "1"),
                    *("--host", HOST, "--port", str(self.port)),
                    *("--backend-store-uri", f"sqlite:///{data / 'mlflow.db'}"),
                    *("--serve-artifacts", "--artifacts-destination", data / "artifacts"),
                ],
                workspace=self.workspace,
                env=_ENVIRONMENT,
            )
        )
        await until(lambda: answers(f"{self.url}/health"), server, within=240)
