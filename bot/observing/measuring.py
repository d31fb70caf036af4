"""The metrics that are looked up when they are asked for, rather than counted as things happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from structlog import get_logger

from bot.following.tracker import Tracker
from bot.observing.metrics import UNKNOWN, Metrics
from bot.station import Station

log = get_logger(__name__)


class Measuring:
    """Looks them up. `edits_left` asks for Slack's budget of edits. What can't be told is NaN, not what it was."""

    def __init__(self, station: Station, tracker: Tracker, edits_left: Callable[[], Awaitable[int]]) -> None:
        self._station, self._tracker, self._edits_left = station, tracker, edits_left

    async def measure(self) -> None:
        """Set them all."""
        metrics = self._station.metrics
        metrics.tracker(holder=self._tracker.holds, lag=self._tracker.lag)
        for look in (self._jobs, self._edits, self._audit):
            try:
                await look(metrics)
            except Exception:  # the database is away: what is counted is told all the same
                log.warning("metrics.unknown", exc_info=True)

    async def _jobs(self, metrics: Metrics) -> None:
        metrics.jobs(None)
        metrics.jobs(await self._station.jobs.gauges())

    async def _edits(self, metrics: Metrics) -> None:
        metrics.edits(UNKNOWN)
        metrics.edits(await self._edits_left())

    async def _audit(self, metrics: Metrics) -> None:
        metrics.unsealed(UNKNOWN, UNKNOWN)
        waiting = await self._station.store.audit.unsealed()
        metrics.unsealed(waiting.rows, waiting.seconds)
