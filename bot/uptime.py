"""A clock that nobody sets, by which a process sees that it was stopped."""

from __future__ import annotations

import time

STOPPED = 3.0  # seconds; after such a pause another process may have gone on, and what was seen before is old


def uptime() -> float:
    """Seconds that pass while the machine sleeps too, where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
