"""Stopping a run and setting it going again, such that repeating either after a lost answer does no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.airflow.answer import SERVICE
from bot.airflow.endpoints import Endpoints
from bot.domain import Run, RunKey, RunState, Task, TaskState
from bot.errors import NotFound, ServiceConfused, ServiceDown
from bot.uptime import STOPPED, uptime

Look = Callable[[], Awaitable[Run | None]]


class Steering:
    """`pauses` are the seconds between attempts."""

    def __init__(self, airflow: Endpoints, pauses: Sequence[float]) -> None:
        self._airflow, self._pauses = airflow, tuple(pauses)

    async def stop(self, key: RunKey, look: Look) -> Run:
        """See Orchestrator."""

        async def act(_: Run) -> bool:
            await self._airflow.set_failed(key.dag_id, key.run_id)
            return True

        return await self._until(key, look, lambda run: run.state.over, act)

    async def retry(self, key: RunKey, look: Look, tasks: Callable[[], Awaitable[Sequence[Task]]]) -> Run:
        """See Orchestrator. A run that was queued anew since the first look was set going by an earlier attempt."""
        first = await look()

        async def act(_: Run) -> bool:
            left = [(task.task_id, task.map_index) for task in await tasks() if task.state is not TaskState.SUCCESS]
            if left:
                await self._airflow.clear(key.dag_id, key.run_id, left)
            return bool(left)

        def done(run: Run) -> bool:
            return run.state is not RunState.FAILED or (first is not None and run.queued != first.queued)

        return await self._until(key, look, done, act)

    async def _until(
        self, key: RunKey, look: Look, done: Callable[[Run], bool], act: Callable[[Run], Awaitable[bool]]
    ) -> Run:
        """Look, and act where it isn't done; after an answer that is lost or unreadable look again before acting."""
        for pause in (*self._pauses, None):
            run = await _seen(key, look)
            if done(run):
                return run
            try:
                if not await act(run):
                    return run
                return await _seen(key, look)
            except (ServiceDown, ServiceConfused) as exc:
                if pause is None or getattr(exc, "retry_after", None) is not None:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")


async def _seen(key: RunKey, look: Look) -> Run:
    """The run as it is now: Airflow stops one whatever its state, so that what was seen long ago is no ground to."""
    begun = uptime()
    run = await look()
    if uptime() - begun > STOPPED:
        run = await look()
    if run is None:
        raise NotFound(SERVICE, f"run {key.run_id} of {key.dag_id}")
    return run
