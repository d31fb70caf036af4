"""A schedule as data: what it may hold, and what its runs are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bot.scheduling.spec import BrokenSpec, ScheduleSpec, Who, read_spec
from bot.scheduling.when import read_when
from tests.bot.scheduling.kit import NOW, spec


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"id": "../../etc"}, "id"),
        ({"id": "with space"}, "id"),
        ({"id": "x" * 41}, "id"),
        ({"id": "UPPER"}, "id"),
        ({"dag_id": "{{ dag.dag_id }}"}, "dag_id"),
        ({"zone": "Mars/Phobos"}, "is not a time zone"),
        ({"conf": {"stationmaster": {}}}, "where the bot says who asked"),
        ({"conf": {"x": float("nan")}}, "must be finite"),
        ({"conf": {"x": ["a\0b"]}}, "holds a sign that is no text"),
        ({"conf": {"\ud800": 1}}, "holds a sign that is no text"),
        ({"conf": {"x": "y" * 70_000}}, "larger than 64 KiB"),
        ({"until": NOW}, "over before it begins"),
        ({"created": NOW.replace(tzinfo=None)}, "timezone"),
        ({"when": read_when("every 2 weeks on friday at 18:00")}, "needs an anchor"),
        ({"revision": 0}, "revision"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_airflow_could_not_use_is_refused(fields: dict[str, Any], why: str) -> None:
    """Before anything is written, with where it is wrong."""
    with pytest.raises(ValidationError, match=why):
        ScheduleSpec(**{**dict(spec()), **fields})


def test_times_are_kept_in_utc() -> None:
    """Whatever zone they came in."""
    local = NOW.astimezone(ZoneInfo("Asia/Kolkata"))
    made = spec(start=local, created=local)
    assert str(made.start) == str(made.created) == str(NOW)


def test_it_begins_when_its_pause_ends() -> None:
    """A pause that has ended counts no more than the start does."""
    hour = timedelta(hours=1)
    assert spec().begins == NOW
    assert spec(paused_until=NOW + hour).begins == NOW + hour
    assert spec(paused_until=NOW - hour).begins == NOW


def test_its_runs_are_told_who_wants_them() -> None:
    """As every run that the bot starts: the parameters, and who, where, why, on what; and which schedule it is."""
    omar = Who(id="U0OMAR", name="Omar")
    made = spec(conf={"months": 9}, owner=omar, reason="fresh data", ref="main", compute={"name": "gpu"}, revision=3)
    assert made.run_conf == {
        "months": 9,
        "stationmaster": {
            "person": "U0OMAR",
            "name": "Omar",
            "channel": "C0DELAYS",
            "reason": "fresh data",
            "compute": {"name": "gpu"},
            "ref": "main",
            "schedule": {
                "id": "nightly",
                "revision": 3,
                "words": "daily at 02:00",
                "maker": {"id": "U0DANA", "name": "Dana"},
            },
        },
    }


def test_words_that_a_hand_changed_are_not_read() -> None:
    """They are there for readers; the cron expression counts."""
    written = spec().to_json().replace("daily at 02:00", "every full moon")
    assert read_spec("nightly", written) == spec()


@pytest.mark.parametrize("text", ["", "{cut", "[]", "null", "7", '"text"', "{}", b"\xff\xfe"])
def test_what_is_no_schedule_is_a_broken_one(text: str | bytes) -> None:
    """With why; never an error of ours."""
    kept = read_spec("nightly", text)
    assert isinstance(kept, BrokenSpec)
    assert kept.why


def test_a_schedule_under_another_name_is_broken() -> None:
    """Else two files could be one DAG."""
    assert read_spec("other", spec().to_json()) == BrokenSpec(id="other", why="it says that its id is “nightly”")
