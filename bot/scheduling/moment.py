"""One moment, or a day, as people say it: `tomorrow 03:00`, `friday at 7`, `in 2 hours`, `2026-12-01 04:00`. Pure.

A time that clocks skip is refused; of one that comes twice the first is taken, and said to be.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.errors import Refusal, shorten
from bot.scheduling.dayparts import DAY, MONTH, TIME, WEEKDAYS, clock, month, time_of_day, weekday
from bot.scheduling.grammar import plain

FURTHEST = timedelta(days=366)
EXAMPLES = "tomorrow 03:00, friday at 7, in 2 hours, or 2026-12-01 04:00"
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DATE_WORDS = rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH})(?: (?P<year>\d{{4}}))?"
_DATE_AMERICAN = rf"(?P<month>{MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?")
_IN = re.compile(r"in (?P<n>\d+|an?) ?(?P<unit>minutes?|mins?|hours?|hrs?|h|m|days?|d|weeks?|w)")
_TIMED = re.compile(rf"(?P<day>.*?)(?:(?:^|\s)at (?P<at>{TIME})|(?:^|\s)(?P<bare>{TIME}))")


class Moment(NamedTuple):
    """A moment with its zone; `note` says what was assumed, empty where nothing was."""

    at: datetime
    note: str = ""


def read_moment(text: str, zone: str, now: datetime) -> Moment:
    """The moment that is meant on a clock in `zone`, after `now`, within a year. Refusal where it is not clear."""
    said, here = plain(text), now.astimezone(ZoneInfo(zone))
    found = _relative(said, now) or _iso(said, zone) or _named(said, here)
    if found is None:
        raise Refusal(f"I can't read “{shorten(text)}” as a time.", hint=f"Say it like {EXAMPLES}.")
    if found.at <= now:
        raise Refusal(f"{_shown(found.at, zone)} has passed.", hint=f"Say a later time, such as {EXAMPLES}.")
    if found.at - now > FURTHEST:
        raise Refusal(f"{_shown(found.at, zone)} is over a year away.", hint="Say a time within a year.")
    return found


def read_day(text: str, zone: str, now: datetime) -> date:
    """The day that is meant: `2026-12-01`, `1 december`, `friday`, `today`. Refusal where there is none."""
    found = _day(plain(text).removeprefix("on "), now.astimezone(ZoneInfo(zone)).date())
    if found is None:
        raise Refusal(f"I can't read “{shorten(text)}” as a day.", hint="Say it like 2026-12-01, 1 december or friday.")
    return found


def end_of(day: date, zone: str) -> datetime:
    """The last second of that day in `zone`, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def on_the_clock(wall: datetime, zone: str) -> Moment:
    """The moment (UTC) at which a clock in `zone` shows `wall` (naive). Refusal where it never does."""
    place = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(place).replace(tzinfo=None) != wall:
        after = first.astimezone(place)
        raise Refusal(
            f"There is no {wall:%H:%M} on {_date(wall.date())} in {zone}: clocks go forward over it.",
            hint=f"Say {after:%H:%M} instead.",
        )
    if first == second:
        return Moment(first)
    return Moment(first, f"{wall:%H:%M} comes twice on {_date(wall.date())}, as clocks go back: I take the first.")


def _relative(text: str, now: datetime) -> Moment | None:
    found = _IN.fullmatch(text)
    if found is None:
        return None
    many = 1 if found["n"].startswith("a") else int(found["n"])
    ahead = min(many * _SECONDS[found["unit"][0]], 2 * FURTHEST.total_seconds())  # further is refused all the same
    return Moment((now + timedelta(seconds=ahead)).astimezone(UTC))


def _iso(text: str, zone: str) -> Moment | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        given = datetime.fromisoformat(text.upper())
    except ValueError:
        raise Refusal(f"No calendar has {shorten(text)}.", hint=f"Say it like {EXAMPLES}.") from None
    return Moment(given.astimezone(UTC)) if given.tzinfo else on_the_clock(given, zone)


def _named(text: str, here: datetime) -> Moment | None:
    """A day and a time; without a day, the next time that a clock shows it."""
    found = _TIMED.fullmatch(text)
    zone = str(here.tzinfo)
    if found is None:
        if _day(text.removeprefix("on "), here.date()):
            raise Refusal(f"At what time, {shorten(text)}?", hint=f"Try: {shorten(text)} at 03:00")
        return None
    hour, minute = time_of_day((found["at"] or found["bare"]).strip())
    named = found["day"].strip().rstrip(",").removeprefix("on ")
    day = _day(named, here.date()) if named else here.date()
    if day is None:
        return None
    wall = datetime.combine(day, time(hour, minute))
    if (not named or _is_weekday(named)) and wall <= here.replace(tzinfo=None):
        wall += timedelta(days=7 if named else 1)
    return on_the_clock(wall, zone)


def _is_weekday(text: str) -> bool:
    return re.fullmatch(DAY, text) is not None


def _day(text: str, today: date) -> date | None:
    near = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2}
    if text in near:
        return today + timedelta(days=near[text])
    if _is_weekday(text):
        return today + timedelta(days=(weekday(text) - today.isoweekday()) % 7)
    if found := re.fullmatch(rf"(next|this) ({DAY})", text):
        coming = today + timedelta(days=(weekday(found[2]) - today.isoweekday() - 1) % 7 + 1)
        raise Refusal(
            f"“{found[0].capitalize()}” may be {_date(coming)} or {_date(coming + timedelta(days=7))}.",
            hint=f"Say the date, such as {coming.isoformat()}.",
        )
    return _calendar_day(text, today)


def _calendar_day(text: str, today: date) -> date | None:
    found = re.fullmatch(_DATE_WORDS, text) or re.fullmatch(_DATE_AMERICAN, text)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
        if found and found["year"]:
            return date(int(found["year"]), month(found["month"]), int(found["day"]))
        if found:
            this = date(today.year, month(found["month"]), int(found["day"]))
            return this if this >= today else this.replace(year=today.year + 1)
    except ValueError:
        raise Refusal(
            f"No calendar has {shorten(text)}.", hint="Say a day that there is, such as 2026-12-01."
        ) from None
    return None


def _date(day: date) -> str:
    return f"{WEEKDAYS[day.isoweekday() % 7]} {day.day} {day:%B}"


def _shown(moment: datetime, zone: str) -> str:
    here = moment.astimezone(ZoneInfo(zone))
    return f"{_date(here.date())} {here.year}, {clock(here.hour, here.minute)} in {zone},"
