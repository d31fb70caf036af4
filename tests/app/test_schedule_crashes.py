"""A process that dies between any two steps of making, changing or removing a schedule: the next one finishes it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.jobs import JobContext
from bot.scheduling.spec import ScheduleSpec
from tests.app.conftest import DANA, TRAINING, World
from tests.app.schedules_kit import click, made, shown
from tests.until import until

ASKED = "schedule delays daily at 02:00 months=1-6"


def die_after(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Let the work die once, when this step's effect is there and before it is remembered; who died."""
    died: list[str] = []
    real = JobContext.step

    async def step(self: JobContext, step_name: str, fn: Any, *args: Any, tries: int = 1) -> Any:
        if step_name == name and not died:
            await fn(*args)
            died.append(self.id)
            raise RuntimeError("as good as killed")
        return await real(self, step_name, fn, *args, tries=tries)

    monkeypatch.setattr(JobContext, "step", step)
    return died


def told(world: World, words: str) -> int:
    """How many messages in the channel have these words."""
    return len([each for each in world.slack.messages(TRAINING) if words in each.text])


@pytest.mark.parametrize("name", ["written", "kept", "looked first", "shown", "timed"])
async def test_it_is_made_once(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One spec, of the first revision, one audit row, one message."""
    await world.type(DANA, ASKED)
    died = die_after(monkeypatch, name)
    await click(world, DANA, shown(world), "Create schedule")
    await world.card("scheduled delays")
    assert len(died) == 1
    [spec] = (await world.specs.all()).values()
    assert isinstance(spec, ScheduleSpec)
    assert spec.revision == 1
    assert [row.outcome for row in await world.audit("schedule")] == ["scheduled"]
    assert told(world, "scheduled delays") == 1


@pytest.mark.parametrize("name", ["written", "shown", "unpaused"])
async def test_it_is_resumed_once(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Paused until Airflow has the new start, whatever happens between."""
    spec = await made(world, ASKED)
    await world.type(DANA, f"pause {spec.id}")
    await world.card("Dana paused delays")
    died = die_after(monkeypatch, name)
    await world.type(DANA, f"resume {spec.id}")
    await world.card("resumed delays")
    assert len(died) == 1
    after = (await world.specs.all())[spec.id]
    assert isinstance(after, ScheduleSpec)
    assert after.revision == 2
    assert told(world, "resumed delays") == 1


@pytest.mark.parametrize("name", ["allowed", "done", "recorded", "forgotten"])
async def test_it_is_removed_once(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It is gone from where it was kept, from the list, and told of once."""
    spec = await made(world, ASKED)
    died = die_after(monkeypatch, name)
    await world.type(DANA, f"unschedule {spec.id} --yes")
    await world.card("Dana removed a schedule of delays")
    assert len(died) == 1
    assert await world.specs.all() == {}
    assert await world.station.store.schedules.all() == []
    assert told(world, "removed a schedule") == 1


async def test_what_airflow_refuses_is_taken_back_after_a_crash_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays of it, and its person is told."""
    await world.type(DANA, ASKED)
    world.airflow.parsing = False
    died = die_after(monkeypatch, "taken back")
    await click(world, DANA, shown(world), "Create schedule")

    async def written() -> bool:
        return bool(await world.specs.all())

    await until(written)
    [spec_id] = await world.specs.all()
    kept = (await world.specs.all())[spec_id]
    world.specs.break_by_hand(spec_id, "no such zone here")
    world.airflow.parsing = True
    await world.airflow.parse("stationmaster_schedules")
    assert isinstance(kept, ScheduleSpec)
    await world.told(DANA, "Airflow can't take this schedule of delays: no such zone here")
    assert len(died) == 1
    assert await world.station.store.schedules.all() == []
