"""Words and cron expressions as times, and times as words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.errors import Refusal
from bot.scheduling.cron import read_cron
from bot.scheduling.when import Cycle, When, read_when


@pytest.mark.parametrize(
    ("said", "cron", "words", "short"),
    [
        ("every monday at 06:00", "0 6 * * 1", "every Monday at 06:00", "Mondays 06:00"),
        ("every weekday at 7", "0 7 * * 1-5", "every weekday at 07:00", "weekdays 07:00"),
        ("daily at 23:30", "30 23 * * *", "daily at 23:30", "daily 23:30"),
        ("Daily 23:30", "30 23 * * *", "daily at 23:30", "daily 23:30"),
        ("every night at 2 am", "0 2 * * *", "daily at 02:00", "daily 02:00"),
        ("hourly", "0 * * * *", "every hour", "every hour"),
        ("hourly at :30", "30 * * * *", "every hour at :30", "every hour :30"),
        ("every 6 hours", "0 */6 * * *", "every 6 hours", "every 6 hours"),
        ("every 2 hours at :15", "15 */2 * * *", "every 2 hours at :15", "every 2 hours :15"),
        ("every 15 minutes", "*/15 * * * *", "every 15 minutes", "every 15 minutes"),
        ("every 2 hours on mondays", "0 */2 * * 1", "every Monday every 2 hours", "every Monday every 2 hours"),
        (
            "on the 1st of every month at 04:00", "0 4 1 * *", "on the 1st of every month at 04:00",
            "on the 1st of every month 04:00",
        ),
        (
            "monthly on the 1st and 15th at 4am", "0 4 1,15 * *", "on the 1st and 15th of every month at 04:00",
            "on the 1st and 15th of every month 04:00",
        ),
        (
            "on the last day of every month at noon", "0 12 L * *", "on the last day of every month at 12:00",
            "on the last day of every month 12:00",
        ),
        (
            "on the first monday of every month at 6", "0 6 * * 1#1", "on the first Monday of every month at 06:00",
            "on the first Monday of every month 06:00",
        ),
        (
            "every 3 months on the 1st at 04:00", "0 4 1 */3 *",
            "on the 1st of January, April, July and October at 04:00",
            "on the 1st of January, April, July and October 04:00",
        ),
        ("every 1 march at 4:00", "0 4 1 3 *", "every year on 1 March at 04:00", "every year on 1 March 04:00"),
        ("mondays, wednesdays and fridays at 6:00", "0 6 * * 1,3,5", "every Monday, Wednesday and Friday at 06:00",
         "Mondays, Wednesdays and Fridays 06:00"),
        ("mon-fri at 7pm", "0 19 * * 1-5", "every weekday at 19:00", "weekdays 19:00"),
        ("weekends at 8", "0 8 * * 0,6", "every Saturday and Sunday at 08:00", "Saturdays and Sundays 08:00"),
        ("daily at 6:00 and 18:00", "0 6,18 * * *", "daily at 06:00 and 18:00", "daily 06:00 and 18:00"),
        ("0 6 * * 1", "0 6 * * 1", "every Monday at 06:00", "Mondays 06:00"),
        ("0 6 * * MON-FRI", "0 6 * * 1-5", "every weekday at 06:00", "weekdays 06:00"),
        ("0 6 * * 7", "0 6 * * 0", "every Sunday at 06:00", "Sundays 06:00"),
        ("@weekly", "0 0 * * 0", "every Sunday at 00:00", "Sundays 00:00"),
        ("@daily", "0 0 * * *", "daily at 00:00", "daily 00:00"),
    ],
)  # fmt: skip
def test_words_are_read_and_said_back(said: str, cron: str, words: str, short: str) -> None:
    """What is read comes back in words, and those words mean the same."""
    when = read_when(said)
    assert (when.cron, when.cycle, when.words, when.short) == (cron, None, words, short)
    assert read_when(when.words) == when


@pytest.mark.parametrize(
    ("said", "cron", "cycle", "words"),
    [
        ("every 2 weeks on friday at 18:00", "0 18 * * 5", (2, "weeks"), "every 2 weeks on Friday at 18:00"),
        ("every other friday at 18:00", "0 18 * * 5", (2, "weeks"), "every 2 weeks on Friday at 18:00"),
        ("fortnightly on fri at 6 pm", "0 18 * * 5", (2, "weeks"), "every 2 weeks on Friday at 18:00"),
        (
            "every 3 weeks on mon and thu at 9",
            "0 9 * * 1,4",
            (3, "weeks"),
            "every 3 weeks on Monday and Thursday at 09:00",
        ),
        ("every 3 days at 06:00", "0 6 * * *", (3, "days"), "every 3 days at 06:00"),
        ("every other day at noon", "0 12 * * *", (2, "days"), "every 2 days at 12:00"),
    ],
)
def test_what_no_cron_can_say_is_a_cycle(said: str, cron: str, cycle: tuple[int, str], words: str) -> None:
    """A cron expression, of whose days or weeks only every second, third, … counts."""
    when = read_when(said)
    assert when.cycle is not None
    assert (when.cron, (when.cycle.every, when.cycle.unit), when.words) == (cron, cycle, words)
    assert read_when(when.words) == when


@pytest.mark.parametrize(
    ("said", "why", "instead"),
    [
        ("every monday", "At what time", "every monday at 06:00"),
        ("daily", "At what time", "daily at 06:00"),
        ("at 06:00", "On which days", "daily at 06:00"),
        ("weekly at 6", "On which day of the week", "every monday at 06:00"),
        ("monthly at 6", "On which day of the month", "on the 1st"),
        ("biweekly at 6", "twice", "every 2 weeks"),
        ("every second friday at 18:00", "once a month", "on the second friday of every month"),
        ("daily at 25:00", "No clock shows 25:00", "00:00 to 23:59"),
        ("daily at 13 pm", "No clock shows 13 pm", "00:00 to 23:59"),
        ("daily at 6:5", "no time of day", "06:00"),
        ("every 5 hours", "not a whole number of times 5 hours", "every 4 or every 6 hours"),
        ("every 45 minutes", "not a whole number of times 45 minutes", "every 30 or every 60 minutes"),
        ("every 36 hours", "not a whole number", "every 2 days"),
        ("every 5 months on the 1st at 4", "not a whole number", "every 2, 3, 4 or 6 months"),
        ("daily at 6:00 and 18:30", "can't say 06:00 and 18:30", "a schedule for each"),
        ("on the 31st of every month at 4", "Not every month has a 31st", "last day"),
        ("every year on 31 february at 4", "no 31st of February", "last day"),
        ("every year on 29 february at 4", "Not every February", "last day"),
        ("0 0 30 2 *", "never comes round", "0 4 L * *"),
        ("0 0 31 4,6 *", "never comes round", "0 4 L * *"),
        ("0 6 1 * 1", "either of them", "two schedules"),
        ("0 25 * * *", "“25” is no hour", "0 to 23"),
        ("0 6 32 * *", "“32” is no day of the month", "1 to 31"),
        ("0 6 * 13 *", "“13” is no month", "1 to 12"),
        ("0 6 * * 8", "“8” is no day of the week", "0 (Sunday) to 6"),
        ("61 6 * * *", "“61” is no minute", "0 to 59"),
        ("0 0 6 * * *", "no seconds", "0 6 * * 1"),
        ("0 6 * *", "five fields", "minute, hour"),
        ("0 6 LW * *", "Airflow doesn't understand", "1#2"),
        ("@reboot", "I don't know “@reboot”", "@weekly"),
        ("when it rains", "I can't read", "every monday at 06:00"),
        ("", "On which days", "daily"),
    ],
)
def test_what_is_ambiguous_or_never_fires_is_refused(said: str, why: str, instead: str) -> None:
    """With what to say instead."""
    with pytest.raises(Refusal) as refused:
        read_when(said)
    assert why in refused.value.sentence
    assert instead in refused.value.hint


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["every", "2", "weeks", "on", "monday", "at", "6", "06:00", "and", "the", "1st", "of", "month", "*", "*/2", "0"]
), max_size=9).map(" ".join))  # fmt: skip
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that people type is an error of ours, and what is read can be said, sent and read again."""
    when = refused = None
    try:
        when = read_when(text)
    except Refusal as refusal:
        refused = refusal
    assert refused is None or (refused.sentence and refused.hint)
    assert when is None or (when.words and When.model_validate_json(when.model_dump_json()) == when)


