"""Schedules: when they fire, through both changes of clocks, and that they fire once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import JobContext, Jobs, next_fire
from bot.store.schema import job_schedule
from tests.bot.jobs_kit import employed, execute, reached
from tests.until import until

AMSTERDAM, NEW_YORK = "Europe/Amsterdam", "America/New_York"


def fires(cron: str, zone: str, start: str, end: str) -> list[str]:
    """The fires between two local moments, each as the zone's clock shows it, with its offset."""
    at, last = (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() for text in (start, end))
    found = []
    while (at := next_fire(cron, zone, at)) <= last:
        found.append(datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%d %H:%M %z"))
    return found


@pytest.mark.parametrize(
    ("zone", "day", "summer"),
    [(AMSTERDAM, "2026-10-25", "+0200"), (NEW_YORK, "2026-11-01", "-0400")],
)
def test_a_time_that_comes_twice_fires_once(zone: str, day: str, summer: str) -> None:
    """When clocks go back, a wall-clock time fires at its first occurrence only."""
    hour = "02" if zone == AMSTERDAM else "01"
    date = day[-2:]
    assert fires(f"30 {int(hour)} * * *", zone, f"{day}T00:00", f"{day}T23:00") == [f"{date} {hour}:30 {summer}"]
    quarters = [f"{date} {hour}:{minute} {summer}" for minute in ("00", "15", "30", "45")]
    assert fires(f"*/15 {int(hour)} * * *", zone, f"{day}T00:00", f"{day}T23:00") == quarters


@pytest.mark.parametrize(
    ("zone", "day", "summer"),
    [(AMSTERDAM, "2026-03-29", "+0200"), (NEW_YORK, "2026-03-08", "-0400")],
)
def test_a_time_that_does_not_come_fires_after_the_gap_once(zone: str, day: str, summer: str) -> None:
    """When clocks go forward over 02:00 to 03:00, what was meant for that hour fires at 03:00, and only once."""
    date = day[-2:]
    assert fires("30 2 * * *", zone, f"{day}T00:00", f"{day}T23:00") == [f"{date} 03:00 {summer}"]
    assert fires("*/15 2 * * *", zone, f"{day}T00:00", f"{day}T23:00") == [f"{date} 03:00 {summer}"]
    both = [f"{date} 03:00 {summer}", f"{date} 03:30 {summer}"]
    assert fires("0,30 2,3 * * *", zone, f"{day}T00:00", f"{day}T23:00") == both


def test_every_hour_follows_elapsed_time() -> None:
    """`*` as the hour fires in both of the repeated hours, and not in the one that is skipped."""
    autumn = fires("0 * * * *", AMSTERDAM, "2026-10-25T00:30", "2026-10-25T03:30")
    assert autumn == ["25 01:00 +0200", "25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"]
    spring = fires("0 * * * *", AMSTERDAM, "2026-03-29T00:30", "2026-03-29T04:30")
    assert spring == ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"]


def test_every_other_hour_follows_the_wall() -> None:
    """`*/2` names hours: 02:00 fires once on the day it comes twice, and at 03:00 on the day it doesn't come."""
    autumn = fires("0 */2 * * *", AMSTERDAM, "2026-10-25T00:30", "2026-10-25T04:30")
    assert autumn == ["25 02:00 +0200", "25 04:00 +0100"]
    spring = fires("0 */2 * * *", AMSTERDAM, "2026-03-29T00:30", "2026-03-29T04:30")
    assert spring == ["29 03:00 +0200", "29 04:00 +0200"]


@pytest.mark.parametrize(
    ("cron", "zone", "wrong"),
    [
        ("0 6 * *", "UTC", "five fields"),
        ("0 0 6 * * *", "UTC", "five fields"),
        ("0 25 * * *", "UTC", "Bad hour"),
        ("nonsense at all this is", "UTC", "Bad minute"),
        ("0 0 30 2 *", "UTC", "Bad day-of-month"),
        ("0 0 29 2 MON#5", "Mars/Olympus", "no time zone"),
        ("0 6 * * *", "../../etc/passwd", "no time zone"),
        ("0 6 * * *", "", "no time zone"),
    ],
)
def test_what_is_no_schedule_is_said_in_words(cron: str, zone: str, wrong: str) -> None:
    """A wrong expression or zone is a ValueError that names it."""
    with pytest.raises(ValueError, match=wrong):
        next_fire(cron, zone, 0.0)


CRONS = st.builds(
    "{} {} {} * {}".format,
    st.sampled_from(["0", "30", "*/15", "7,59", "*"]),
    st.sampled_from(["2", "1-3", "*/2", "0,2", "23"]),
    st.sampled_from(["*", "1", "25-31"]),
    st.sampled_from(["*", "SUN", "1-5"]),
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1)).map(lambda at: at.replace(tzinfo=UTC).timestamp())  # noqa: DTZ001
NEAR_CHANGES = st.builds(
    lambda day, seconds: datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + seconds,
    st.sampled_from(["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01"]),
    st.integers(-7200, 36000),
)


