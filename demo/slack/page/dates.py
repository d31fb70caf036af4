"""Slack's date tokens, in the reader's zone and clock."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from demo.slack.world import Person

_TOKEN = re.compile(r"\{(\w+)\}")


def show_date(timestamp: int, pattern: str, reader: Person, now: float) -> str:
    """The pattern with its tokens, such as `{date_short} at {time}`, filled in; unknown tokens stay.

    `timestamp` and `now` are seconds since 1970. Raises ValueError for a moment out of range.
    """
    try:
        then = datetime.fromtimestamp(timestamp, UTC).astimezone(reader.zone)
    except (OverflowError, OSError) as exc:
        raise ValueError("out of range") from exc
    today = datetime.fromtimestamp(now, UTC).astimezone(reader.zone)

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("time", "time_secs"):
            return show_time(then, reader, seconds=name == "time_secs")
        if name == "ago":
            return _ago(now - timestamp)
        form = _DAYS.get(name.removesuffix("_pretty"))
        if form is None:
            return match[0]
        near = _near(then, today) if name.endswith("_pretty") else None
        return near or form(then)

    return _TOKEN.sub(fill, pattern)


def show_time(then: datetime, reader: Person, *, seconds: bool = False) -> str:
    """The time of day on the reader's kind of clock."""
    if reader.clock == "24h":
        return f"{then:%H:%M:%S}" if seconds else f"{then:%H:%M}"
    minutes = f"{then:%M:%S}" if seconds else f"{then:%M}"
    return f"{then.hour % 12 or 12}:{minutes} {then:%p}"


def show_moment(ts: str, reader: Person) -> tuple[str, str]:
    """A message's ts as its time of day, and as a full date for a tooltip."""
    then = datetime.fromtimestamp(float(ts), UTC).astimezone(reader.zone)
    return show_time(then, reader), f"{_long(then)} at {show_time(then, reader, seconds=True)}"


def show_day(ts: str, reader: Person, now: float) -> str:
    """The day of a ts as a divider says it."""
    then = datetime.fromtimestamp(float(ts), UTC).astimezone(reader.zone)
    today = datetime.fromtimestamp(now, UTC).astimezone(reader.zone)
    return (_near(then, today) or f"{then:%A}, {then:%B} {_ordinal(then.day)}").capitalize()


def _ordinal(day: int) -> str:
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _long(then: datetime) -> str:
    return f"{then:%A}, {then:%B} {_ordinal(then.day)}, {then.year}"


_DAYS: dict[str, Callable[[datetime], str]] = {
    "date_num": lambda then: f"{then:%Y-%m-%d}",
    "date": lambda then: f"{then:%B} {_ordinal(then.day)}, {then.year}",
    "date_short": lambda then: f"{then:%b} {then.day}, {then.year}",
    "date_long": _long,
    "date_slash": lambda then: f"{then:%m/%d/%Y}",
    "day_divider": lambda then: f"{then:%A}, {then:%B} {_ordinal(then.day)}",
}


def _near(then: datetime, today: datetime) -> str | None:
    days = (then.date() - today.date()).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count = int(abs(seconds) // size)
        if count:
            words = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "now"
