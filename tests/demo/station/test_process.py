import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from demo.station.process import Process, ProcessError, clean_environment, session, sweep
from demo.station.workspace import Workspace

SLEEP = "import time; time.sleep(600)"
SAY_PID = "import os; print(os.getpid(), flush=True); "
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SAY_PID + SLEEP
# Like Airflow's tasks: a grandchild in a process group of its own.
PARENT_OF_A_GROUP = """
import os, time
if (child := os.fork()) == 0:
    os.setpgid(0, 0)
    time.sleep(600)
print(child, flush=True)
time.sleep(600)
"""
STATION = """
import sys, time
from pathlib import Path
from demo.station.process import Process
from demo.station.workspace import Workspace
child = Process("child", [sys.executable, "-c", sys.argv[2]], workspace=Workspace(Path(sys.argv[1])), env={})
child.start()
time.sleep(600)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def python(workspace: Workspace, code: str, **env: str) -> Process:
    return Process("child", [sys.executable, "-c", code], workspace=workspace, env=env)


def first_number(log: Path) -> int:
    """The process id that the child prints when it is up."""
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
    return int(log.read_text())


def wait_until(holds: Callable[[], bool], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def living(pid: int) -> bool:
    """Whether it runs: a zombie, which only waits for its parent to notice, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_stop_ends_the_process_and_forgets_it(workspace: Workspace) -> None:
    """After stop() the process has gone, and so has its record."""
    child = python(workspace, SAY_PID + SLEEP)
    child.start()
    pid = first_number(child.log)
    await child.stop()
    assert not living(pid)
    assert not child.running
    assert list(workspace.records.iterdir()) == []


async def test_stop_is_harmless_before_start_and_when_repeated(workspace: Workspace) -> None:
    """stop() may be called at any time, any number of times."""
    child = python(workspace, SLEEP)
    await child.stop()
    child.start()
    await child.stop()
    await child.stop()
    assert not child.running


async def test_a_process_that_ignores_the_request_is_made_to_end(workspace: Workspace) -> None:
    """After the grace period a process that ignores SIGTERM is killed."""
    child = python(workspace, STUBBORN)
    child.start()
    pid = first_number(child.log)
    await child.stop(grace=0.2)
    assert not living(pid)
    assert await child.wait() == -signal.SIGKILL


async def test_stop_ends_what_left_the_process_group(workspace: Workspace) -> None:
    """A grandchild with a process group of its own ends together with the child."""
    child = python(workspace, PARENT_OF_A_GROUP)
    child.start()
    grandchild = first_number(child.log)
    wait_until(lambda: os.getpgid(grandchild) == grandchild)
    await child.stop()
    wait_until(lambda: not living(grandchild))


async def test_its_own_group_is_not_ours(workspace: Workspace) -> None:
    """A terminal's Ctrl-C, which goes to a whole group, reaches the station and not its children."""
    child = python(workspace, SAY_PID + SLEEP)
    child.start()
    assert os.getpgid(first_number(child.log)) != os.getpgid(0)
    await child.stop()


async def test_finish_tells_of_failure_with_the_end_of_the_log(workspace: Workspace) -> None:
    """A program that fails raises an error that names it and shows what it said last, not all it said."""
    child = python(workspace, "import sys; [print('line', i) for i in range(50)]; sys.exit(3)")
    child.start()
    with pytest.raises(ProcessError, match=r"child ended with status 3") as caught:
        await child.finish()
    assert "line 49" in str(caught.value)
    assert "line 29" not in str(caught.value)


async def test_finish_returns_after_success(workspace: Workspace) -> None:
    """A program that succeeds raises nothing and leaves no record."""
    child = python(workspace, "print('done')")
    child.start()
    await child.finish()
    assert child.tail() == "done"
    assert list(workspace.records.iterdir()) == []


