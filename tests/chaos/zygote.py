"""`python -m tests.chaos.zygote [MODULE …]`: a parent that has imported a whole bot, and forks one when it is told to.

A bot's imports take a second of CPU, which is what limits how often one can be killed in a minute. A fork has them
already, and then runs the same `stationmaster serve`, by settings from its environment alone. Each MODULE is imported
too: that is how tests put a bug into the bot. Orders come as JSON lines on standard input, each with one line of
answer:

    {"start": {NAME: VALUE, …}}     →  {"pid": …}
    {"signal": NUMBER, "pid": …}    →  {"over": …}    SIGKILL returns when the process is gone
    {"poll": PID}                   →  {"over": …}    whether it has ended

What a bot writes goes to the zygote's standard error. Nobody else waits for these children, so a number is never given
to another process before it was asked for here. When the input ends, all children are killed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

PRELOADED = (
    "bot.app",
    "bot.log",
    "bot.settings.config",
    "airflow_client.client",
    "bot.airflow.sdk",
    "mlflow",
    "mlflow.tracking",
    "aiosqlite",
    "slack_bolt.adapter.socket_mode.async_handler",
)


class Zygote:
    """Carries out orders."""

    def __init__(self) -> None:
        self._living: set[int] = set()

    def carry_out(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order; the answer to it."""
        if "start" in order:
            return {"pid": self._start(order["start"])}
        if "signal" in order:
            return {"over": self._send(order["pid"], order["signal"])}
        return {"over": self._is_over(order["poll"], os.WNOHANG)}

    def end(self) -> None:
        """Kill every child."""
        for pid in list(self._living):
            self._send(pid, signal.SIGKILL)

    def _start(self, environment: dict[str, str]) -> int:
        if threading.active_count() > 1:
            raise RuntimeError(f"no fork beside other threads: {threading.enumerate()}")
        if pid := os.fork():
            self._living.add(pid)
            return pid
        try:
            _serve(environment)
        finally:
            os._exit(1)

    def _send(self, pid: int, number: int) -> bool:
        if pid in self._living:
            os.kill(pid, number)
        return self._is_over(pid, 0 if number == signal.SIGKILL else os.WNOHANG)

    def _is_over(self, pid: int, how: int) -> bool:
        if pid in self._living and os.waitpid(pid, how)[0] == pid:
            self._living.remove(pid)
        return pid not in self._living


def _serve(environment: dict[str, str]) -> None:
    """Become the bot: its environment, its output, and `serve`, which leaves by itself."""
    os.environ.clear()
    os.environ.update(environment)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    from bot.__main__ import main

    sys.exit(main(["serve"]))


def main() -> None:
    """Import, say so, and carry out orders until there are none."""
    for name in (*PRELOADED, *sys.argv[1:]):
        importlib.import_module(name)
    from bot.conversation.commands import discover

    discover()
    gc.collect()
    gc.freeze()  # pages that the collector doesn't touch stay shared
    zygote = Zygote()
    print(json.dumps({"ready": os.getpid()}), flush=True)
    with suppress(KeyboardInterrupt):
        for line in sys.stdin:
            print(json.dumps(zygote.carry_out(json.loads(line))), flush=True)
    zygote.end()


if __name__ == "__main__":
    main()
