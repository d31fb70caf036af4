"""Zones and coming times as people read them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def zone_words(zone: str) -> str:
    """ "Amsterdam time", "UTC"."""
    return f"{zone.rpartition('/')[2].replace('_', ' ')} time" if "/" in zone else zone


def coming(times: Sequence[datetime], zone: tzinfo) -> str:
    """ "Mon 23 Nov 06:00 · 30 Nov · 7 Dec": each on the clocks of the zone, without what the one before it has said."""
    said: list[str] = []
    before: datetime | None = None
    for time in times:
        local = time.astimezone(zone)
        said.append(_said(local, before))
        before = local
    return " · ".join(said)


def _said(local: datetime, before: datetime | None) -> str:
    day, clock = f"{local.day} {MONTHS[local.month - 1]}", f"{local:%H:%M}"
    year = f" {local.year}" if before and local.year != before.year else ""
    if before is None:
        return f"{DAYS[local.weekday()]} {day} {clock}"
    if local.date() == before.date():
        return clock
    return f"{day}{year}" if clock == f"{before:%H:%M}" else f"{day}{year} {clock}"
