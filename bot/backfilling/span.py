"""A past span and its dates, from words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain import Parameter, Pipeline
from bot.errors import BadValue, Refusal, UnknownWord
from bot.parameters.schemas import kinds
from bot.scheduling.moment import read_day

MOST = 200  # runs
_STEP = re.compile(r"(?:every )?(?P<n>\d{1,3})? ?(?P<unit>hour|day|week|month)s?")
_HOURS = {"hour": 1, "day": 24, "week": 168}
EXAMPLE = "backfill MODEL from 2026-01-01 to 2026-01-31"


class Span(NamedTuple):
    """From the first day to the last, both of them within."""

    first: date
    last: date


def read_span(words: Sequence[str], zone: str, now: datetime) -> Span:
    """ "from 2026-01-01 to 2026-01-31", "1 january to yesterday". Refusal where it is none, or not past."""
    text = " ".join(words).strip()
    found = re.fullmatch(r"(?:from )?(?P<first>.+?) (?:to|until|-|–) (?P<last>.+)", text, re.IGNORECASE)
    if found is None:
        raise Refusal("I need to know from which day to which.", example=EXAMPLE)
    first, last = read_day(found["first"], zone, now), read_day(found["last"], zone, now)
    if last < first:
        raise BadValue(f"{last:%Y-%m-%d} is before {first:%Y-%m-%d}.", hint="Name the earlier day first.")
    if last > now.astimezone(ZoneInfo(zone)).date():
        raise BadValue(f"{last:%Y-%m-%d} is still to come.", hint="A backfill is for days that have passed.")
    return Span(first, last)


def dates_of(span: Span, every: str, zone: str) -> list[datetime]:
    """The span's moments, one step after the other from the first day's beginning. Refusal where they are too many."""
    found = _STEP.fullmatch(every.strip().lower() or "day")
    if found is None or found["n"] == "0":
        raise BadValue(f"“{every}” is no step.", hint="Give --every hour, day, week, month, or such as “2 weeks”.")
    many, unit = int(found["n"] or 1), found["unit"]
    place = ZoneInfo(zone)
    moments: list[datetime] = []
    begin = datetime.combine(span.first, time(), place)
    end = datetime.combine(span.last + timedelta(days=1), time(), place)
    while (moment := _stepped(begin, many * len(moments), unit)) < end:
        moments.append(moment)
        check_many(len(moments))
    return moments


def check_many(many: int) -> None:
    """Refuse more than one can oversee."""
    if many > MOST:
        raise BadValue(f"That would be more than {MOST} runs.", hint="Take a shorter span, or a larger --every.")


def _stepped(begin: datetime, steps: int, unit: str) -> datetime:
    """By the wall clock; a month later is the same day, or the month's last."""
    if unit != "month":
        return begin + timedelta(hours=steps * _HOURS[unit])
    month = begin.month - 1 + steps
    year, month = begin.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return begin.replace(year=year, month=month, day=min(begin.day, last))


def date_parameter(model: str, pipeline: Pipeline, named: str) -> Parameter | None:
    """The parameter that takes each run's date: the one that is named, else the only one that is a date; or None."""
    if named:
        if found := pipeline.parameter(named):
            return found
        raise UnknownWord("parameter", named, of=model)
    dates = [each for each in pipeline.parameters if _takes_dates(each)]
    return dates[0] if len(dates) == 1 else None


def as_value(parameter: Parameter, moment: datetime) -> str:
    """The date as the parameter takes it."""
    return moment.isoformat() if parameter.rule.get("format") == "date-time" else f"{moment:%Y-%m-%d}"


def _takes_dates(parameter: Parameter) -> bool:
    return parameter.rule.get("format") in {"date", "date-time"} and "string" in kinds(parameter.rule)
