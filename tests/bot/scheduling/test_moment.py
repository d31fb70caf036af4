"""One moment, as people say it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.scheduling.moment import end_of, read_day, read_moment
from bot.scheduling.zones import read_zone

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # a Saturday; 19:00 in Amsterdam
AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tomorrow 03:00", "2026-11-22T02:00"),
        ("tomorrow at 3", "2026-11-22T02:00"),
        ("2026-12-01 04:00", "2026-12-01T03:00"),
        ("2026-12-01T04:00:00Z", "2026-12-01T04:00"),
        ("2026-12-01T04:00+05:30", "2026-11-30T22:30"),
        ("in 2 hours", "2026-11-21T20:00"),
        ("in 90 minutes", "2026-11-21T19:30"),
        ("in a week", "2026-11-28T18:00"),
        ("friday at 7", "2026-11-27T06:00"),
        ("on friday at 7", "2026-11-27T06:00"),
        ("saturday at 20:00", "2026-11-21T19:00"),
        ("saturday at 7", "2026-11-28T06:00"),
        ("at 20:00", "2026-11-21T19:00"),
        ("18:30", "2026-11-22T17:30"),
        ("tonight at 11 pm", "2026-11-21T22:00"),
        ("1 december at 4", "2026-12-01T03:00"),
        ("march 1st at noon", "2027-03-01T11:00"),
        ("december 1, 2026 at 4:00", "2026-12-01T03:00"),
    ],
)
def test_a_moment_is_read_in_the_persons_zone(said: str, meant: str) -> None:
    """Of a time alone, and of a day of the week, the next one."""
    found = read_moment(said, AMSTERDAM, NOW)
    assert (found.at, found.note) == (datetime.fromisoformat(meant).replace(tzinfo=UTC), "")
    assert found.at.utcoffset() is not None


def test_a_time_that_clocks_skip_is_refused() -> None:
    """With the one that comes instead."""
    with pytest.raises(Refusal, match="There is no 02:30 on Sunday 28 March in Europe/Amsterdam") as refused:
        read_moment("2027-03-28 02:30", AMSTERDAM, NOW)
    assert refused.value.hint == "Say 03:30 instead."


def test_of_a_time_that_comes_twice_the_first_is_taken() -> None:
    """And that is said."""
    found = read_moment("2027-10-31 02:30", AMSTERDAM, NOW)
    assert found.at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert found.note == "02:30 comes twice on Sunday 31 October, as clocks go back: I take the first."


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("tomorrow", "At what time"),
        ("friday", "At what time"),
        ("next friday at 7", "may be Friday 27 November or Friday 4 December"),
        ("today at 7", "Saturday 21 November 2026, 07:00 in Europe/Amsterdam, has passed"),
        ("2025-01-01 04:00", "has passed"),
        ("2028-11-01 04:00", "over a year away"),
        ("in 99999999999 weeks", "over a year away"),
        ("2026-02-30 04:00", "No calendar has"),
        ("31 february at 4", "No calendar has"),
        ("tomorrow at 25:00", "No clock shows"),
        ("soon", "I can't read"),
        ("in 0 minutes", "has passed"),
    ],
)
def test_what_is_no_moment_to_come_is_refused(said: str, why: str) -> None:
    """With what to say instead."""
    with pytest.raises(Refusal) as refused:
        read_moment(said, AMSTERDAM, NOW)
    assert why in refused.value.sentence
    assert refused.value.hint


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that people type is an error of ours."""
    for read in (read_moment, read_day):
        refused = None
        try:
            read(text, AMSTERDAM, NOW)
        except Refusal as refusal:
            refused = refusal
        assert refused is None or refused.hint


def test_a_day_is_read_and_ends_with_its_last_second() -> None:
    """As far as the zone's clocks go."""
    assert read_day("2026-12-31", AMSTERDAM, NOW) == date(2026, 12, 31)
    assert read_day("31 december", AMSTERDAM, NOW) == date(2026, 12, 31)
    assert read_day("yesterday", "Pacific/Auckland", NOW) == date(2026, 11, 21)
    assert end_of(date(2026, 12, 31), AMSTERDAM) == datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    assert end_of(date(2027, 3, 28), AMSTERDAM) == datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "zone"),
    [("europe/amsterdam", AMSTERDAM), ("Amsterdam", AMSTERDAM), ("new york", "America/New_York"), ("utc", "UTC")],
)
def test_a_zone_is_found_by_its_name_or_city(said: str, zone: str) -> None:
    """Whatever its case."""
    assert read_zone(said) == zone


@pytest.mark.parametrize(
    ("said", "hint"),
    [("Europe/Amsterdm", AMSTERDAM), ("Mars/Phobos", "Europe/Amsterdam or UTC"), ("+02:00", "Europe/Amsterdam or UTC")],
)
def test_a_zone_that_does_not_exist_is_refused(said: str, hint: str) -> None:
    """With what is near, or how zones are named."""
    with pytest.raises(Refusal, match="is not a time zone") as refused:
        read_zone(said)
    assert hint in refused.value.hint