async def test_the_log_of_the_time_before_is_kept(workspace: Workspace) -> None:
    """What a crashed process said is still there after its restart."""
    for words in ("first", "second"):
        child = python(workspace, f"print('{words}')")
        child.start()
        await child.finish()
    assert workspace.log("child").read_text() == "second\n"
    assert workspace.log("child.previous").read_text() == "first\n"


async def test_settings_of_other_servers_do_not_reach_children(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's own Airflow, MLflow, AWS and Slack settings stay outside; what is given gets in."""
    for name in ("AIRFLOW__CORE__EXECUTOR", "MLFLOW_TRACKING_URI", "AWS_PROFILE", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("HARMLESS", "kept")
    child = python(workspace, "import json, os; print(json.dumps(dict(os.environ)))", MLFLOW_TRACKING_URI="given")
    child.start()
    await child.finish()
    seen = json.loads(child.tail())
    assert {"AIRFLOW__CORE__EXECUTOR", "AWS_PROFILE", "SLACK_BOT_TOKEN"} & seen.keys() == set()
    assert seen["HARMLESS"] == "kept"
    assert seen["MLFLOW_TRACKING_URI"] == "given"


@pytest.fixture
def killed_station(workspace: Workspace) -> Callable[..., int]:
    """Start a child from another process, as a station does, and SIGKILL that process; return the child's id."""

    def kill(code: str, before: Callable[[], object] = lambda: None) -> int:
        argv = [sys.executable, "-c", STATION, str(workspace.root), code]
        station = psutil.Popen(argv, env=clean_environment())
        pid = first_number(workspace.log("child"))
        wait_until(lambda: any(workspace.records.glob("*.json")))
        before()
        station.kill()
        station.wait()
        return pid

    return kill


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs util-linux's setpriv")
def test_a_killed_station_takes_its_children_along(killed_station: Callable[..., int]) -> None:
    """When the station dies of SIGKILL its children are asked to end by the system."""
    pid = killed_station(SAY_PID + SLEEP)
    wait_until(lambda: not living(pid))


def test_sweep_ends_what_a_killed_station_left(workspace: Workspace, killed_station: Callable[..., int]) -> None:
    """A child that outlived its station is ended by the next one, which says so, and forgotten."""
    pid = killed_station(STUBBORN)
    assert living(pid)
    assert sweep(workspace, grace=0.2) == ["child"]
    wait_until(lambda: not living(pid))
    assert sweep(workspace) == []


def test_sweep_ends_members_whose_leader_has_gone(workspace: Workspace, killed_station: Callable[..., int]) -> None:
    """Tasks that outlived both the station and the scheduler that started them are found by their session."""

    def kill_the_leader() -> None:
        (record,) = workspace.records.glob("*.json")
        os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)

    grandchild = killed_station(PARENT_OF_A_GROUP, kill_the_leader)
    assert living(grandchild)
    assert sweep(workspace) == ["child"]
    wait_until(lambda: not living(grandchild))


async def test_sweep_leaves_a_reused_number_alone(workspace: Workspace) -> None:
    """A record whose number now belongs to a younger process ends nothing, and is removed."""
    stranger = python(workspace, SAY_PID + SLEEP)
    stranger.start()
    pid = first_number(stranger.log)
    (record,) = workspace.records.glob("*.json")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"created": time.time() - 30}))
    assert sweep(workspace) == []
    assert living(pid)
    assert [member.pid for member in session(pid)] == [pid]
    await stranger.stop()


async def test_sweep_knows_nothing_from_before_the_machine_started(workspace: Workspace) -> None:
    """A record from before the last boot ends nothing, whatever runs under that number now."""
    stranger = python(workspace, SAY_PID + SLEEP)
    stranger.start()
    pid = first_number(stranger.log)
    (record,) = workspace.records.glob("*.json")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"created": psutil.boot_time() - 100}))
    assert sweep(workspace) == []
    assert living(pid)
    await stranger.stop()
