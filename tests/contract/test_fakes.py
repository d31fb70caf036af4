"""What the fakes have beside their ports: faults on request, a record of calls, and a DAG's ways to go."""

from __future__ import annotations

import pytest

from bot.domain import RunKey, RunState, TaskState, Version
from bot.errors import NotFound, ServiceDenied, ServiceDown
from tests.contract.orchestrators import BREAKS, TINY
from tests.fakes import Call, FakeOrchestrator, FakeRegistry

KEY = RunKey("breaks", "r1")


@pytest.fixture
def airflow() -> FakeOrchestrator:
    fake = FakeOrchestrator()
    fake.add_dag(BREAKS)
    fake.add_dag(TINY)
    return fake


async def test_faults(airflow: FakeOrchestrator) -> None:
    """A fault comes as often as asked for, to the method asked for, and nothing is done."""
    airflow.fail_with(ServiceDown("Airflow"), times=2, on="start")
    assert await airflow.run(KEY) is None
    for _ in range(2):
        with pytest.raises(ServiceDown):
            await airflow.start(KEY, {})
    assert await airflow.run(KEY) is None
    await airflow.start(KEY, {})
    assert airflow.count("start") == 3
    assert airflow.calls[0] == Call("run", (KEY,))


async def test_fault_of_any_method() -> None:
    """A fault for no method in particular meets the next call, unless it is taken back."""
    mlflow = FakeRegistry()
    mlflow.fail_with(ServiceDenied("MLflow"))
    with pytest.raises(ServiceDenied):
        await mlflow.check()
    mlflow.fail_with(ServiceDenied("MLflow"), times=9)
    mlflow.recover()
    await mlflow.check()


async def test_lost_answer(airflow: FakeOrchestrator) -> None:
    """A lost answer is ServiceDown though the run is there."""
    airflow.lose_answer_once()
    with pytest.raises(ServiceDown):
        await airflow.start(KEY, {})
    assert await airflow.run(KEY)
    await airflow.start(KEY, {})


async def test_run_moves_on(airflow: FakeOrchestrator) -> None:
    """A run is queued, runs with its first task, and at its end leaves no task open."""
    assert (await airflow.start(KEY, {})).state is RunState.QUEUED
    airflow.set_task(KEY, "prepare", TaskState.RUNNING)
    run = await airflow.run(KEY)
    assert run
    assert run.state is RunState.RUNNING
    airflow.finish(KEY, ok=False)
    assert [task.state for task in (await airflow.tasks([KEY]))[KEY]] == [TaskState.SKIPPED] * 3


async def test_file_removed(airflow: FakeOrchestrator) -> None:
    """A DAG without a file is listed with its trouble and another digest, keeps its runs, and starts nothing."""
    await airflow.start(KEY, {})
    before = await airflow.pipelines("stationmaster")
    airflow.remove_file("breaks")
    after = await airflow.pipelines("stationmaster")
    assert {dag_id for dag_id in before if before[dag_id] != after[dag_id]} == {"breaks"}
    assert "gone" in (await airflow.pipeline("breaks")).trouble
    assert await airflow.run(KEY)
    with pytest.raises(NotFound):
        await airflow.start(RunKey("breaks", "r2"), {})


async def test_dag_removed(airflow: FakeOrchestrator) -> None:
    """A DAG that is deleted takes its runs with it."""
    await airflow.start(KEY, {})
    airflow.remove_dag("breaks")
    assert set(await airflow.pipelines("stationmaster")) == {"tiny"}
    assert await airflow.run(KEY) is None


async def test_alias_comes_with_a_version() -> None:
    """A version that is added with an alias takes it from the last holder."""
    mlflow = FakeRegistry()
    for number in ("1", "2"):
        mlflow.add_version(Version(model="delays", version=number, aliases=("production",)))
    assert [version.aliases for version in await mlflow.versions("delays", 5)] == [("production",), ()]
