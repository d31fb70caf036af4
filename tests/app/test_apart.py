"""Runs that are late, and runs that are like one another, in the whole bot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import Run, RunState, TaskState
from bot.errors import ServiceDown
from bot.following.tracker import Tracker
from tests.app.conftest import DANA, DELAYS, OMAR, TRAINING, World

HOUR = timedelta(hours=1)


def past_runs(world: World, many: int) -> None:
    """So many runs that succeeded in ten seconds, a day ago."""
    for number in range(many):
        begun = datetime.now(UTC) - timedelta(days=1, minutes=number)
        run = Run(dag_id="train_delays", run_id=f"manual__{number}", state=RunState.SUCCESS, run_after=begun)
        times = {"queued": begun, "started": begun, "ended": begun + timedelta(seconds=10)}
        world.airflow.add_run(run.model_copy(update=times))


def begun_an_hour_ago(world: World, key: tuple[str, str], state: RunState) -> None:
    """Put a started run's times an hour back."""
    (run,) = [kept.run for kept in world.airflow._runs.values() if kept.run.key == key]
    ago = datetime.now(UTC) - HOUR
    times = {"queued": ago, "run_after": ago, "started": ago if state is RunState.RUNNING else None}
    world.airflow.add_run(run.model_copy(update=times | {"state": state}))


async def test_a_run_far_over_its_p90_is_pointed_out_once(world: World) -> None:
    """In its card's thread, to its requester; not again by another tick, a restart or another replica."""
    past_runs(world, 5)
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    begun_an_hour_ago(world, key, RunState.RUNNING)
    for tracker in (world.tracker, world.tracker, Tracker(world.station)):
        await tracker.tick()
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    assert len(replies) == 1
    assert replies[0].text.startswith(
        "⏳ <@U0DANA> this run has taken 1\u00a0h 00\u00a0min so far; nine of ten of the last"
    )
    assert "last 5 runs took at most 10 s" in replies[0].text


async def test_without_five_past_runs_nothing_is_pointed_out(world: World) -> None:
    """Nobody can say what is usual."""
    past_runs(world, 4)
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    begun_an_hour_ago(world, key, RunState.RUNNING)
    await world.tracker.tick()
    assert world.slack.replies(TRAINING, card.ts) == []


async def test_a_run_that_is_stuck_in_the_queue_is_pointed_out_with_the_reason(world: World) -> None:
    """A DAG that was paused meanwhile never starts it. Where nobody asked for the run, nobody is mentioned."""
    await world.tracker.tick()
    now = datetime.now(UTC)
    run = Run(dag_id="train_delays", run_id="manual__1", state=RunState.QUEUED, queued=now, run_after=now)
    world.airflow.add_run(run)
    await world.tracker.tick()
    await world.has_card(run.key)
    world.airflow.pause("train_delays")
    await world.station.catalogue.refresh()
    begun_an_hour_ago(world, run.key, RunState.QUEUED)
    await world.tracker.tick()
    card = await world.card("delays", DELAYS)
    (reply,) = await world.slack.wait_for(lambda: world.slack.replies(DELAYS, card.ts))
    assert reply.text.startswith("⏳ this run has waited for its turn in Airflow for 1\u00a0h")
    assert "paused in Airflow" in reply.text


async def test_a_second_run_with_the_same_values_is_a_question(world: World) -> None:
    """Whoever asked for the first, and however the same values are written; nothing starts until it is answered."""
    await world.type(DANA, "run delays learning_rate=0.1")
    _, key = await world.followed_run()
    asked = await world.type(OMAR, "run delays learning_rate=0.10 max_iter=200")  # 200 is the default
    assert asked.startswith("Dana's run of delays with these values goes on since")
    assert world.airflow.count("start") == 1
    question = world.slack.ephemerals(OMAR, TRAINING)[-1]
    await world.slack.as_user(OMAR).click(TRAINING, question.ts, "say:1")
    opened = await world.told(OMAR, "delays waits for its turn")
    assert key.run_id in str(opened.blocks)
    await world.slack.as_user(OMAR).click(TRAINING, question.ts, "settle:2")
    await world.slack.wait_for(lambda: world.airflow.count("start") == 2)
    assert len({str(conf["learning_rate"]) for conf in world.started()}) == 1


async def test_other_values_are_no_question(world: World) -> None:
    """Neither is a run like one that is over."""
    await world.type(DANA, "run delays learning_rate=0.1")
    _, key = await world.followed_run()
    assert await world.type(DANA, "run delays learning_rate=0.2") == ""
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    assert await world.type(DANA, "run delays learning_rate=0.1") == ""


async def test_a_run_that_waits_for_airflow_is_like_one_too(world: World) -> None:
    """Impatience while Airflow is away would start it twice as soon as it is back."""
    world.airflow.fail_with(ServiceDown("Airflow"), times=99, on="run")
    await world.type(DANA, "run delays --yes")
    assert "Your run of delays with these values is about to start" in await world.type(
        DANA, "run delays learning_rate=0.05"
    )
    world.airflow.recover()


async def test_runs_of_one_model_at_once_are_told_apart_on_their_cards(world: World) -> None:
    """By who asked and by the end of their ids, which `status` takes; also once they are over."""
    await world.type(DANA, "run delays learning_rate=0.1")
    _, first = await world.followed_run()
    await world.tracker.tick()
    assert "· run " not in str((await world.card("delays")).blocks[0])
    await world.type(OMAR, "run delays learning_rate=0.2")
    await world.slack.wait_for(lambda: world.airflow.count("start") == 2)
    second = await world.run_key()
    await world.has_card(second)
    for key in (first, second):
        world.airflow.set_task(key, "train", TaskState.RUNNING)
    await world.tracker.tick()
    await world.slack.wait_for(lambda: all("is training" in each.text for each in world.slack.messages(TRAINING)))
    heads = [str(each.blocks[0]) for each in world.slack.messages(TRAINING)]
    assert f"by Dana · run {first.run_id[-8:]}" in heads[0]
    assert f"by Omar · run {second.run_id[-8:]}" in heads[1]
    world.airflow.finish(first, ok=False)
    await world.tracker.tick()
    await world.ended(first, RunState.FAILED)
    assert f"for Dana · run {first.run_id[-8:]}" in str(world.slack.messages(TRAINING)[0].blocks[0])
