"""What every Orchestrator does for DAGs that run by the clock: on the fake, and on a real Airflow."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import BackfillPlan, RunKey, RunState
from bot.errors import NotFound, ServiceRejected
from tests.contract.orchestrators import OrchestratorStage, new_id
from tests.until import fitting_in_airflow

PATIENCE = 120.0


@pytest.fixture(params=["fake", pytest.param("airflow", marks=pytest.mark.airflow)])
def stage(request: pytest.FixtureRequest) -> OrchestratorStage:
    """Without the harness's HTTP service, which serves nothing that runs by the clock."""
    name = {"fake": "fake_orchestrator_stage", "airflow": "airflow_stage"}[request.param]
    found: OrchestratorStage = request.getfixturevalue(name)
    return found


async def test_how_a_dag_stands(stage: OrchestratorStage) -> None:
    """With its tags and its next run, whether it has one or not; one that there never was is None."""
    await stage.ended("tiny")
    tiny = await stage.orchestrator.scheduled("tiny")
    assert tiny is not None
    assert (tiny.next_run, tiny.paused, tiny.trouble) == (None, False, "")
    assert "stationmaster" in tiny.tags
    daily = await stage.orchestrator.scheduled("daily")
    assert daily is not None
    assert daily.next_run is not None
    assert daily.next_run > datetime.now(UTC)
    assert await stage.orchestrator.scheduled("no_such_dag") is None
    assert "daily" in await stage.orchestrator.all_scheduled("by-the-clock")
    assert await stage.orchestrator.all_scheduled("no_such_tag") == {}


async def test_pausing_is_seen(stage: OrchestratorStage) -> None:
    """And undone; pausing twice is no more than once. Of no DAG it is an error."""
    await stage.ended("tiny")
    for _ in range(2):
        await stage.orchestrator.set_paused("daily", True)
    paused = await stage.orchestrator.scheduled("daily")
    await stage.orchestrator.set_paused("daily", False)
    resumed = await stage.orchestrator.scheduled("daily")
    assert paused is not None
    assert resumed is not None
    assert (paused.paused, resumed.paused) == (True, False)
    with pytest.raises(NotFound):
        await stage.orchestrator.set_paused("no_such_dag", True)


async def test_parsing_may_be_asked_for_at_any_time(stage: OrchestratorStage) -> None:
    """Of a DAG, twice at once, and of one that is not there."""
    await stage.ended("tiny")
    await asyncio.gather(stage.orchestrator.parse("daily"), stage.orchestrator.parse("daily"))
    await stage.orchestrator.parse("no_such_dag")


async def test_a_variable_is_kept(stage: OrchestratorStage) -> None:
    """Made, changed, and read again as it was written; of JSON, Airflow shows what it has made of it."""
    key, text = f"contract_{uuid.uuid4().hex[:8]}", "{{ 6*7 }} 🚂 \n eJyrVkrKT1KyUgIADWwDIw=="
    assert await stage.orchestrator.variable(key) is None
    await stage.orchestrator.set_variable(key, "{}")
    await stage.orchestrator.set_variable(key, text)
    assert await stage.orchestrator.variable(key) == text


def days_back(first: int, last: int, dag_id: str = "daily", **conf: str) -> BackfillPlan:
    """The DAG's runs at midnight of these days before today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return BackfillPlan(
        dag_id=dag_id, since=today - timedelta(days=first, hours=1), until=today - timedelta(days=last), conf=conf
    )


async def test_a_backfill_is_counted_started_once_and_cancelled(stage: OrchestratorStage) -> None:
    """The dry run starts nothing. Asked for twice it is one; its runs carry the conf; what waits is failed."""
    await stage.ended("tiny")
    plan = days_back(12, 9, by=new_id())
    dates = await stage.orchestrator.backfill_dates(plan)
    assert [date.hour for date in dates] == [0, 0, 0, 0]
    assert dates == sorted(dates)
    started = await stage.orchestrator.start_backfill(plan)
    again = await stage.orchestrator.start_backfill(plan)
    assert again.id == started.id
    assert (started.dag_id, started.conf, started.over) == ("daily", plan.conf, None)
    with pytest.raises(ServiceRejected) as other:
        await stage.orchestrator.start_backfill(days_back(20, 19, by=new_id()))
    assert other.value.status == 409
    await stage.orchestrator.cancel_backfill(started.id)
    await stage.orchestrator.cancel_backfill(started.id)
    over = await stage.orchestrator.backfill(started.id)
    assert over is not None
    assert over.over is not None

    async def its_runs() -> list[RunState]:
        runs = await stage.orchestrator.recent_runs(["daily"], 50)
        return [run.state for run in runs if run.kind == "backfill" and run.conf == plan.conf]

    states = await fitting_in_airflow(its_runs, lambda found: all(state.over for state in found), PATIENCE)
    assert len(states) == 4
    assert await stage.orchestrator.backfill_dates(plan) == []


async def test_what_can_not_be_backfilled(stage: OrchestratorStage) -> None:
    """A DAG without a schedule, one that is not there, and a backfill that is not."""
    await stage.ended("tiny")
    with pytest.raises(ServiceRejected):
        await stage.orchestrator.backfill_dates(days_back(3, 1, "tiny"))
    with pytest.raises(NotFound):
        await stage.orchestrator.backfill_dates(days_back(3, 1, "no_such_dag"))
    assert await stage.orchestrator.backfill(999_999) is None
    with pytest.raises(NotFound):
        await stage.orchestrator.cancel_backfill(999_999)


async def test_a_run_for_later_waits(stage: OrchestratorStage) -> None:
    """It is there, scheduled, until its time; and stopping it keeps it from starting."""
    await stage.ended("tiny")
    key, later = RunKey("tiny", new_id("later")), datetime.now(UTC) + timedelta(hours=2)
    run = await stage.orchestrator.start(key, {"label": "later"}, run_after=later)
    assert run.state is RunState.SCHEDULED
    assert run.run_after is not None
    assert abs(run.run_after - later) < timedelta(seconds=1)
    stopped = await stage.orchestrator.stop(key)
    assert stopped.state is RunState.FAILED
