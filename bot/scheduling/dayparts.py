"""Names of days and months, ordinals and times of day, as people type and read them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.errors import Refusal, shorten

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")  # as cron counts them
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
NTH = ("first", "second", "third", "fourth", "fifth")
WORKDAYS = (1, 2, 3, 4, 5)
WEEKEND = (0, 6)

DAY = r"(?:sun|mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat)(?:day|nesday|sday|rsday|urday)?s?"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
TIME = r"(?:noon|midnight|\d{1,2}(?:[:.h]\d{2})? ?(?:am|pm)?)"
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))? ?(?P<half>am|pm)?")
_NAMED = {"noon": (12, 0), "midnight": (0, 0)}


def weekday(word: str) -> int:
    """The day of the week that matched DAY: 0 is Sunday."""
    return next(number for number, name in enumerate(WEEKDAYS) if name.lower()[:3] == word[:3])


def month(word: str) -> int:
    """The month that matched MONTH: 1 is January."""
    return next(number for number, name in enumerate(MONTHS, 1) if name.lower()[:3] == word[:3])


def time_of_day(text: str) -> tuple[int, int]:
    """Hour and minute of what matched TIME. Refusal where no clock shows that."""
    if text in _NAMED:
        return _NAMED[text]
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise Refusal(f"“{shorten(text)}” is no time of day.", hint=_CLOCKS)
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        raise Refusal(f"No clock shows {shorten(text)}.", hint=_CLOCKS)
    return (hour % 12 + (12 if half == "pm" else 0) if half else hour), minute


_CLOCKS = "Times are 00:00 to 23:59, such as 06:00, or 6 am."


def clock(hour: int, minute: int) -> str:
    """The time as `HH:MM`."""
    return f"{hour:02}:{minute:02}"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `11th`, …"""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def joined(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
