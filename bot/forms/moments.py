"""Days and times between Slack's pickers, which know no seconds and no zone, and ISO 8601. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

_PICKABLE = range(10**9, 10**10)  # Slack takes seconds since 1970 of ten digits


def day(value: Any) -> str | None:
    """A date as `YYYY-MM-DD`, or None where it is none."""
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def clock(value: Any) -> str | None:
    """A time of day as `HH:MM`, or None where it is none."""
    try:
        return f"{time.fromisoformat(value):%H:%M}" if isinstance(value, str) else None
    except ValueError:
        return None


def epoch(value: Any) -> int | None:
    """Seconds since 1970 of a date and time, UTC where it names no zone; None where a picker can't show it."""
    try:
        seconds = int(_moment(value).timestamp()) if isinstance(value, str) else 0
    except (ValueError, OverflowError):
        return None
    return seconds if seconds in _PICKABLE else None


def at(seconds: int, like: Any = None) -> str:
    """A moment in ISO 8601 with its zone: that of the date and time `like`, or UTC."""
    zone = _moment(like).tzinfo if epoch(like) is not None else UTC
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat()


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
