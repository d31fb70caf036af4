"""Coming times and monthly prices as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.launching.price import Estimate, Quote
from bot.scheduling.monthly import a_month_costs, price_words
from bot.scheduling.said import coming, zone_words

MONDAY = datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_what_was_said_is_not_said_again() -> None:
    """The day and the hour once; the day alone while the hour is the same."""
    weekly = [MONDAY + timedelta(weeks=number) for number in range(3)]
    assert coming(weekly, ZoneInfo("Europe/Amsterdam")) == "Mon 23 Nov 06:00 · 30 Nov · 7 Dec"


def test_several_a_day_and_another_year() -> None:
    """Of the same day just the hour; another year is named."""
    hours = [MONDAY, MONDAY + timedelta(hours=6), MONDAY.replace(year=2027)]
    assert coming(hours, UTC) == "Mon 23 Nov 05:00 · 11:00 · 23 Nov 2027 05:00"


def test_the_hour_is_told_again_when_clocks_change() -> None:
    """06:00 by Amsterdam's clock is another hour in UTC from spring on."""
    amsterdam = ZoneInfo("Europe/Amsterdam")
    times = [datetime(2027, 3, 22, 6, tzinfo=amsterdam), datetime(2027, 3, 29, 6, tzinfo=amsterdam)]
    assert coming(times, UTC) == "Mon 22 Mar 05:00 · 29 Mar 04:00"


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Amsterdam", "Amsterdam time"), ("UTC", "UTC"), ("America/New_York", "New York time")],
)
def test_zones_are_named_by_their_city(zone: str, said: str) -> None:
    """Nobody says Europe/Amsterdam."""
    assert zone_words(zone) == said


def test_a_month_is_its_runs() -> None:
    """To a thousandth of a run, without leaving whole millionths."""
    assert a_month_costs(300_000, 4.345) == 1_303_500


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        (Quote("c", 3_600_000, "USD", Estimate(300, 400, 9, True)), "about $0.30 a run, $3 a month"),
        (Quote("c", 3_600_000, "USD", time_limit=600), "no history yet: $0.60 a run at most, $6 a month"),
        (Quote("c", 3_600_000, "USD"), "no history yet to tell the price"),
        (Quote("c", 0, "USD"), "costs nothing"),
    ],
)
def test_a_price_a_run_and_a_month(quote: Quote, said: str) -> None:
    """From history; else what the time limit lets it cost; else nobody knows."""
    assert price_words(quote, 10) == said
