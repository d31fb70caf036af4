"""From when on: `7d`, `36h`, `2w`, or a day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.errors import BadValue, shorten

_SPAN = re.compile(r"(?P<many>[1-9]\d{0,4})(?P<unit>[hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def since(text: str, now: datetime, zone: tzinfo = UTC) -> float:
    """The beginning of that span, or of that day in the zone, in epoch seconds. BadValue where it is neither."""
    if span := _SPAN.fullmatch(text.strip().lower()):
        return max(0.0, now.timestamp() - (int(span["many"]) * _UNITS[span["unit"]]).total_seconds())
    try:
        day = date.fromisoformat(text.strip())
        return datetime.combine(day, time(), zone).timestamp()
    except (ValueError, OverflowError):
        raise BadValue(
            f"“{shorten(text)}” is no span of time.", hint="--since takes 36h, 7d, 2w, or a day such as 2026-11-20."
        ) from None
