"""A past span and its dates."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.backfilling.span import MOST, Span, as_value, date_parameter, dates_of, read_span
from bot.domain import Parameter, Pipeline
from bot.errors import Refusal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
JANUARY = Span(date(2026, 1, 1), date(2026, 1, 31))
DAY = Parameter(name="day", rule={"type": "string", "format": "date"}, default="2026-01-01")
AT = Parameter(name="at", rule={"type": ["null", "string"], "format": "date-time"})


@pytest.mark.parametrize(
    "words", ["from 2026-01-01 to 2026-01-31", "2026-01-01 to 2026-01-31", "From 2026-01-01 until 2026-01-31"]
)
def test_a_span_in_words(words: str) -> None:
    """Both days are within it."""
    assert read_span(words.split(), "UTC", NOW) == JANUARY


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "from which day to which"),
        ("from 2026-01-01", "from which day to which"),
        ("from 2026-02-01 to 2026-01-01", "is before"),
        ("from 2026-01-01 to tomorrow", "still to come"),
        ("from never to 2026-01-01", "I can't read"),
    ],
)
def test_no_span(words: str, said: str) -> None:
    """Says what is wrong with it."""
    with pytest.raises(Refusal) as refusal:
        read_span(words.split(), "UTC", NOW)
    assert said in refusal.value.sentence


@pytest.mark.parametrize(
    ("every", "many", "second"),
    [
        ("", 31, datetime(2026, 1, 2, tzinfo=UTC)),
        ("day", 31, datetime(2026, 1, 2, tzinfo=UTC)),
        ("2 weeks", 3, datetime(2026, 1, 15, tzinfo=UTC)),
        ("every week", 5, datetime(2026, 1, 8, tzinfo=UTC)),
        ("6 hours", 124, datetime(2026, 1, 1, 6, tzinfo=UTC)),
    ],
)
def test_dates_one_step_after_the_other(every: str, many: int, second: datetime) -> None:
    """From the first day's beginning to the last day's end."""
    found = dates_of(JANUARY, every, "UTC")
    assert (len(found), found[0], found[1]) == (many, datetime(2026, 1, 1, tzinfo=UTC), second)


def test_a_month_later_is_the_same_day_or_the_last() -> None:
    """From the 31st: the 28th of February, and the 31st again."""
    found = dates_of(Span(date(2026, 1, 31), date(2026, 4, 30)), "month", "UTC")
    assert [f"{each:%m-%d}" for each in found] == ["01-31", "02-28", "03-31", "04-30"]
    assert [f"{each:%m}" for each in dates_of(Span(date(2026, 11, 1), date(2027, 1, 31)), "month", "UTC")] == [
        "11",
        "12",
        "01",
    ]


def test_days_follow_the_wall_clock() -> None:
    """Midnight is midnight on both sides of a change of clocks."""
    found = dates_of(Span(date(2026, 3, 28), date(2026, 3, 30)), "day", "Europe/Amsterdam")
    assert [each.hour for each in found] == [0, 0, 0]
    assert found[0].utcoffset() != found[-1].utcoffset()


@pytest.mark.parametrize("every", ["fortnight", "0 days", "-1 day", "2"])
def test_no_step(every: str) -> None:
    """Says what one is."""
    with pytest.raises(Refusal) as refusal:
        dates_of(JANUARY, every, "UTC")
    assert "is no step" in refusal.value.sentence


def test_more_than_one_can_oversee() -> None:
    """Is refused, however long the span, at once."""
    with pytest.raises(Refusal) as refusal:
        dates_of(Span(date(1900, 1, 1), date(2026, 1, 1)), "hour", "UTC")
    assert f"more than {MOST} runs" in refusal.value.sentence


def test_the_parameter_that_takes_the_date() -> None:
    """The one that is named; else the only date; of several, none by itself."""
    both = Pipeline(dag_id="d", parameters=(DAY, AT))
    assert date_parameter("m", Pipeline(dag_id="d", parameters=(DAY,)), "") == DAY
    assert date_parameter("m", both, "") is None
    assert date_parameter("m", both, "at") == AT
    with pytest.raises(Refusal):
        date_parameter("m", both, "nope")


def test_a_date_as_the_parameter_takes_it() -> None:
    """A day, or a moment with its offset."""
    assert (as_value(DAY, NOW), as_value(AT, NOW)) == ("2026-11-21", "2026-11-21T12:00:00+00:00")
