"""A trimmed Airflow: an API server of one worker, a scheduler of few, a DAG processor."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.station.environments import packages, program
from demo.station.ports import HOST, free_port
from demo.station.postgres import Postgres
from demo.station.process import Process
from demo.station.ready import fetch_json, until
from demo.station.server import Server
from demo.station.workspace import Workspace

USUAL_PORT = 8080
USERNAME = "stationmaster"
_ROLE = "op"  # may trigger, cancel, pause and write Variables; may not change Airflow itself
_COMPONENTS = ("api-server", "scheduler", "dag-processor")


class Airflow(Server):
    """Airflow on a PostgreSQL of the same workspace, reading DAGs from the given folders.

    Each folder is a bundle, named by its last two parts (`demo-dags`); a new DAG is active at once.
    `task_env` is what tasks, and Airflow itself, find in their environment. `tasks` is how many of them run at a time.
    `bundles` are more places of DAGs, as Airflow's own configuration has them.
    """

    name = "Airflow"

    def __init__(
        self,
        workspace: Workspace,
        postgres: Postgres,
        *,
        dags: Sequence[Path],
        plugins: Path | None = None,
        task_env: Mapping[str, str] | None = None,
        tasks: int = 4,
        bundles: Sequence[Mapping[str, object]] = (),
        port: int | None = None,
    ) -> None:
        super().__init__(workspace)
        self.port = port or free_port(USUAL_PORT)
        self.url = f"http://{HOST}:{self.port}"
        self.username = USERNAME
        self.password = workspace.secret("airflow-password")
        self._postgres = postgres
        self._bundles = {"-".join(folder.parts[-2:]): folder for folder in dags}
        self._plugins = plugins
        self._task_env = dict(task_env or {})
        self._tasks = tasks
        self._more_bundles = list(bundles)

    async def start(self) -> None:
        """Bring the database to this Airflow's schema, start, and wait until every bundle's DAGs are shown."""
        env = self._task_env | self._settings()
        await self._migrate(env)
        self._write_password()
        for component in _COMPONENTS:
            self.launch(self._process(component, env))
        await until(self._is_healthy, *self.processes, within=240)
        await until(self._shows_every_bundle, *self.processes, within=120)

    async def _migrate(self, env: Mapping[str, str]) -> None:
        """Migrate unless this very Airflow has done so: looking alone would cost several seconds."""
        done = self.workspace.folder("airflow") / "migrated-to"
        version = next(packages("airflow").glob("apache_airflow_core-*.dist-info")).name
        if done.exists() and done.read_text() == version:
            return
        migration = self.launch(self._process("db", env, "migrate"))
        await migration.finish()
        self.processes.remove(migration)
        done.write_text(version)

    def _process(self, component: str, env: Mapping[str, str], *arguments: str) -> Process:
        return Process(
            f"airflow-{component}",
            [program("airflow", "airflow"), component, *arguments],
            workspace=self.workspace,
            env=env,
        )

    def _write_password(self) -> None:
        path = self.workspace.folder("airflow") / "passwords.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({self.username: self.password}))

    def _settings(self) -> dict[str, str]:
        """Return Airflow's own settings, by its names."""
        home = self.workspace.folder("airflow")
        plugins = self._plugins or home / "plugins"
        return {"AIRFLOW_HOME": str(home), "DO_NOT_TRACK": "true"} | {
            f"AIRFLOW__{name}": value
            for name, value in {
                "API__BASE_URL": self.url,
                "API__HOST": HOST,
                "API__PORT": str(self.port),
                "API__SECRET_KEY": self.workspace.secret("airflow-api"),
                "API__WORKERS": "1",
                "API_AUTH__JWT_SECRET": self.workspace.secret("airflow-jwt"),
                "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
                "CORE__DAGS_FOLDER": str(next(iter(self._bundles.values()))),
                "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
                "CORE__EXECUTOR": "LocalExecutor",
                "CORE__FERNET_KEY": self.workspace.secret("airflow-fernet") + "=",
                "CORE__LOAD_EXAMPLES": "False",
                "CORE__PARALLELISM": str(self._tasks),
                "CORE__PLUGINS_FOLDER": str(plugins),
                "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
                "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{self.username}:{_ROLE}",
                "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{self._postgres.address}",
                "DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{self._postgres.address}",
                "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
                    [*(_bundle(name, folder) for name, folder in self._bundles.items()), *self._more_bundles]
                ),
                "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
                "DAG_PROCESSOR__PARSING_PROCESSES": "1",
                "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
                "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
                "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
                # A task that a kill interrupted is noticed after a minute of the next start, instead of five.
                "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
                "USAGE_DATA_COLLECTION__ENABLED": "False",
            }.items()
        }

    async def _is_healthy(self) -> bool:
        health = await fetch_json(f"{self.url}/api/v2/monitor/health")
        return health is not None and all(
            (health[part] or {}).get("status") == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")
        )

    async def _shows_every_bundle(self) -> bool:
        """Tell whether each folder that holds Python has been read: by a DAG of it, or an error in it."""
        credentials = {"username": self.username, "password": self.password}
        answer = await fetch_json(f"{self.url}/auth/token", post=credentials)
        if answer is None:
            return False
        dags, errors = await asyncio.gather(
            fetch_json(f"{self.url}/api/v2/dags?limit=100", token=answer["access_token"]),
            fetch_json(f"{self.url}/api/v2/importErrors?limit=100", token=answer["access_token"]),
        )
        if dags is None or errors is None:
            return False
        read = {row["bundle_name"] for row in (*dags["dags"], *errors["import_errors"])}
        return {name for name, folder in self._bundles.items() if any(folder.glob("*.py"))} <= read


def _bundle(name: str, folder: Path) -> dict[str, object]:
    return {
        "name": name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder)},
    }
