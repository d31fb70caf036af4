"""Work that dies when a test says so, as its process would: nothing more is written, and its lease stays.

What a piece of work does to the outside are its points: each write to the database, to MLflow, to Airflow, to Slack,
once before it is done and once after. The work dies at one of them, and is taken over when its lease has run out.
"""

from __future__ import annotations

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
        self.died: set[str] = set()

    def point(self) -> None:
        """Whatever work comes by here: die, if this is its point."""
        job_id = str(structlog.contextvars.get_contextvars().get("job", ""))
        if job_id:
            self.counted[job_id] += 1
            if self.at.get(job_id) == self.counted[job_id]:
                self.died.add(job_id)
                raise Killed(job_id)

    def around(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The method with a point before it and one after it."""

        @wraps(method)
        async def call(*args: Any, **more: Any) -> Any:
            self.point()
            answer = await method(*args, **more)
            self.point()
            return answer

        return call


class Proxy:
    """A service whose named methods have points around them. It is never closed: tests share it."""

    def __init__(self, service: object, kills: Kills, *effects: str) -> None:
        self._service, self._kills, self._effects = service, kills, effects

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        return self._kills.around(found) if name in self._effects else found

    async def close(self) -> None:
        """See above."""


def proxy(service: object, kills: Kills, *effects: str) -> Any:
    """The service with points around these methods."""
    return Proxy(service, kills, *effects)


def arm(monkeypatch: pytest.MonkeyPatch, kills: Kills) -> None:
    """Points around every transaction of the database and every message."""
    write = Database.write

    @asynccontextmanager
    async def killed(self: Database, *, first: bool = False) -> AsyncIterator[Transaction]:
        kills.point()
        async with write(self, first=first) as tx:
            yield tx
        kills.point()

    monkeypatch.setattr(Database, "write", killed)
    for name in ("post", "update"):
        monkeypatch.setattr(SlackChat, name, kills.around(cast(Any, getattr(SlackChat, name))))
