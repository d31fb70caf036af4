"""The times at which Airflow will start a schedule's runs, by Airflow's own rule for cron expressions. Pure.

When clocks go forward, a time that is skipped comes as much later (02:30 at 03:30); when they go back, one that comes
twice counts the second time, once. An expression of every hour follows elapsed time instead.

Each time is made from the one before it, as Airflow makes it whenever it reads the file, every half a minute or so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.scheduling.cron import EVERY_HOUR, Cron
from bot.scheduling.when import When

YEAR = timedelta(days=365.25)
MOST = 5_000  # times that are looked at to say how many a month has


def upcoming(
    when: When, zone: str, after: datetime, count: int = 5, *, until: datetime | None = None
) -> list[datetime]:
    """The next `count` times after `after` (aware), in UTC, none later than `until`; fewer where there are no more."""
    return list(islice(_until(fires(when, zone, after), until), count))


def fires(when: When, zone: str, after: datetime) -> Iterator[datetime]:
    """Every time strictly after `after` at which the schedule fires, in UTC, without an end."""
    place = ZoneInfo(zone)
    for moment in _cron_times(when.fields, place, after):
        if when.cycle is None or when.cycle.has(moment.astimezone(place).date()):
            yield moment


def anchored(when: When, zone: str, start: datetime) -> When:
    """The same with its first time after `start` in a turn, where it is a cycle that has not begun."""
    if when.cycle is None or when.cycle.anchor is not None:
        return when
    first = next(_cron_times(when.fields, ZoneInfo(zone), start))
    return when.model_copy(update={"cycle": when.cycle.on(first.astimezone(ZoneInfo(zone)).date())})


def a_month(when: When, zone: str, after: datetime) -> float:
    """How many times a month it fires, on the average of the next year."""
    begun = anchored(when, zone, after)
    times = list(islice(_until(fires(begun, zone, after), after + YEAR), MOST))
    span = (times[-1] - after) if len(times) == MOST else YEAR
    return len(times) / (span / (YEAR / 12))


def _until(moments: Iterator[datetime], until: datetime | None) -> Iterator[datetime]:
    for moment in moments:
        if until is not None and moment > until:
            return
        yield moment


def _cron_times(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    current = after.astimezone(UTC)
    while True:
        current = _next(cron, zone, current)
        yield current


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _next(cron: Cron, zone: ZoneInfo, current: datetime) -> datetime:
    """Airflow's `CronMixin._get_next`: the next time on the wall, made a moment."""
    wall = _wall(current, zone)
    following = next(cron.after(wall))
    if cron.hours == EVERY_HOUR:
        return current + (following - wall)
    return _moment(following, zone)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a clock shows that: the second time of two; of a skipped time, what it is an hour (the gap) later."""
    late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if _wall(late, zone) == wall:
        return late
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
