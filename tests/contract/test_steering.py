"""How every Orchestrator stops a run, sets it going again and shows its logs: on the fake, and on a real Airflow."""

from __future__ import annotations

import pytest

from bot.domain import Run, RunKey, RunState, Task, TaskState
from bot.errors import NotFound
from tests.contract.orchestrators import FAILURE, OrchestratorStage, new_id


async def tasks_of(stage: OrchestratorStage, run: Run) -> dict[str, Task]:
    found = await stage.orchestrator.tasks([run.key])
    return {task.task_id: task for task in found[run.key]}


async def test_stop(stage: OrchestratorStage) -> None:
    """A run that goes on is stopped: what ran of it has failed, what waited is skipped. Again changes nothing."""
    run = await stage.going()
    stopped = await stage.orchestrator.stop(run.key)
    assert (stopped.key, stopped.state) == (run.key, RunState.FAILED)
    assert stopped.ended
    tasks = await tasks_of(stage, run)
    assert (tasks["wait"].state, tasks["each"].state) == (TaskState.FAILED, TaskState.SKIPPED)
    assert await stage.orchestrator.stop(run.key) == stopped


async def test_stop_what_is_over(stage: OrchestratorStage) -> None:
    """A run that succeeded stays a success."""
    run = await stage.ended("tiny")
    assert await stage.orchestrator.stop(run.key) == run
    assert (await stage.orchestrator.run(run.key)) == run


@pytest.mark.parametrize("verb", ["stop", "retry"])
async def test_nothing_to_steer(stage: OrchestratorStage, verb: str) -> None:
    """A run that isn't there is NotFound."""
    await stage.ended("tiny")
    with pytest.raises(NotFound):
        await getattr(stage.orchestrator, verb)(RunKey("tiny", new_id()))


async def test_retry(stage: OrchestratorStage) -> None:
    """A failed run goes on from the task that failed; what has succeeded is not done again."""
    first = await stage.orchestrator.start(RunKey("breaks", new_id("retry")), {})
    failed = await stage.over(first.key)
    before = await tasks_of(stage, first)
    again = await stage.orchestrator.retry(first.key)
    assert not again.state.over
    assert again.queued != failed.queued
    assert (await stage.over(first.key)).state is RunState.FAILED
    after = await tasks_of(stage, first)
    assert after["prepare"] == before["prepare"]
    assert (before["check_rows"].try_number, after["check_rows"].try_number) == (1, 2)
    for try_number in (1, 2):
        log = await stage.orchestrator.log(first.key, after["check_rows"], try_number)
        assert FAILURE in "\n".join(log.lines)


async def test_retry_what_goes_on_or_has_succeeded(stage: OrchestratorStage) -> None:
    """Neither is touched."""
    run = await stage.ended("tiny")
    assert await stage.orchestrator.retry(run.key) == run
    going = await stage.going()
    before = await tasks_of(stage, going)
    assert (await stage.orchestrator.retry(going.key)).queued == going.queued
    assert (await tasks_of(stage, going))["wait"] == before["wait"]
    await stage.orchestrator.stop(going.key)


async def test_retry_after_a_stop(stage: OrchestratorStage) -> None:
    """What the stop has skipped runs too."""
    run = await stage.going()
    await stage.orchestrator.stop(run.key)
    assert not (await stage.orchestrator.retry(run.key)).state.over
    tasks = await tasks_of(stage, run)
    assert {tasks["wait"].state, tasks["each"].state} <= {TaskState.PENDING, TaskState.RUNNING}
    await stage.orchestrator.stop(run.key)


async def test_log(stage: OrchestratorStage) -> None:
    """A log has the task's words in lines, without secrets, and without where it was kept."""
    run = await stage.ended("breaks")
    task = (await tasks_of(stage, run))["check_rows"]
    log = await stage.orchestrator.log(run.key, task, task.try_number)
    text = "\n".join(log.lines)
    assert FAILURE in text
    assert "password=•••" in text
    assert "hunter2" not in text
    assert "::" not in text
    assert not log.cut


async def test_log_of_no_try(stage: OrchestratorStage) -> None:
    """A try that never was is NotFound, and so is one of a run that never was."""
    run = await stage.ended("breaks")
    task = (await tasks_of(stage, run))["check_rows"]
    for key, number in ((run.key, task.try_number + 1), (RunKey("breaks", new_id()), 1)):
        with pytest.raises(NotFound):
            await stage.orchestrator.log(key, task, number)
