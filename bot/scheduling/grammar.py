"""The words for a schedule's times, read into a cron expression and, where no cron can say it, a cycle. Pure.

A text is a part that says the time of day (`at 06:00 and 18:00`, `every 6 hours`) and a part that says the days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bot.errors import Refusal, shorten
from bot.scheduling.cron import EVERY_MONTH, LAST, MONTH_DAYS, Cron
from bot.scheduling.dayparts import (
    DAY,
    MONTH,
    MONTHS,
    NTH,
    WEEKEND,
    WORKDAYS,
    month,
    ordinal,
    weekday,
)
from bot.scheduling.hours import COUNT, Times, count, time_part


class Reading(NamedTuple):
    """What was read: a cron expression, and every so-manieth `unit` (days, weeks) of its times."""

    cron: Cron
    every: int = 1
    unit: str = ""


EXAMPLES = "every monday at 06:00, daily at 23:30, every 6 hours, on the 1st of every month at 04:00, or 0 6 * * 1"
_WEEKPART = r"(?:week|work|working ?|business ?)days?|weekends?"
_SPAN = rf"{DAY} ?(?:to|-|through|until) ?{DAY}"
_WEEK = rf"(?P<week>{_WEEKPART}|(?:{_SPAN}|{DAY})(?: and (?:{_SPAN}|{DAY}))*)"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)"
_NTH = "|".join([*NTH, "1st", "2nd", "3rd", "4th", "5th"])
_DATE = rf"(?:{_NUMBER}|last day|(?:{_NTH}) {DAY})"
_DATES = rf"(?:the )?(?P<dates>{_DATE}(?: and (?:the )?{_DATE})*)"
_MONTHLIST = rf"(?P<months>{MONTH}(?: and {MONTH})*)"
_ON = r"(?:(?:on|every|each) )?"

_FIRST_CRON = re.compile(r"[\d*][\d*/,-]*")


def plain(text: str) -> str:
    """Lower case, without quotes and doubled spaces; a cron expression's own signs are kept."""
    return " ".join(text.lower().replace('"', " ").replace("“", " ").replace("”", " ").split()).removeprefix("cron ")


def is_cron(text: str) -> bool:
    """Whether that is meant as a cron expression, right or wrong."""
    fields = text.split()
    if text.startswith("@"):
        return True
    return len(fields) > 1 and all(_FIRST_CRON.fullmatch(field) for field in fields[:2])


def read(text: str) -> Reading:
    """What these words say. Refusal, with what to say instead."""
    said = " ".join(re.sub(r",|&|\bplus\b", " and ", text).split()).replace("and and", "and").rstrip(".")
    times, days = time_part(said)
    for pattern, build in _RULES:
        if found := pattern.fullmatch(days):
            return build(found, times, text)
    raise _unknown(text)


def _unknown(text: str) -> Refusal:
    return Refusal(f"I can't read “{shorten(text)}” as times.", hint=f"Say it like {EXAMPLES}.")


def _timed(times: Times | None, text: str) -> Times:
    if times is None:
        raise Refusal(f"At what time, {shorten(text)}?", hint=f"Try: {shorten(text, 80)} at 06:00")
    return times


def _every_day(found: re.Match[str], times: Times | None, text: str) -> Reading:
    hours, minutes = _timed(times, text)
    return Reading(Cron(minutes, hours))


def _interval(found: re.Match[str], times: Times | None, text: str) -> Reading:
    """No days are named: every day then, if the times say `every`."""
    if times is None or ("every" not in text and "hourly" not in text):
        raise Refusal("On which days?", hint=f"Try: daily {shorten(text, 80)}")
    return _every_day(found, times, text)


def _every_days(found: re.Match[str], times: Times | None, text: str) -> Reading:
    return _every_day(found, times, text)._replace(every=_within(count(found), 366, "days"), unit="days")


def _within(count: int, most: int, unit: str) -> int:
    if not 1 <= count <= most:
        raise Refusal(f"Every {count} {unit} is out of my reach.", hint=f"Take 1 to {most} {unit}.")
    return count


def _on_weekdays(found: re.Match[str], times: Times | None, text: str) -> Reading:
    hours, minutes = _timed(times, text)
    groups = found.groupdict()
    months = _months(groups["months"]) if groups.get("months") else EVERY_MONTH
    week = _week_of(groups["week"]) if groups.get("week") else tuple(range(7))
    return Reading(Cron(minutes, hours, months=months, weekdays=week))


def _every_weeks(found: re.Match[str], times: Times | None, text: str) -> Reading:
    once = _on_weekdays(found, times, text)
    every = count(found) if found.groupdict().get("n") else 2
    return once._replace(every=_within(every, 52, "weeks"), unit="weeks")


def _week_of(text: str) -> tuple[int, ...]:
    if text.startswith(("weekend",)):
        return WEEKEND
    if re.fullmatch(_WEEKPART, text):
        return WORKDAYS
    days: set[int] = set()
    for part in text.split(" and "):
        first, *last = (weekday(word) for word in re.findall(DAY, part))
        days |= {(first + more) % 7 for more in range((last[0] - first) % 7 + 1)} if last else {first}
    return tuple(sorted(days))


def _months(text: str) -> tuple[int, ...]:
    return tuple(sorted({month(word) for word in re.findall(MONTH, text)}))


