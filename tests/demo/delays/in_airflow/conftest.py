"""What the DAG's own tests share. They run in Airflow's environment, and are left out where it is not.

Airflow reads its settings when it is first imported, so they are set here, above any import of it.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).parents[4]
IN_AIRFLOW = importlib.util.find_spec("duckdb") is not None

collect_ignore_glob = [] if IN_AIRFLOW else ["test_*.py"]

if IN_AIRFLOW:
    sys.path[:0] = [str(ROOT / "demo" / "dags"), str(Path(__file__).parent / "dags")]
    home = Path(tempfile.mkdtemp(prefix="dag-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "dags").mkdir()
    for dag in (*(ROOT / "demo" / "dags").glob("*.py"), Path(__file__).parent / "dags" / "untagging.py"):
        (home / "dags" / dag.name).symlink_to(dag)
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "templates" / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
        "STATIONMASTER_DEMO_COMMIT": "4be1c02",
        "STATIONMASTER_DEMO_DATA": str(home / "data"),
    }


def pytest_configure(config: pytest.Config) -> None:
    """Warnings are errors, but for those that other people's code raises and ours cannot avoid."""
    if not IN_AIRFLOW:
        return
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("filterwarnings", "ignore:The specified dataset source can be interpreted")
    for module in ("airflow", "mlflow", "starlette", "fastapi", "sqlalchemy", "pathspec", "cadwyn"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{module}\.")


@pytest.fixture(scope="session", autouse=True)
def _elsewhere() -> None:
    """MLflow puts artifacts below the current folder: let that not be the checkout."""
    if IN_AIRFLOW:
        os.chdir(home)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's own database, in a file of this test run."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)


@pytest.fixture(scope="session")
def published() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The real flights and weather."""
    from delays import source

    return source.flights(), source.weather()


@pytest.fixture(scope="session")
def table(published: tuple[pd.DataFrame, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feature table of one month at one airport, with its holdout."""
    from delays import features

    path = tmp_path_factory.mktemp("features") / "features.parquet"
    features.join(*published, features.Selection("4", ["LGA"], 2), path)
    return path
