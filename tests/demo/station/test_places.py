import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from demo.station.environments import MissingEnvironmentError, environment, packages, program
from demo.station.ports import HOST, claim, free_port
from demo.station.workspace import Workspace


def test_secrets_are_closed_to_others_and_stay(tmp_path: Path) -> None:
    """A secret is made once, differs from the others, and no other user can read it."""
    workspace = Workspace(tmp_path / "demo")
    secret = workspace.secret("airflow")
    assert len(secret) == 43
    assert Workspace(tmp_path / "demo").secret("airflow") == secret
    assert workspace.secret("mlflow") != secret
    path = tmp_path / "demo" / "secrets" / "airflow"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_port_where_something_listens_is_not_free() -> None:
    """The preferred port is left to who listens there, and used once it is free."""
    with socket.create_server((HOST, 0)) as server:
        taken = server.getsockname()[1]
        assert not claim(taken)
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_a_port_is_given_out_once() -> None:
    """A port whose server has yet to start is not given out again, here or to another station."""
    port = free_port()
    assert not claim(port)
    other = f"from demo.station.ports import claim; import sys; sys.exit(claim({port}))"
    assert subprocess.run([sys.executable, "-c", other], check=False).returncode == 0
    with socket.create_server((HOST, port)):
        pass


def test_environments_are_found_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STATIONMASTER_MLFLOW_ENV replaces the place that make uses; programs and packages are below it."""
    for folder in ("bin", "lib/python3.11/site-packages"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setenv("STATIONMASTER_MLFLOW_ENV", str(tmp_path))
    assert environment("mlflow") == tmp_path
    assert program("mlflow", "mlflow") == tmp_path / "bin" / "mlflow"
    assert packages("mlflow") == tmp_path / "lib" / "python3.11" / "site-packages"


def test_a_missing_environment_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its environment a server can't run; the error names the place and the remedy."""
    monkeypatch.setenv("STATIONMASTER_AIRFLOW_ENV", str(tmp_path / "nothing"))
    with pytest.raises(MissingEnvironmentError, match="nothing: run `make environments`"):
        environment("airflow")
