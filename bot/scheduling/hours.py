"""The part of a schedule's words that says the times of a day: `at 06:00 and 18:00`, `every 6 hours`. Pure."""

from __future__ import annotations

import re

from bot.errors import Refusal, shorten
from bot.scheduling.cron import EVERY_HOUR
from bot.scheduling.dayparts import TIME, clock, time_of_day

Times = tuple[tuple[int, ...], tuple[int, ...]]  # hours and minutes of a day, every one with every other
COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
COUNT = rf"(?P<n>\d+|other|{'|'.join(COUNTS)})"
_AT = re.compile(rf"(?:^|\s)at (?P<times>{TIME}(?: and (?:at )?{TIME})*)(?=\s|$)")
_BARE = re.compile(
    r"(?:^|\s)(?P<times>(?:\d{1,2}[:.h]\d{2}(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon|midnight)"
    rf"(?: and (?:{TIME}))*)(?=\s|$)"
)
_PAST = r"(?: at (?P<past>:?\d{1,2}(?: and :?\d{1,2})*)| at minute (?P<minute>\d{1,2}))?"
_HOURS = re.compile(rf"(?:^|\s)(?:hourly|every hour|every {COUNT} ?(?:hours?|hrs?|h)){_PAST}(?=\s|$)")
_MINUTES = re.compile(rf"(?:^|\s)every (?:{COUNT} ?)?(?:minutes?|mins?)(?=\s|$)")


def time_part(text: str) -> tuple[Times | None, str]:
    """The times of a day, and the words without them."""
    for pattern, read_times in ((_MINUTES, _every_minutes), (_HOURS, _every_hours), (_AT, _at), (_BARE, _at)):
        if found := pattern.search(text):
            rest = f"{text[: found.start()]} {text[found.end() :]}"
            return read_times(found), " ".join(rest.split())
    if wrong := re.search(r"\bat (\S+)", text):
        raise Refusal(f"“{shorten(wrong[1])}” is no time of day.", hint="Times are 00:00 to 23:59, such as 06:00.")
    return None, text


def count(found: re.Match[str]) -> int:
    """How many COUNT says; one where it was left out."""
    word = found["n"]
    if word is None:
        return 1
    return int(word) if word.isdigit() else 2 if word == "other" else COUNTS.index(word) + 1


def _every_minutes(found: re.Match[str]) -> Times:
    step = count(found)
    if not 1 <= step <= 60 or 60 % step:
        raise _uneven(step, 60, "minute", "an hour")
    return (EVERY_HOUR, tuple(range(0, 60, step)))


def _every_hours(found: re.Match[str]) -> Times:
    step = count(found)
    if not 1 <= step <= 24 or 24 % step:
        raise _uneven(step, 24, "hour", "a day")
    past = found["past"] or found["minute"] or "0"
    minutes = sorted({int(minute) for minute in re.findall(r"\d+", past)})
    if minutes[-1] > 59:
        raise Refusal(f"An hour has no minute {minutes[-1]}.", hint="Minutes are 0 to 59, such as hourly at :30.")
    return (EVERY_HOUR[::step], tuple(minutes))


def _uneven(step: int, whole: int, unit: str, of: str) -> Refusal:
    near = [n for n in range(1, whole + 1) if whole % n == 0]
    fits = sorted(sorted(near, key=lambda n: abs(n - step))[:2])
    return Refusal(
        f"{of.capitalize()} is not a whole number of times {step} {unit}s, so the last gap would be another one.",
        hint=f"Try every {fits[0]} or every {fits[1]} {unit}s" + (", or every 2 days at 06:00." if step > 24 else "."),
    )


def _at(found: re.Match[str]) -> Times:
    times = {time_of_day(each.strip()) for each in re.split(r" and (?:at )?", found["times"])}
    hours, minutes = sorted({hour for hour, _ in times}), sorted({minute for _, minute in times})
    if len(hours) * len(minutes) != len(times):
        named = " and ".join(clock(*each) for each in sorted(times))
        raise Refusal(f"One schedule can't say {named}.", hint="Make a schedule for each, or take the same minute.")
    return tuple(hours), tuple(minutes)
