"""The times that are shown before a schedule is made, beside those at which Airflow makes runs."""

from __future__ import annotations

import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import Refusal
from bot.scheduling.clock import a_month, anchored, fires, upcoming
from bot.scheduling.cron import read_cron
from bot.scheduling.when import When, read_when
from demo.station.environments import program
from tests.station import need

AMSTERDAM = "Europe/Amsterdam"
CHANGES = {  # zones, and a day before each of two changes of their clocks
    "Europe/Amsterdam": ("2027-03-27", "2027-10-30"),
    "America/New_York": ("2027-03-13", "2027-11-06"),
    "Australia/Lord_Howe": ("2027-04-03", "2027-10-02"),  # by half an hour
    "Africa/Casablanca": ("2027-02-06", "2027-03-13"),  # back for Ramadan
    "America/St_Johns": ("2027-03-13", "2027-11-06"),
    "Europe/Dublin": ("2027-03-27", "2027-10-30"),
    "Asia/Kolkata": ("2027-03-27", "2027-10-30"),  # never
    "Asia/Beirut": ("2027-03-27", "2027-10-30"),  # at midnight
}
TELLING = [
    "30 2 * * *", "0 2 * * *", "0 3 * * *", "*/15 2 * * *", "*/20 1-3 * * *", "0 * * * *", "*/30 * * * *", "15 0 * * *",
    "0 */2 * * *", "30 1,2,3 * * *", "0 6 * * 1", "30 2 * * 0", "0 0 L * *", "0 4 * * 0#1",
    "45 23 28-31 * *", "0 0 * * *", "0,30 2 * * *", "*/15 1-3 * * *",
]  # fmt: skip


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def random_cron(pick: random.Random) -> str:
    """Any expression that we take, with hours near those that clocks skip and repeat."""

    def some(low: int, high: int) -> str:
        first, second = sorted(pick.sample(range(low, high + 1), 2))
        return pick.choice(
            [str(first), f"{first},{second}", f"{first}-{second}", f"*/{pick.randint(1, high // 2)}", "*"]
        )

    while True:
        days = pick.choice([f"* * {some(0, 6)}", f"{some(1, 31)} * *", "* * *", "L * *", f"* {some(1, 12)} *"])
        try:
            return read_cron(f"{some(0, 59)} {pick.choice([some(0, 4), some(0, 23)])} {days}").text
        except Refusal:
            continue


@pytest.fixture(scope="module")
def cases() -> list[tuple[str, str, str, int]]:
    """Through both changes of every zone: what tells most, and 100 expressions by chance, of a fixed seed."""
    pick = random.Random(2027)  # noqa: S311
    random_ones = [(random_cron(pick), pick.choice(list(CHANGES))) for _ in range(100)]
    both = [(cron, zone) for zone in CHANGES for cron in TELLING] + random_ones
    starts = [(cron, zone, day) for cron, zone in both for day in CHANGES[zone]]
    return [(cron, zone, at(f"{day}T13:07:11", zone).astimezone(UTC).isoformat(), 12) for cron, zone, day in starts]


