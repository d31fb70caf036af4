"""A cron expression in words, of which those that `read_when` knows read back as the same expression. Pure."""

from __future__ import annotations

from bot.scheduling.cron import EVERY_DAY, EVERY_HOUR, EVERY_MONTH, EVERY_WEEKDAY, LAST, Cron
from bot.scheduling.dayparts import MONTHS, NTH, WEEKDAYS, WORKDAYS, clock, joined, ordinal

MOST_TIMES = 6  # times of a day that are named one by one


def words(cron: Cron, every: int = 1, unit: str = "") -> str:
    """Such as `every Monday at 06:00`; of a cycle, such as `every 2 weeks on Friday at 18:00`."""
    when = _times(cron)
    if not when:
        return f"by cron {cron.text}"
    if unit == "days":
        return f"every {every} days {when}"
    if unit == "weeks":
        return f"every {every} weeks on {_week(cron, '')} {when}"
    if cron.every_day:
        return when if when.startswith("every") else f"daily {when}"
    if cron.nth or cron.days != EVERY_DAY or cron.months != EVERY_MONTH:
        return f"{_dates(cron)} {when}"
    return f"every {_week(cron, '')} {when}"


def short(cron: Cron, every: int = 1, unit: str = "") -> str:
    """The same for a line of a list, such as `Mondays 06:00`."""
    whole = words(cron, every, unit)
    plain = not unit and not cron.every_day and not cron.nth and cron.days == EVERY_DAY and cron.months == EVERY_MONTH
    if plain and _times(cron).startswith("at "):
        whole = f"{_week(cron, 's')} {_times(cron)}"
    return whole.replace(" at ", " ")


def _times(cron: Cron) -> str:
    """`at 06:00 and 18:00`, `every 6 hours`, `every hour at :30`, `every 15 minutes`; empty for too many."""
    if cron.hours == EVERY_HOUR:
        return _minutes(cron.minutes)
    step = 24 // len(cron.hours)
    if len(cron.minutes) == 1 and len(cron.hours) > 2 and cron.hours == EVERY_HOUR[:: step or 1]:
        return f"every {step} hours{_past(cron.minutes)}"
    times = [clock(hour, minute) for hour in cron.hours for minute in cron.minutes]
    if len(times) <= MOST_TIMES:
        return f"at {joined(times)}"
    return ""


def _minutes(minutes: tuple[int, ...]) -> str:
    if len(minutes) == 60:
        return "every minute"
    step = 60 // len(minutes)
    if len(minutes) > 1 and minutes == tuple(range(0, 60, step)):
        return f"every {step} minutes"
    return f"every hour{_past(minutes)}"


def _past(minutes: tuple[int, ...]) -> str:
    return "" if minutes == (0,) else f" at {joined([f':{minute:02}' for minute in minutes])}"


def _week(cron: Cron, plural: str) -> str:
    """The days of the week, from Monday on."""
    if cron.weekdays == WORKDAYS:
        return f"weekday{plural}"
    ordered = sorted(cron.weekdays, key=lambda day: (day - 1) % 7)
    return joined([f"{WEEKDAYS[day]}{plural}" for day in ordered])


def _dates(cron: Cron) -> str:
    """`on the 1st and 15th of every month`, `on the second Monday of every month`, `every year on 1 March`."""
    months = [MONTHS[number - 1] for number in cron.months]
    of = "every month" if cron.months == EVERY_MONTH else joined(months)
    if cron.nth:
        return f"on the {joined([f'{NTH[which - 1]} {WEEKDAYS[day]}' for day, which in cron.nth])} of {of}"
    numbers = [day for day in cron.days if day != LAST]
    if len(months) == 1 and len(numbers) == 1 and LAST not in cron.days:
        return f"every year on {numbers[0]} {months[0]}"
    if cron.days == EVERY_DAY:
        week = "day" if cron.weekdays == EVERY_WEEKDAY else _week(cron, "")
        return f"every {week} in {of}"
    named = [*map(ordinal, numbers), *(["last day"] if LAST in cron.days else [])]
    return f"on the {joined(named)} of {of}"
