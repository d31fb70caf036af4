"""SQLite operations that a cancelled task sees through to their end.

An aiosqlite operation runs in a thread and can't be taken back. Where its waiting task is cancelled, SQLAlchemy throws
the connection away while the thread still uses it, and a `BEGIN IMMEDIATE` among those operations then locks the whole
database until the garbage collector comes by. So here a cancellation waits: within `uninterrupted()` for the end of the
block, elsewhere for the end of the operation.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


@dataclass
class _Block:
    task: asyncio.Task[Any] | None
    postponed: list[asyncio.CancelledError] = field(default_factory=list)


_block: ContextVar[_Block | None] = ContextVar("block", default=None)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Postpone a cancellation that arrives during one of the block's operations until the block has ended."""
    block = _Block(asyncio.current_task())
    token = _block.set(block)
    try:
        yield
    finally:
        _block.reset(token)
        if block.postponed:
            raise block.postponed[0]


class PatientConnection(aiosqlite.Connection):
    """An aiosqlite connection whose operations are not left alone half-way. Its thread doesn't keep a process alive."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True

    async def _connect(self) -> aiosqlite.Connection:
        try:
            return await _to_its_end(super()._connect())
        except Exception:
            await _to_its_end(asyncio.to_thread(self._thread.join))  # it is stopped; unwaited, it may outlive the loop
            raise

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        result: T = await _to_its_end(super()._execute(fn, *args, **kwargs))  # type: ignore[no-untyped-call]
        return result


async def _to_its_end(operation: Awaitable[T]) -> T:
    work = asyncio.ensure_future(operation)
    cancelled: list[asyncio.CancelledError] = []
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled.append(error)
    block = _block.get()
    if block and block.task is asyncio.current_task():
        block.postponed += cancelled
    elif cancelled:
        raise cancelled[0]
    return work.result()