@pytest.mark.timeout(600)
def test_the_times_are_those_of_airflows_own_timetable(cases: list[tuple[str, str, str, int]]) -> None:
    """Asked as its scheduler asks it, through both days on which clocks change, in zones of every kind."""
    need("airflow")
    script = Path(__file__).parent / "in_airflow" / "times.py"
    asked = subprocess.run(
        [program("airflow", "python"), script], input=json.dumps(cases), capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    theirs = json.loads(asked.stdout.splitlines()[-1])
    differ = []
    for (cron, zone, start, count), expected in zip(cases, theirs, strict=True):
        ours = upcoming(When(cron=cron), zone, datetime.fromisoformat(start), count)
        if [moment.isoformat() for moment in ours] != [datetime.fromisoformat(text).isoformat() for text in expected]:
            differ.append((cron, zone, start))
    assert differ == []
    assert len(theirs) > 400


def local(when: When, start: str, count: int = 3, zone: str = AMSTERDAM) -> list[str]:
    """The next times as a clock in the zone shows them."""
    found = upcoming(when, zone, at(start, zone), count)
    return [f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %H:%M %z}" for moment in found]


def test_on_the_day_that_clocks_go_forward_a_skipped_time_comes_later() -> None:
    """02:30 at 03:30, once."""
    times = local(read_when("daily at 02:30"), "2027-03-27T12:00")
    assert times == ["Sun 28 Mar 03:30 +0200", "Mon 29 Mar 02:30 +0200", "Tue 30 Mar 02:30 +0200"]


def test_on_the_day_that_clocks_go_back_a_repeated_time_comes_once() -> None:
    """The second time."""
    times = local(read_when("daily at 02:30"), "2027-10-30T12:00", 2)
    assert times == ["Sun 31 Oct 02:30 +0100", "Mon 01 Nov 02:30 +0100"]


def test_every_hour_follows_elapsed_time() -> None:
    """In both of the repeated hours, and not in the one that is skipped."""
    autumn = local(read_when("hourly"), "2027-10-31T01:30", 3)
    assert autumn == ["Sun 31 Oct 02:00 +0200", "Sun 31 Oct 02:00 +0100", "Sun 31 Oct 03:00 +0100"]
    assert local(read_when("hourly"), "2027-03-28T01:30", 2) == ["Sun 28 Mar 03:00 +0200", "Sun 28 Mar 04:00 +0200"]


def test_every_two_weeks_begins_with_the_next_time_and_skips_every_second() -> None:
    """Through a change of clocks, whose hour doesn't move."""
    begun = anchored(read_when("every 2 weeks on friday at 18:00"), AMSTERDAM, at("2027-10-08T19:00", AMSTERDAM))
    assert begun.cycle is not None
    assert str(begun.cycle.anchor) == "2027-10-11"
    times = local(begun, "2027-10-08T19:00", 3)
    assert times == ["Fri 15 Oct 18:00 +0200", "Fri 29 Oct 18:00 +0200", "Fri 12 Nov 18:00 +0100"]


def test_an_anchor_stays_when_the_schedule_is_looked_at_later() -> None:
    """The turns are counted from the first time, whenever somebody asks; anchoring again changes nothing."""
    begun = anchored(read_when("every 3 days at 06:00"), AMSTERDAM, at("2026-11-21T12:00", AMSTERDAM))
    assert local(begun, "2026-11-23T12:00", 2) == ["Wed 25 Nov 06:00 +0100", "Sat 28 Nov 06:00 +0100"]
    assert anchored(begun, AMSTERDAM, at("2026-12-24T12:00", AMSTERDAM)) == begun


def test_nothing_comes_after_the_end() -> None:
    """A time at the very end still does."""
    when, start = read_when("daily at 06:00"), at("2026-11-21T12:00", AMSTERDAM)
    until = at("2026-11-23T06:00", AMSTERDAM)
    assert len(upcoming(when, AMSTERDAM, start, 5, until=until)) == 2
    assert upcoming(when, AMSTERDAM, start, 5, until=until - timedelta(seconds=1)) == [at("2026-11-22T05:00")]


def test_a_time_that_it_is_now_has_passed() -> None:
    """Only what is later counts."""
    assert next(fires(read_when("daily at 06:00"), "UTC", at("2026-11-21T06:00"))) == at("2026-11-22T06:00")


@pytest.mark.parametrize(
    ("said", "expected"),
    [("daily at 06:00", 30.44), ("every monday at 6", 4.35), ("on the 1st of every month at 4", 1.0), ("hourly", 730.5),
     ("every 2 weeks on friday at 18:00", 2.17), ("every year on 1 march at 4", 0.083), ("every minute", 43_830)],
)  # fmt: skip
def test_how_often_a_month(said: str, expected: float) -> None:
    """On the average of a year, for what a month will cost; of a cycle, only its turns."""
    assert a_month(read_when(said), AMSTERDAM, at("2026-11-21T12:00")) == pytest.approx(expected, rel=0.02)
