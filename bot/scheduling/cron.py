"""Cron expressions of five fields, read into what Airflow and the bot understand alike. Pure.

What is read is written again in one plain form: numbers, ranges, lists, `*` and `*/n`, `L` as the last day of a month
and `1#2` as its second Monday. So no dialect's extras (wrapped ranges, seconds, hashes) reach Airflow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cronsim import CronSim, CronSimError

from bot.errors import Refusal, shorten

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
LAST = CronSim.LAST  # as a day of the month: its last
EVERY_HOUR = tuple(range(24))
EVERY_DAY = tuple(range(1, 32))
EVERY_MONTH = tuple(range(1, 13))
EVERY_WEEKDAY = tuple(range(7))
MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAMES = ("minute", "hour", "day of the month", "month", "day of the week")
_FIRST = datetime(2000, 1, 1)  # noqa: DTZ001  # any moment on a wall: only the fields matter
_BROKEN = re.compile(r"Bad (minute|hour|day-of-month|month|day-of-week)")
_BOUNDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31",
    "month": "1 to 12",
    "day-of-week": "0 (Sunday) to 6",
}


@dataclass(frozen=True)
class Cron:
    """Which minutes, hours, days, months and days of the week; 0 is Sunday. `nth`: (weekday, which of the month)."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...] = EVERY_DAY  # LAST may be among them
    months: tuple[int, ...] = EVERY_MONTH
    weekdays: tuple[int, ...] = EVERY_WEEKDAY
    nth: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """The expression, in its one plain form."""
        nth = ",".join(f"{weekday}#{which}" for weekday, which in self.nth)
        return " ".join(
            (
                _field(self.minutes, range(60)),
                _field(self.hours, range(24)),
                _days(self.days),
                _field(self.months, range(1, 13)),
                nth or _field(self.weekdays, range(7)),
            )
        )

    @property
    def every_day(self) -> bool:
        """Whether no day is left out."""
        return (self.days, self.months, self.weekdays, self.nth) == (EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY, ())

    def after(self, wall: datetime) -> Iterator[datetime]:
        """The times on a wall clock (naive), after this one."""
        return CronSim(self.text, wall)


def read_cron(text: str) -> Cron:
    """The expression, or preset, read. Refusal where it is none, says two things at once, or never comes round."""
    words = text.split()
    expression = _preset(words[0]) if len(words) == 1 else text
    fields = expression.split()
    if len(fields) in (6, 7):
        raise Refusal(
            f"“{shorten(text)}” has {len(fields)} fields; I take five, and no seconds or years.",
            hint="They are minute, hour, day of the month, month and day of the week, such as 0 6 * * 1.",
        )
    if len(fields) != 5:
        raise Refusal(f"“{shorten(text)}” is no cron expression: it takes five fields.", hint=f"In order: {_order()}.")
    return _sensible(_parsed(expression), expression)


def _preset(word: str) -> str:
    if word.lower() not in PRESETS:
        raise Refusal(f"I don't know “{shorten(word)}”.", hint=f"Presets are {', '.join(sorted(PRESETS))}.")
    return PRESETS[word.lower()]


def _order() -> str:
    return ", ".join(_NAMES)


def _parsed(expression: str) -> Cron:
    try:
        found = CronSim(expression, _FIRST)
    except CronSimError as error:
        raise _refusal(expression, str(error)) from error
    nth = sorted(each for each in found.weekdays if isinstance(each, tuple))
    plain = {each % 7 for each in found.weekdays if isinstance(each, int)}
    if CronSim.LAST_WEEKDAY in found.days or any(which == LAST for _, which in nth) or (nth and plain):
        raise Refusal(
            f"“{shorten(expression)}” says something that Airflow doesn't understand.",
            hint="Take L as the last day of the month, or 1#2 as its second Monday.",
        )
    return Cron(
        minutes=tuple(sorted(found.minutes)),
        hours=tuple(sorted(found.hours)),
        days=tuple(sorted(found.days)),
        months=tuple(sorted(found.months)),
        weekdays=EVERY_WEEKDAY if nth else tuple(sorted(plain)),
        nth=tuple((weekday % 7, which) for weekday, which in nth),
    )


def _refusal(expression: str, said: str) -> Refusal:
    wrong = _BROKEN.search(said)
    fields = expression.split()
    if wrong and wrong[1] == "day-of-month" and _never(fields):
        return Refusal(f"“{shorten(expression)}” never comes round: no such month has that day.", hint=_LAST_DAY)
    name = wrong[1] if wrong else "minute"
    given = fields[list(_BOUNDS).index(name)]
    return Refusal(
        f"“{shorten(given)}” is no {name.replace('-', ' ').replace('of', 'of the')} in “{shorten(expression)}”.",
        hint=f"It takes {_BOUNDS[name]}, with lists (1,15), ranges (1-5) and steps (*/2).",
    )


_LAST_DAY = "For the last day of a month, say L: 0 4 L * *."


def _never(fields: Sequence[str]) -> bool:
    """Whether the days are days, only not of these months."""
    try:
        CronSim(" ".join([*fields[:3], "*", "*"]), _FIRST)
    except CronSimError:
        return False
    return True


def _sensible(cron: Cron, expression: str) -> Cron:
    days = [day for day in cron.days if day != LAST]
    if days and LAST not in cron.days and min(days) > max(MONTH_DAYS[month - 1] for month in cron.months):
        raise Refusal(f"“{shorten(expression)}” never comes round: no such month has that day.", hint=_LAST_DAY)
    if cron.days != EVERY_DAY and (cron.weekdays != EVERY_WEEKDAY or cron.nth):
        raise Refusal(
            f"“{shorten(expression)}” names days of the month and days of the week; cron takes that as either of them.",
            hint="Make two schedules, one for each, or leave one of the two as *.",
        )
    return cron


def _field(values: Sequence[int], whole: range) -> str:
    if tuple(values) == tuple(whole):
        return "*"
    step = values[1] - values[0] if len(values) > 2 else 0
    if step > 1 and tuple(values) == tuple(whole[::step]):
        return f"*/{step}"
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in _runs(values))


def _days(days: Sequence[int]) -> str:
    numbers = [day for day in days if day != LAST]
    listed = [_field(numbers, range(1, 32))] if numbers else []
    return ",".join([*listed, *(["L"] if LAST in days else [])])


def _runs(values: Iterable[int]) -> list[list[int]]:
    """The values in runs without a gap."""
    found: list[list[int]] = []
    for value in values:
        if found and value == found[-1][-1] + 1:
            found[-1].append(value)
        else:
            found.append([value])
    return found
