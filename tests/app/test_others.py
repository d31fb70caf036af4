"""Runs that somebody else started: their cards, in the model's channel, and how they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from bot.domain import Run, RunKey, RunState, TaskState
from bot.following.newcomers import OURS
from bot.following.tracker import Tracker
from tests.app.conftest import DANA, DELAYS, World


def started(run_id: str, kind: str = "manual", *, ago: float = 0.0, **more: Any) -> Run:
    """A run that Airflow's page or a schedule started so many seconds ago."""
    born = datetime.now(UTC) - timedelta(seconds=ago)
    given = {"queued": born, "run_after": born} | more
    return Run(dag_id="train_delays", run_id=run_id, state=RunState.QUEUED, kind=kind, **given)


async def looked(world: World) -> World:
    """The world, once the bot has looked at Airflow for the first time."""
    await world.tracker.tick()
    return world


async def test_a_run_from_airflows_page_gets_a_card_in_the_models_channel(world: World) -> None:
    """One card, that says where it was started and what differs; it is edited like any other, and mentions nobody."""
    await looked(world)
    run = started("manual__1", conf={"learning_rate": 0.2}, note="after the storm")
    world.airflow.add_run(run)
    await world.tracker.tick()
    card = await world.card("waits for its turn", DELAYS)
    assert "in Airflow" in str(card.blocks[0])
    assert "learning_rate 0.2 (default 0.05)" in str(card.blocks)
    assert "after the storm" in str(card.blocks)
    await world.has_card(run.key)
    world.airflow.set_task(run.key, "train", TaskState.RUNNING)
    await world.tracker.tick()
    assert (await world.card("is training", DELAYS)).ts == card.ts
    world.trained(run.key, "1")
    world.airflow.finish(run.key)
    await world.tracker.tick()
    assert (await world.card("is ready", DELAYS)).ts == card.ts
    await world.ended(run.key, RunState.SUCCESS)
    assert world.slack.replies(DELAYS, card.ts) == []


async def test_a_scheduled_run_that_fails_names_the_owners_and_mentions_nobody(world: World) -> None:
    """In the card's thread, in plain text."""
    await looked(world)
    run = started("scheduled__1", "scheduled")
    world.airflow.add_run(run)
    await world.tracker.tick()
    card = await world.card("delays", DELAYS)
    assert "by its schedule" in str(card.blocks[0])
    await world.has_card(run.key)
    world.airflow.set_task(run.key, "train", TaskState.FAILED, failure="ValueError: no")
    world.airflow.finish(run.key, ok=False)
    await world.tracker.tick()
    replies = await world.slack.wait_for(lambda: world.slack.replies(DELAYS, card.ts))
    assert [reply.text for reply in replies] == ["This run of delays failed at train. Its owners: Omar."]


async def test_what_ran_before_the_first_look_gets_no_card(world: World) -> None:
    """Neither by having run, nor by going on, nor by being set going again."""
    await looked(world)
    world.airflow.add_run(started("manual__old", ago=30))
    world.airflow.add_run(
        started("manual__cleared", queued=datetime.now(UTC), run_after=datetime.now(UTC) - timedelta(days=9))
    )
    await world.tracker.tick()
    assert await world.station.store.runs.followed() == []
    backfill = started("backfill__1", "backfill", run_after=datetime.now(UTC) - timedelta(days=9))
    world.airflow.add_run(backfill)  # whose runs are due in the past, and new all the same
    await world.tracker.tick()
    assert [each.origin for each in await world.station.store.runs.followed()] == ["backfill"]


async def test_a_run_is_met_once_by_whichever_replica(world: World) -> None:
    """Two trackers that see the same run, also after a restart, make one card of it."""
    await looked(world)
    run = started("manual__1")
    world.airflow.add_run(run)
    for tracker in (world.tracker, Tracker(world.station), Tracker(world.station)):
        await tracker.tick()
    await world.has_card(run.key)
    await Tracker(world.station).tick()
    assert len(world.slack.messages(DELAYS)) == 1


async def test_what_happened_while_the_bot_was_away_is_met(world: World) -> None:
    """A run that began and ended meanwhile gets one message: its result. One that ended long ago gets none."""
    await looked(world)
    ended, long_ago = started("manual__1"), started("manual__2")
    for run in (ended, long_ago):
        world.airflow.add_run(run)
    world.airflow.finish(ended.key)
    world.airflow.add_run(
        long_ago.model_copy(update={"state": RunState.SUCCESS, "ended": datetime.now(UTC) - timedelta(hours=2)})
    )
    away = Tracker(world.station)
    await away.tick()
    await away.tick()
    await world.ended(ended.key, RunState.SUCCESS)
    assert len(world.slack.messages(DELAYS)) == 1
    assert "has finished" in (await world.card("delays", DELAYS)).text
    assert await world.station.store.runs.get(long_ago.key) is None


async def test_a_run_that_a_command_starts_is_left_to_the_command(world: World) -> None:
    """Between its start in Airflow and its being written down a run looks like somebody else's, and isn't."""
    await looked(world)
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    assert key.run_id.startswith(OURS)
    world.airflow.add_run(started(f"{OURS}2026-11-21T10:00:00_ab12cd34"))
    await world.tracker.tick()
    await world.has_card(key)
    assert [each.key for each in await world.station.store.runs.followed()] == [key]
    assert world.slack.messages(DELAYS) == []


async def test_a_model_without_a_channel_gets_no_cards_of_others_runs(world: World) -> None:
    """There is nowhere to tell it."""
    text = world.config.read_text(encoding="utf-8").replace("    channel: C0DELAYS\n", "")
    world.config.write_text(text, encoding="utf-8")
    await looked(world)
    world.airflow.add_run(started("manual__1"))
    await world.tracker.tick()
    assert await world.station.store.runs.followed() == []


async def test_a_channel_without_the_bot_costs_nothing(world: World) -> None:
    """The run is followed, and told of nowhere; its end is recorded."""
    text = world.config.read_text(encoding="utf-8").replace("C0DELAYS", "C0GENERAL")
    world.config.write_text(text, encoding="utf-8")
    await looked(world)
    run = started("manual__1")
    world.airflow.add_run(run)
    await world.tracker.tick()
    world.airflow.finish(run.key)
    await world.tracker.tick()
    await world.ended(RunKey("train_delays", "manual__1"), RunState.SUCCESS)


def ahead(minutes: int) -> type[datetime]:
    """A clock that is so many minutes ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # an ordinary one
            return datetime.now(tz) + timedelta(minutes=minutes)

    return Ahead


async def kinds(world: World) -> set[str]:
    """The kinds of work that there is at this moment."""
    return {job.kind for job in await world.station.jobs.list()}


async def test_an_end_is_noticed_by_a_clock_that_is_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's changes are older than what this clock takes for its last look; the tasks give it away."""
    await world.type(DANA, "run delays learning_rate=0.1")
    _, key = await world.followed_run()
    await world.tracker.tick()
    monkeypatch.setattr("bot.following.tracker.datetime", ahead(5))
    await world.tracker.tick()
    world.airflow.finish(key)
    await world.tracker.tick()
    assert "run.finish" in await kinds(world)


async def test_what_changed_while_the_clock_was_ahead_is_met_once_it_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot then looks back as far as a clock may have been wrong."""
    await looked(world)
    for minutes in (15, 10):
        monkeypatch.setattr("bot.following.tracker.datetime", ahead(minutes))
        await world.tracker.tick()
        world.airflow.add_run(started("manual__1"))
    await world.tracker.tick()
    assert "run.meet" in await kinds(world)
