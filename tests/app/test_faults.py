"""What the bot does while Airflow, MLflow or Slack fail, and after it was stopped itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import bot.following.finishing
import commands.run
from bot.app import running
from bot.domain import RunState, TaskState
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.jobs import JobRow, Jobs, Permanent
from bot.station import Station
from bot.store import FollowedRun
from bot.store.schema import job, job_schedule
from tests.app.conftest import DANA, TRAINING, World, settings_for
from tests.until import until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a service that is away again at once."""
    monkeypatch.setattr(commands.run, "ASK_AGAIN", 0.1)
    monkeypatch.setattr(bot.following.finishing, "ASK_AGAIN", 0.1)


@pytest.mark.parametrize("error", [ServiceDown("Airflow", "no answer"), ServiceConfused("Airflow", "<html>")])
async def test_a_run_is_kept_while_airflow_is_away(world: World, error: ServiceError) -> None:
    """The person is told once that it is kept, and it starts when Airflow is back, once."""
    world.airflow.fail_with(error, times=5)
    await world.type(DANA, "run delays --yes")
    assert "I keep your run of delays" in (await world.told(DANA, "I keep")).text
    await world.card("delays", timeout=20)
    assert len([each for each in world.slack.ephemerals(DANA, TRAINING) if "I keep" in each.text]) == 1
    assert len(world.started()) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ServiceDenied("Airflow", "401"), "refuses my credentials"),
        (ServiceRejected("Airflow", "conf: 'x' is not of type 'integer'", status=400), "is not of type"),
        (NotFound("Airflow", "train_delays", status=404), "doesn't have this"),
    ],
)
async def test_an_airflow_that_says_no_ends_the_run_and_the_person_hears_why(
    world: World, error: ServiceError, said: str
) -> None:
    """401, 400 and 404 will not get better by themselves."""
    world.airflow.fail_with(error, on="start")
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, said)
    assert not world.slack.messages(TRAINING)


async def test_a_start_whose_answer_is_lost_is_one_run(world: World) -> None:
    """Airflow did it and then didn't say so: the run is found by its id, not started again."""
    world.airflow.lose_answer_once()
    await world.type(DANA, "run delays --yes")
    await world.card("delays", timeout=20)
    assert len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 1


async def test_a_run_deleted_in_airflow_is_shown_as_such(world: World) -> None:
    """The card says so, the requester is told, and the run is followed no longer."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    world.airflow.delete_run(key)
    await world.tracker.tick()
    assert (await world.card("was deleted in Airflow")).ts == card.ts
    await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    await world.ended(key, RunState.GONE)


async def test_a_run_whose_dag_vanishes_is_shown_as_such(world: World) -> None:
    """With the DAG its runs are gone; the catalogue then says that no DAG has this id."""
    await world.type(DANA, "run delays --yes")
    await world.card("delays")
    world.airflow.remove_dag("train_delays")
    await world.tracker.tick()
    await world.card("was deleted in Airflow")
    await world.station.catalogue.refresh()
    assert "not in Airflow" in await world.type(DANA, "run delays --yes")


async def test_metrics_follow_when_mlflow_is_back(world: World) -> None:
    """The end is told at once without metrics; they come onto the card later, and nobody is mentioned twice."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    world.trained(key, "1", auc=0.7)
    world.mlflow.fail_with(ServiceDown("MLflow", "no answer"), times=3)
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.card("has finished")
    await world.card("delays v1 is ready", timeout=20)
    assert len(world.slack.replies(TRAINING, card.ts)) == 1


async def test_a_tick_while_airflow_is_away_changes_nothing(world: World) -> None:
    """The card stays as it was; the next tick goes on."""
    await world.type(DANA, "run delays --yes")
    before = await world.card("delays")
    world.airflow.fail_with(ServiceDown("Airflow"), on="changed_runs")
    with pytest.raises(ServiceDown):
        await world.tracker.tick()
    assert world.slack.messages(TRAINING)[-1].blocks == before.blocks


