"""A schedule as somebody wants it, before it is one. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import Record
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.when import When


class Wanted(Record):
    """A schedule as somebody wants it; `id` and `revision` are of the one that it changes, empty and 0 for a new one.

    `compute` names a profile, empty for the model's own; `until` is its last day, by its zone's clock.
    """

    when: When
    zone: str
    conf: dict[str, Any] = {}
    compute: str = ""
    until: date | None = None
    reason: str = ""
    id: str = ""
    revision: int = 0


def wanted_of(spec: ScheduleSpec) -> Wanted:
    """An existing schedule, as what one would want to be changed."""
    return Wanted(
        when=spec.when,
        zone=spec.zone,
        conf=spec.conf,
        compute=str((spec.compute or {}).get("name") or ""),
        until=spec.until.astimezone(ZoneInfo(spec.zone)).date() if spec.until else None,
        reason=spec.reason,
        id=spec.id,
        revision=spec.revision,
    )
