"""How long the runs of a DAG usually take: asked of Airflow once in a while, and kept in memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

from bot.domain import Run, RunState
from bot.station import Station

RECENT_RUNS = 100  # looked at
KEPT_SECONDS = 600.0


class Usual(NamedTuple):
    """Half of `runs` took at most `p50` seconds, nine of ten at most `p90`."""

    p50: float
    p90: float
    runs: int


class UsualDurations:
    """By DAG. Each is asked for again after ten minutes."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._kept: dict[str, tuple[float, Usual | None]] = {}

    async def of(self, dag_id: str) -> Usual | None:
        """From the last successful runs; None where there are none. ServiceError where Airflow doesn't answer."""
        until, known = self._kept.get(dag_id, (0.0, None))
        if time.monotonic() > until:
            known = usual(await self._station.orchestrator.recent_runs([dag_id], RECENT_RUNS))
            self._kept[dag_id] = (time.monotonic() + KEPT_SECONDS, known)
        return known


def usual(runs: Sequence[Run]) -> Usual | None:
    """From the successful ones among these runs."""
    seconds = [run.seconds for run in runs if run.state is RunState.SUCCESS and run.seconds is not None]
    if not seconds:
        return None
    p90 = statistics.quantiles(seconds, n=10, method="inclusive")[8] if len(seconds) > 1 else seconds[0]
    return Usual(statistics.median(seconds), p90, len(seconds))