def _on_dates(found: re.Match[str], times: Times | None, text: str) -> Reading:
    groups = found.groupdict()
    months = _months(groups["months"]) if groups.get("months") else EVERY_MONTH
    if groups.get("n") or groups.get("quarterly"):
        months = EVERY_MONTH[:: _months_apart(3 if groups.get("quarterly") else count(found))]
    dates = groups.get("dates") or "1st"
    nth = tuple(sorted((weekday(day), _nth(which)) for which, day in re.findall(rf"({_NTH}) ({DAY})", dates)))
    days = tuple(sorted({int(number) for number in re.findall(r"(\d+)(?:st|nd|rd|th)(?! [a-z]+day)", dates)}))
    if "last day" in dates:
        days = (LAST, *days)
    if nth and days:
        raise Refusal("One schedule can't say dates and days of the week.", hint="Make two schedules, one for each.")
    hours, minutes = _timed(times, text)
    return Reading(Cron(minutes, hours, months=months, nth=nth) if nth else _dated(minutes, hours, days, months))


def _nth(word: str) -> int:
    return NTH.index(word) + 1 if word in NTH else int(word[0])


def _dated(minutes: Sequence[int], hours: Sequence[int], days: tuple[int, ...], months: tuple[int, ...]) -> Cron:
    for day in days:
        if day > 28 or day == 0:
            _must_come(day, months)
    return Cron(tuple(minutes), tuple(hours), days=days, months=months)


def _must_come(day: int, months: Sequence[int]) -> None:
    """A day that some of these months don't have would be left out of them silently."""
    missing = [number for number in months if MONTH_DAYS[number - 1] < day]
    if day == 0 or len(missing) == len(months):
        of = MONTHS[months[0] - 1] if len(months) == 1 else "a month"
        raise Refusal(f"There is no {ordinal(day)} of {of}.", hint=_LAST_DAY)
    if missing or (day == 29 and 2 in months):
        which = f"Not every {MONTHS[1]}" if months == (2,) else "Not every month"
        raise Refusal(f"{which} has a {ordinal(day)}.", hint=_LAST_DAY)


_LAST_DAY = "Say “on the last day of every month at 04:00”, or a day that there is."


def _months_apart(step: int) -> int:
    if not 1 <= step <= 12 or 12 % step:
        raise Refusal(f"A year is not a whole number of times {step} months.", hint="Take every 2, 3, 4 or 6 months.")
    return step


def _yearly(found: re.Match[str], times: Times | None, text: str) -> Reading:
    hours, minutes = _timed(times, text)
    return Reading(_dated(minutes, hours, (int(found["day"]),), (month(found["month"]),)))


def _refuse(sentence: str, hint: str) -> Callable[[re.Match[str], Times | None, str], Reading]:
    def build(found: re.Match[str], times: Times | None, text: str) -> Reading:
        raise Refusal(sentence.format(**found.groupdict()), hint=hint.format(**found.groupdict()))

    return build


_DAY_OF_YEAR = rf"(?:the )?(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH}))"
_YEAR = r"(?:yearly|annually|every year|each year)"
_RULES: list[tuple[re.Pattern[str], Callable[[re.Match[str], Times | None, str], Reading]]] = [
    (re.compile(pattern), build)
    for pattern, build in (
        (r"", _interval),
        (r"(?:at )?(?:daily|nightly|everyday|(?:every|each) (?:single )?(?:day|night|morning|evening))", _every_day),
        (rf"every {COUNT} (?:days?|nights?)", _every_days),
        (
            rf"every second (?P<day>{DAY})",
            _refuse(
                "“Every second {day}” may be every 2 weeks, or once a month.",
                "Try: every 2 weeks on {day} at 06:00, or: on the second {day} of every month at 06:00",
            ),
        ),
        (
            rf"(?:on |every |each |weekly on |weekly |every week on |{_YEAR} on )?{_WEEK}(?: weekly| every week)?",
            _on_weekdays,
        ),
        (rf"(?:every (?:day|{_WEEK})|daily) in {_MONTHLIST}", _on_weekdays),
        (rf"every (?:{COUNT}|second) weeks? (?:on )?{_WEEK}", _every_weeks),
        (rf"(?:on )?{_WEEK} every (?:{COUNT}|second) weeks?", _every_weeks),
        (rf"every {COUNT} {_WEEK}", _every_weeks),
        (rf"fortnightly (?:on )?{_WEEK}", _every_weeks),
        (
            r"(?:bi-?weekly|bi-?monthly|twice a (?:day|week|month)).*",
            _refuse(
                "That can mean twice in each, or once in two of them.",
                "Try: every 2 weeks on friday at 18:00, or: mondays and thursdays at 06:00",
            ),
        ),
        (
            rf"(?:weekly|every week|fortnightly|every (?:{COUNT}|second) weeks?)",
            _refuse("On which day of the week?", "Try: every monday at 06:00, or: every 2 weeks on friday at 18:00"),
        ),
        (rf"(?:monthly|every month|each month) (?:on )?{_DATES}", _on_dates),
        (rf"{_ON}{_DATES} (?:(?:of|in) )?(?:(?:every|each|the|a) month|monthly)", _on_dates),
        (rf"{_ON}{_DATES} (?:of|in) {_MONTHLIST}(?: {_YEAR})?", _on_dates),
        (rf"every {COUNT} months? (?:on )?{_DATES}", _on_dates),
        (rf"(?P<quarterly>quarterly|every quarter)(?: (?:on )?{_DATES})?", _on_dates),
        (
            rf"(?:monthly|every month|each month|every {COUNT} months?)",
            _refuse("On which day of the month?", "Try: on the 1st of every month at 04:00"),
        ),
        (rf"{_YEAR} (?:on )?{_DAY_OF_YEAR}", _yearly),
        (rf"{_ON}{_DAY_OF_YEAR}(?: {_YEAR})?", _yearly),
        (rf"(?:{_YEAR} )?{_ON}(?P<month>{MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: {_YEAR})?", _yearly),
        (_YEAR, _refuse("On which day of the year?", "Try: every year on 1 march at 04:00")),
    )
]