async def test_a_card_that_someone_deleted_comes_back_with_the_result(world: World) -> None:
    """A deleted card is left alone while the run goes on, and its result is posted anew."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    await world.delete(card)
    world.airflow.finish(key)
    await world.tracker.tick()
    assert (await world.card("delays has finished")).ts != card.ts


async def test_a_card_that_is_posted_while_the_end_is_looked_at_is_the_only_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has ended before its card stood: whoever tells the end looks once more when that work is over."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    await world.station.store.runs.change(key, card_channel=None, card_ts=None)

    async def just_posted(station: Station, _: FollowedRun) -> bool:
        await station.store.runs.change(key, card_channel=card.channel, card_ts=card.ts)
        return False

    monkeypatch.setattr(bot.following.finishing, "_card_is_coming", just_posted)
    world.airflow.finish(key)
    await world.tracker.tick()
    assert (await world.card("delays has finished")).ts == card.ts
    assert len(world.slack.messages(TRAINING)) == 1


async def test_an_uncertain_post_is_found_again_and_not_repeated(world: World) -> None:
    """Slack posted the card and lost the answer: the card is found by its nonce."""
    world.slack.faults.lose("chat.postMessage")
    await world.type(DANA, "run delays --yes")
    await world.followed_card()
    assert len(world.slack.messages(TRAINING)) == 1


async def test_unfinished_work_goes_on_at_the_next_start(world: World, tmp_path: Path) -> None:
    """A bot stopped while Airflow is away starts the run once both are back."""
    other = world.slack
    world.airflow.fail_with(ServiceDown("Airflow"), times=1_000)
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I keep")
    await world.station.jobs.stop()
    assert world.started() == []
    world.airflow.recover()
    async with running(
        settings_for(other, tmp_path, world.config, DATABASE_URL=world.database), world.airflow, world.mlflow
    ):
        await world.card("delays", timeout=20)
    assert len(world.started()) == 1


async def test_a_card_that_slack_lets_nobody_edit_costs_only_itself(world: World) -> None:
    """One card that can't be edited doesn't keep the others from being true."""
    await world.type(DANA, "run delays --yes")
    await world.followed_card()
    first = await world.run_key()
    await world.type(DANA, "run delays --yes")
    await world.slack.wait_for(lambda: len(world.slack.messages(TRAINING)) == 2)
    second = next(key for key in [call.args[0] for call in world.airflow.calls if call.name == "start"] if key != first)
    await world.has_card(second)
    for key in (first, second):
        world.airflow.set_task(key, "train", TaskState.RUNNING)
    world.slack.faults.fail("chat.update", error="cant_update_message")
    await world.tracker.tick()
    assert [each.text.count("is training") for each in world.slack.messages(TRAINING)] == [0, 1]


async def test_a_slack_that_is_away_after_the_start_delays_only_the_card(world: World) -> None:
    """The run has begun, so nobody is told that it hasn't; the card comes when Slack is back."""
    world.slack.faults.fail("chat.postMessage", times=3, status=500)
    await world.type(DANA, "run delays --yes")
    await world.card("delays", timeout=20)
    assert len(world.started()) == 1
    assert not world.slack.ephemerals(DANA, TRAINING)


async def test_work_that_has_failed_for_good_is_told_to_its_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of the bot's own inside accepted work: no silence, but an id to give to an admin."""

    async def broken(*_: object, **__: object) -> None:
        raise Permanent("internal detail")

    monkeypatch.setattr(world.station.orchestrator, "run", broken)
    await world.type(DANA, "run delays --yes")
    told = await world.told(DANA, "I could not finish “run delays --yes”")
    assert "Tell an admin this id: command:" in told.text
    assert "internal detail" not in told.text


async def test_finished_work_is_forgotten_every_night(world: World) -> None:
    """By a schedule of durable work, after the days that the setting says; its id is then free."""
    (schedule,) = [each for each in await world.station.jobs.list_schedules() if each.id == "retention"]
    assert (schedule.args, schedule.cron, schedule.enabled) == ({"days": 90}, "17 3 * * *", True)
    await world.station.jobs.submit("long over", "retention", {"days": 90})
    await _ended(world.station.jobs, "long over")
    async with world.station.store.write() as tx:
        await tx.execute(job.update().where(job.c.id == "long over").values(updated=job.c.updated - 91 * 86_400))
        await tx.execute(job_schedule.update().values(due=1_000_000.0))
    row = await _ended(world.station.jobs, "schedule:retention:1000000")
    assert (row.state, row.result) == ("done", {"jobs": 1})
    assert await world.station.jobs.get("long over") is None


async def _ended(jobs: Jobs, job_id: str) -> JobRow:
    async def over() -> JobRow | None:
        row = await jobs.get(job_id)
        return row if row and row.state in {"done", "dead"} else None

    return await until(over)


@pytest.mark.parametrize(("here", "there"), [(2, 0), (-2, 0), (0, 2)])
async def test_how_long_a_run_was_kept_is_told_by_the_databases_clock(
    world: World, monkeypatch: pytest.MonkeyPatch, here: int, there: int
) -> None:
    """A bot's clock that is hours off neither refuses a fresh run nor starts a stale one; the database's decides."""
    real, database = time.time, world.station.store.database
    world.airflow.fail_with(ServiceDown("Airflow"), times=1_000, on="run")
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I keep")
    monkeypatch.setattr(time, "time", lambda: real() + here * 3_600)
    database.now = database.now + there * 3_600.0
    world.airflow.recover()
    if there:
        await world.told(DANA, "over an hour ago")
        assert world.started() == []
    else:
        await world.card("delays", timeout=20)
        assert len(world.started()) == 1