@given(CRONS, st.sampled_from([AMSTERDAM, NEW_YORK, "UTC", "Australia/Lord_Howe"]), MOMENTS | NEAR_CHANGES)
def test_fires_move_on_and_no_time_on_the_wall_fires_twice(cron: str, zone: str, start: float) -> None:
    """For any schedule that names its hours: later each time, and never the same wall-clock time again."""
    at, walls = start, []
    for _ in range(12):
        following = next_fire(cron, zone, at)
        assert following > at
        at = following
        walls.append(datetime.fromtimestamp(at, ZoneInfo(zone)).replace(tzinfo=None))
    assert len(set(walls)) == len(walls)


@given(CRONS, st.sampled_from([AMSTERDAM, NEW_YORK]), MOMENTS | NEAR_CHANGES, st.floats(0.0, 0.999))
def test_nothing_fires_between_now_and_the_next_fire(cron: str, zone: str, start: float, part: float) -> None:
    """Asked at any moment before the next fire, the answer is that same fire: none is skipped."""
    following = next_fire(cron, zone, start)
    assert next_fire(cron, zone, start + (following - start) * part) == following


async def make_due(jobs: Jobs, schedule_id: str, due: float = 1_000_000.0) -> None:
    """Let the schedule have been due at `due`, long ago."""
    where = job_schedule.c.id == schedule_id
    await execute(jobs._store, job_schedule.update().where(where).values(due=due))


async def _work(ctx: JobContext, args: dict[str, Any]) -> Any:
    return args


async def test_missed_times_fire_once(database: str) -> None:
    """After weeks without a process one job is submitted, with the first missed time; the next is in the future."""
    async with employed(database) as jobs:
        jobs.register("digest", _work)
        made = await jobs.put_schedule("d1", "digest", {"channel": "C1"}, cron="0 9 * * *", zone=AMSTERDAM)
        await make_due(jobs, "d1")
        await jobs.start()
        row = await reached(jobs, "schedule:d1:1000000")
        assert row.result == {"channel": "C1", "due": 1_000_000.0}
        assert len(await jobs.list()) == 1
        assert [schedule.due for schedule in await jobs.list_schedules()] == [made.due]


async def test_a_due_time_fires_once_however_many_look(database: str) -> None:
    """Two processes fire a schedule while it is edited, again and again: one job each time, old or new, never none."""
    async with employed(database) as jobs, employed(database) as elsewhere:
        await jobs.put_schedule("d1", "digest", {"edit": 0}, cron="0 9 * * *", zone=AMSTERDAM)
        for turn in range(1, 31):
            await make_due(jobs, "d1", due=float(turn))
            looks = [each._schedules.fire(each._table) for each in (jobs, elsewhere, jobs)]
            edit = jobs.put_schedule("d1", "digest", {"edit": turn}, cron="0 9 * * *", zone=AMSTERDAM)
            await asyncio.gather(*([edit, *looks] if turn % 2 else [*looks, edit]))
            await jobs._schedules.fire(jobs._table)  # the next look: PostgreSQL's pass by a row that is being edited
            (schedule,) = await jobs.list_schedules()
            assert schedule.args == {"edit": turn}
            assert schedule.due > 1_000_000_000
        fired = {row.id: row.args["edit"] for row in await jobs.list()}
        assert set(fired) == {f"schedule:d1:{turn}" for turn in range(1, 31)}
        assert all(int(name.split(":")[-1]) - edit in {0, 1} for name, edit in fired.items())


async def test_an_edit_of_its_times_starts_afresh(database: str) -> None:
    """New times count from now, and so does what was switched off; a removed schedule fires no more."""
    async with employed(database) as jobs:
        await jobs.put_schedule("d1", "digest", {}, cron="0 9 * * *", zone=AMSTERDAM)
        await make_due(jobs, "d1")
        edited = await jobs.put_schedule("d1", "digest", {}, cron="0 10 * * *", zone=AMSTERDAM, enabled=False)
        await jobs._schedules.fire(jobs._table)
        await make_due(jobs, "d1")
        await jobs._schedules.fire(jobs._table)
        assert edited.due > 1_000_000_000
        assert await jobs.remove_schedule("d1")
        assert not await jobs.remove_schedule("d1")
        assert await jobs.list_schedules() == []
        assert await jobs.list() == []


async def test_an_unreadable_schedule_is_switched_off_and_holds_up_no_other(database: str) -> None:
    """A row that can't be fired is disabled; the others fire."""
    async with employed(database) as jobs:
        for name in ("bad cron", "bad args", "good"):
            await jobs.put_schedule(name, "digest", {}, cron="0 9 * * *", zone=AMSTERDAM)
            await make_due(jobs, name)
        where = job_schedule.c.id
        await execute(jobs._store, job_schedule.update().where(where == "bad cron").values(cron="what"))
        await execute(jobs._store, job_schedule.update().where(where == "bad args").values(args="[]"))
        await jobs.start()
        await until(lambda: jobs.list())
        assert [row.id for row in await jobs.list()] == ["schedule:good:1000000"]
        assert {s.id: s.enabled for s in await jobs.list_schedules()} == {
            "bad cron": False, "bad args": False, "good": True,
        }  # fmt: skip
