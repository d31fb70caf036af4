"""A schedule carried to Airflow: written where Airflow makes DAGs of it, parsed, waited for; or taken back.

Each step may be repeated, so that a crash between any two of them is finished by the next start. The spec's revision
is what a repetition is known by, and what Airflow is asked for.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

from structlog import get_logger

from bot.jobs import JobContext, RetryLater
from bot.scheduling.seeing import Seen, parse, see
from bot.scheduling.spec import Conflict, ScheduleSpec
from bot.station import Station

log = get_logger(__name__)
ASK_AGAIN = 5.0  # seconds until Airflow is asked to parse again, where it doesn't show a schedule yet
ASK_EVERY = 2.0  # seconds between requests to parse: Airflow passes over one that comes while it reads the file
LOOK_EVERY = 0.3  # seconds between looks
LOOK_FOR = 15.0  # seconds of looks
PATIENCE = 900.0  # seconds that an Airflow which answers may take to show a schedule, before it is taken back
NEVER_SHOWN = "Airflow doesn't show it; an admin has to look whether it reads my schedules"


class Published(NamedTuple):
    """What came of it: when it runs next (ISO, empty for never), whether it is paused; or why it was taken back.

    `shown` is when Airflow had it, in epoch seconds.
    """

    next_run: str = ""
    paused: bool = False
    why: str = ""
    shown: float = 0.0


async def publish(ctx: JobContext, spec: ScheduleSpec, before: ScheduleSpec | None, station: Station) -> Published:
    """Wait until Airflow shows this spec, which is written. Where it can't be shown, `before` takes its place again.

    RetryLater, or a ServiceError, while Airflow is away or takes its time.
    """
    first = await ctx.step("looked first", _now)
    found = Published(**await ctx.step("shown", _shown, spec, first, station))
    if found.why:
        await ctx.step("taken back", take_back, spec, before, station)
    return found


async def _now() -> float:
    return time.time()


async def _shown(spec: ScheduleSpec, first: float, station: Station) -> dict[str, Any]:
    """Ask Airflow to parse, and look until it shows this revision."""
    await station.specs.install()
    begun = asked = time.monotonic()
    await parse(station)
    while time.monotonic() < begun + LOOK_FOR:
        if time.monotonic() > asked + ASK_EVERY:
            asked = time.monotonic()
            await parse(station)
        seen = await see(station, spec.id)
        if found := _read(spec, seen):
            return found._asdict()
        await asyncio.sleep(LOOK_EVERY)
    if time.time() - first > PATIENCE:
        return Published(why=NEVER_SHOWN)._asdict()
    raise RetryLater("Airflow doesn't show the schedule yet", after=ASK_AGAIN)


def _read(spec: ScheduleSpec, seen: Seen) -> Published | None:
    """What Airflow says of this revision; None while it says nothing of it."""
    if seen.broken:
        return Published(why=seen.broken)
    if not seen.there or seen.revision < spec.revision:
        return None
    if seen.next_run is None and not seen.paused and spec.until is None:
        return None  # the DAG is there, its next run is not worked out yet
    return Published(seen.next_run.isoformat() if seen.next_run else "", seen.paused, shown=time.time())


async def take_back(spec: ScheduleSpec, before: ScheduleSpec | None, station: Station) -> bool:
    """Put what was there before in the place of this spec, unless somebody has changed it since."""
    try:
        if before is None:
            await station.specs.remove(spec.id, spec.revision)
        else:
            await station.specs.put(before, spec.revision)
    except Conflict as conflict:
        log.info("schedule.changed_since", schedule=spec.id, revision=spec.revision, reason=conflict.sentence)
    await parse(station)
    return True
