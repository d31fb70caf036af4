"""An adapter whose calls are counted, timed and traced; for its users it is the adapter."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from bot.errors import (
    NotFound,
    NotInChannel,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceRejected,
)
from bot.observing.metrics import Metrics
from bot.observing.tracing import span

T = TypeVar("T")
OUTCOMES: dict[type[BaseException], str] = {
    ServiceDown: "down",
    ServiceDenied: "denied",
    ServiceRejected: "rejected",
    ServiceConfused: "confused",
    NotFound: "absent",
    NotInChannel: "outside",
    asyncio.CancelledError: "cancelled",
}


def observed(adapter: T, service: str, metrics: Metrics) -> T:
    """The adapter, with each of its asynchronous methods observed under the service's name."""
    return cast(T, _Observed(adapter, service, metrics))


class _Observed:
    def __init__(self, adapter: Any, service: str, metrics: Metrics) -> None:
        self._adapter, self._service, self._metrics = adapter, service, metrics

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if not inspect.iscoroutinefunction(found):
            return found
        watched = self._watched(name, found)
        setattr(self, name, watched)  # found at once the next time
        return watched

    def _watched(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(method)
        async def call(*args: Any, **kwargs: Any) -> Any:
            begun, outcome = time.perf_counter(), "ok"
            with span(f"{self._service}.{name}", within=True, service=self._service):
                try:
                    return await method(*args, **kwargs)
                except BaseException as error:
                    outcome = outcome_of(error)
                    raise
                finally:
                    self._metrics.called(self._service, name, outcome, time.perf_counter() - begun)

        return call


def outcome_of(error: BaseException) -> str:
    """The word for what came of a call that raised this; "failed" where it is none of the service's errors."""
    return next((OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES), "failed")
