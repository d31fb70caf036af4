"""Calls of services, counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceRejected
from bot.observing.calls import observed
from bot.observing.metrics import Metrics


class Service:
    """An adapter that does as it is told."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def url(self, name: str) -> str:
        return f"http://service.test/{name}"

    async def ask(self, what: str, *, twice: bool = False) -> str:
        if self.error:
            raise self.error
        return what * (1 + twice)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (ServiceDown("x"), "down"),
        (ServiceDenied("x"), "denied"),
        (ServiceRejected("x"), "rejected"),
        (ServiceConfused("x"), "confused"),
        (NotFound("x"), "absent"),
        (RuntimeError("x"), "failed"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
async def test_a_call_is_counted_by_its_outcome(error: Any, outcome: str) -> None:
    """Whatever came of it, it is passed on as it is."""
    metrics, service = Metrics(), Service()
    service.error = error
    watched = observed(service, "airflow", metrics)
    if error is None:
        assert await watched.ask("a", twice=True) == "aa"
    else:
        with pytest.raises(type(error)):
            await watched.ask("a")
    text = metrics.text().decode()
    assert f'stationmaster_service_calls_total{{call="ask",outcome="{outcome}",service="airflow"}} 1.0' in text
    assert 'stationmaster_service_call_seconds_count{service="airflow"} 1.0' in text


async def test_what_is_no_call_is_not_counted() -> None:
    """An address is made without asking anyone."""
    metrics = Metrics()
    assert observed(Service(), "airflow", metrics).url("run") == "http://service.test/run"
    assert "airflow" not in metrics.text().decode()
