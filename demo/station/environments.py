"""Where the servers' own Python environments are; `make` creates them, each from its lock file."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


class MissingEnvironmentError(Exception):
    """A server's environment has not been made."""


def environment(name: str) -> Path:
    """Return the environment of `airflow`, `mlflow` or `postgres`, or of `types`, which is Node.js with Slack's types.

    `STATIONMASTER_AIRFLOW_ENV` and its like say where it is when it is not in `.cache/`.
    Raises MissingEnvironmentError when there is none.
    """
    variable = f"STATIONMASTER_{name.upper()}_ENV"
    path = Path(os.environ.get(variable) or REPOSITORY / ".cache" / name).absolute()
    if not (path / "bin" / "python").exists():
        raise MissingEnvironmentError(f"no {name} environment at {path}: run `make environments`")
    return path


def program(name: str, executable: str) -> Path:
    """Return the path of a program in the environment of that name."""
    return environment(name) / "bin" / executable


def packages(name: str) -> Path:
    """Return the folder in which that environment's packages are installed."""
    return next((environment(name) / "lib").glob("python3.*")) / "site-packages"