def test_a_cron_expression_has_one_plain_form() -> None:
    """However it is written: so that Airflow is never asked to understand one dialect's extras."""
    assert read_cron("*/1 0-23 * JAN-DEC sun,Mon").text == "* * * * 0,1"
    assert read_cron("5/20 1,2,3,9 1-31/1 */1 *").text == "5,25,45 1-3,9 * * *"
    assert read_cron("0 0 15,L * *").text == "0 0 15,L * *"


def test_too_many_times_are_said_as_cron() -> None:
    """Where words would be longer than the expression."""
    assert read_when("*/7 3-9 * * 1,6").words == "by cron */7 3-9 * * 1,6"


def test_a_cycle_has_its_turns() -> None:
    """Counted from the day, or from the Monday of the week, in which its first time falls."""
    weeks = Cycle(every=2, unit="weeks").on(date(2026, 11, 27))
    assert weeks.anchor == date(2026, 11, 23)
    days = [date(2026, 11, day) for day in (16, 22, 23, 29, 30)]
    assert [weeks.has(day) for day in days] == [False, False, True, True, False]
    assert weeks.has(date(2026, 12, 7))
    threes = Cycle(every=3, unit="days").on(date(2026, 11, 27))
    assert [day for day in range(20, 31) if threes.has(date(2026, 11, day))] == [21, 24, 27, 30]


@pytest.mark.parametrize("cron", ["0 6 1 * *", "0 6 * 3 *", "0 6 * * 1#1"])
def test_a_cycle_that_might_never_come_is_no_cycle(cron: str) -> None:
    """Every second week on the 1st, for one."""
    with pytest.raises(ValidationError, match="a cycle counts days, or weeks"):
        When(cron=cron, cycle=Cycle(every=2, unit="weeks"))
    with pytest.raises(ValidationError, match="a cycle counts days, or weeks"):
        When(cron="0 6 * * 1", cycle=Cycle(every=2, unit="days"))
