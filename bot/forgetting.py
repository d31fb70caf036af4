"""Once a day, what is older than the setting RETENTION_DAYS is forgotten, by work like any other."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from structlog import get_logger

from bot.jobs import JobContext
from bot.station import Station

log = get_logger(__name__)
KIND = "retention"
DAILY = "17 3 * * *"
BATCH = 500  # rows of a kind in one transaction
PAUSE = 0.1  # seconds between two, for others to write in


async def plan(station: Station, days: int) -> None:
    """Have it done every night, by the configuration's zone; 0 days: keep everything."""
    if days:
        await station.jobs.put_schedule(KIND, KIND, {"days": days}, cron=DAILY, zone=station.config.current().zone)
    else:
        await station.jobs.remove_schedule(KIND)


async def forget(ctx: JobContext, args: dict[str, Any], station: Station) -> dict[str, int]:
    """Carry out "retention": forget in batches, until there is nothing left to forget. How many rows of each kind."""
    total: Counter[str] = Counter()
    while swept := Counter(await station.store.retention.sweep(args["days"], BATCH)):
        total += swept
        if max(swept.values()) < BATCH:
            break
        await asyncio.sleep(PAUSE)
    log.info("retention.done", **total)
    return dict(total)
