"""Work that dies when a test says so, as its process would: nothing more is written, and its lease stays.

What a piece of work does to the outside are its points: each write to the database, to MLflow, to Airflow, to Slack.
The work dies right after one of them, and is taken over when its lease has run out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, cast

import pytest
import structlog

from bot.chat import SlackChat
from bot.store import Database, Transaction


class Killed(BaseException):
    """The end of a process, as far as one piece of work is concerned: no `except Exception` sees it."""


class Kills:
    """Counts the points of each piece of work, by its id; `at` says at which one it dies, once."""

    def __init__(self) -> None:
        self.at: dict[str, int] = {}
        self.counted: Counter[str] = Counter()
        self.passed: dict[str, list[str]] = {}  # the names of the points that each has come by
        self.died: set[str] = set()

    def point(self, name: str) -> None:
        """Whatever work comes by here: die, if this is its point."""
        job_id = str(structlog.contextvars.get_contextvars().get("job", ""))
        if job_id:
            self.counted[job_id] += 1
            self.passed.setdefault(job_id, []).append(name)
            if self.at.get(job_id) == self.counted[job_id]:
                self.died.add(job_id)
                if task := asyncio.current_task():
                    task.add_done_callback(lambda ended: ended.exception())  # nobody else looks at it
                raise Killed(job_id)

    def around(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The method with a point after it."""

        @wraps(method)
        async def call(*args: Any, **more: Any) -> Any:
            answer = await method(*args, **more)
            self.point(method.__name__)
            return answer

        return call


class Proxy:
    """A service whose named methods have points after them. It is never closed: tests share it."""

    def __init__(self, service: object, kills: Kills, *effects: str) -> None:
        self._service, self._kills, self._effects = service, kills, effects

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        return self._kills.around(found) if name in self._effects else found

    async def close(self) -> None:
        """See above."""


def proxy(service: object, kills: Kills, *effects: str) -> Any:
    """The service with points after these methods."""
    return Proxy(service, kills, *effects)


def arm(monkeypatch: pytest.MonkeyPatch, kills: Kills) -> None:
    """Points after every transaction of the database and every message."""
    write = Database.write

    @asynccontextmanager
    async def killed(self: Database, *, first: bool = False) -> AsyncIterator[Transaction]:
        async with write(self, first=first) as tx:
            yield tx
        kills.point("write")

    monkeypatch.setattr(Database, "write", killed)
    for name in ("post", "update"):
        monkeypatch.setattr(SlackChat, name, kills.around(cast(Any, getattr(SlackChat, name))))
