import fcntl
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo.__main__ import StartError, _page_port
from demo.station.environments import REPOSITORY
from demo.station.ports import HOST
from tests.station import need

STARTS_WITHIN = 150  # seconds


class Demo:
    """`python -m demo` on a folder of its own."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.out = data.with_suffix(".out")
        argv = [sys.executable, "-m", "demo", "--data", str(data), *arguments]
        with self.out.open("wb") as out:
            self.process = psutil.Popen(argv, cwd=REPOSITORY, stdout=out, stderr=subprocess.STDOUT)
        self.family: list[psutil.Process] = []

    def wait_ready(self) -> str:
        """Return what it has printed, once it is ready."""
        deadline = time.monotonic() + STARTS_WITHIN
        while "Logs in" not in (said := self.out.read_text()):
            assert self.process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        self.family = self.process.children(recursive=True)
        return said

    def child(self, log: str) -> psutil.Process:
        """Return the child whose record has that name."""
        text = (self.data / "processes" / f"{log}.json").read_text()
        found = re.search(r'"pid": (\d+)', text)
        assert found
        return psutil.Process(int(found[1]))

    def survivors(self) -> list[psutil.Process]:
        """Return the descendants that are still there a little after the end."""
        return psutil.wait_procs(self.family, timeout=5)[1]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder for a demo; whatever a failed test leaves running on it is ended."""
    folder = tmp_path / "demo"
    yield folder
    for process in psutil.process_iter(["cmdline"]):
        if str(folder) in (process.info["cmdline"] or []):
            process.terminate()


@pytest.mark.airflow
@pytest.mark.mlflow
@pytest.mark.timeout(2 * STARTS_WITHIN + 60)
def test_a_life_of_the_demo(data: Path) -> None:
    """It says where everything is; a child's death ends it all with status 1 and that child's log; started
    again it takes up its secrets and its data; SIGTERM ends it all with status 0.
    """
    need("airflow", "mlflow", "postgres")
    first = Demo(data)
    said = first.wait_ready()
    assert re.search(r"^Stationmaster is ready: open http://127\.0\.0\.1:\d+$", said, re.MULTILINE)
    login = re.search(r"Airflow http://127\.0\.0\.1:\d+ \(user stationmaster, password (\S+)\)", said)
    assert login
    first.child("bot").kill()
    assert first.process.wait(60) == 1
    assert "bot ended with status -9; the end of" in first.out.read_text()
    assert first.survivors() == []

    again = Demo(data)
    assert login[0].rpartition(" ")[2] in again.wait_ready()
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(60) == 0
    assert again.survivors() == []
    assert list((data / "processes").iterdir()) == []


def test_two_demos_do_not_share_their_data(data: Path) -> None:
    """A second one on the same folder says that one runs already, and touches nothing."""
    data.mkdir()
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = Demo(data)
        assert second.process.wait(30) == 1
    assert "another one already runs" in second.out.read_text()
    assert [path.name for path in data.iterdir()] == ["lock"]


def test_a_taken_port_that_was_asked_for_is_an_error() -> None:
    """DEMO_PORT is a demand: when the port is taken the person is told, and not led elsewhere."""
    with socket.create_server((HOST, 0)) as server, pytest.raises(StartError, match="is taken: set DEMO_PORT"):
        _page_port(str(server.getsockname()[1]))


@pytest.mark.parametrize("asked", ["0", "65536", "-1", "8484x", "²"])
def test_what_is_no_port_is_refused(asked: str) -> None:
    """DEMO_PORT must be a port's number."""
    with pytest.raises(StartError, match="give a number from 1 to 65535"):
        _page_port(asked)
