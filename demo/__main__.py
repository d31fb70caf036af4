"""`python -m demo`: the whole station in the foreground, until Ctrl-C or SIGTERM; `make demo` prepares for it."""

import argparse
import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.station.environments import REPOSITORY, MissingEnvironmentError
from demo.station.ports import claim, free_port
from demo.station.process import ProcessError, sweep
from demo.station.station import Station
from demo.station.workspace import Workspace

USUAL_PORT = 8484


def main() -> int:
    """Run the station; return 0 after a clean stop, 1 when something failed, with the reason printed."""
    options = _parse()
    workspace = Workspace(options.data.absolute())
    try:
        with _alone(workspace):
            for name in sweep(workspace):
                _say(f"Ended {name}, which an earlier station had left running")
            asyncio.run(_run(Station(workspace, page=_page_port(options.port), say=_say), workspace))
    except (ProcessError, MissingEnvironmentError, StartError) as error:
        print(f"Stationmaster's demo stopped: {error}", file=sys.stderr)
        return 1
    return 0


class StartError(Exception):
    """The station can't start; the message says why, in words for people."""


async def _run(station: Station, workspace: Workspace) -> None:
    """Let the station live until the first signal; a second one ends its processes at once."""
    life = asyncio.create_task(_live(station, workspace))
    signals = 0

    def on_signal() -> None:
        nonlocal signals
        signals += 1
        if signals == 1:
            _say("Stopping; once more to stop at once")
            life.cancel()
        else:
            station.kill()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    try:
        await life
    except asyncio.CancelledError:
        _say("Stopped; the next start finds its history again")


async def _live(station: Station, workspace: Workspace) -> None:
    _say("Stationmaster is starting PostgreSQL, Airflow, MLflow and a stand-in Slack")
    try:
        await station.start()
        _announce(station, workspace)
        raise await station.failure()
    finally:
        await station.stop()


def _announce(station: Station, workspace: Workspace) -> None:
    _say(f"Stationmaster is ready: open {station.slack.url}")
    _say(f"  Airflow {station.airflow.url} (user {station.airflow.username}, password {station.airflow.password})")
    _say(f"  MLflow  {station.mlflow.url}")
    _say(f"  Logs in {workspace.root / 'logs'}; Ctrl-C stops everything")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--data", type=Path, default=REPOSITORY / ".demo", help="folder that keeps everything")
    parser.add_argument(
        "--port", default=os.environ.get("DEMO_PORT", ""), help="port of the page; by default 8484 or a free one"
    )
    return parser.parse_args()


def _page_port(asked: str) -> int:
    """Return the port that was asked for, or the usual one, or a free one where that is taken."""
    if not asked:
        return free_port(USUAL_PORT)
    if not asked.isdecimal() or not 0 < int(asked) < 65536:
        raise StartError(f"DEMO_PORT is {asked!r}: give a number from 1 to 65535")
    if not claim(int(asked)):
        raise StartError(f"port {asked} is taken: set DEMO_PORT to another, or leave it out for a free one")
    return int(asked)


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace: two stations on the same data would destroy it. The system releases it with us."""
    workspace.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (workspace.root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"another one already runs on {workspace.root}") from None
        yield


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
