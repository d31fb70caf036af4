"""What every Orchestrator does with tasks that wait for a person: on the fake, and on a real Airflow."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.domain import QuestionKey, RunKey, TaskState
from bot.errors import NotFound, ServiceDenied, ServiceRejected
from tests.contract.orchestrators import PATIENCE, OrchestratorStage, new_id, questions


async def state_of(stage: OrchestratorStage, key: QuestionKey, *, until: set[TaskState]) -> TaskState:
    """The task's state, once it is one of these."""
    deadline, run = time.monotonic() + PATIENCE, RunKey(key.dag_id, key.run_id)
    while time.monotonic() < deadline:
        tasks = (await stage.orchestrator.tasks([run])).get(run, ())
        state = next(task.state for task in tasks if task.task_id == key.task_id)
        if state in until:
            return state
        await asyncio.sleep(0.3)
    raise TimeoutError(f"{key.task_id} is {state}")


async def test_questions_are_asked_answered_once_and_go_on(stage: OrchestratorStage) -> None:
    """Each has its words, options, parameters and people; the first answer counts, and the task goes on with it."""
    run = await stage.asking()
    everything = await stage.orchestrator.questions(["asks"])
    asked = {each.task_id: each for each in everything if each.run_id == run.run_id}
    for expected in questions(run):
        found = asked[expected.task_id]
        same = {"created": found.created, "try_number": found.try_number, "title": found.title}
        assert found == expected.model_copy(update=same)
    assert await stage.orchestrator.questions(["ask"]) == []  # another DAG, though ours begins like it
    assert await stage.orchestrator.questions([]) == []

    review = asked["review"].key
    with pytest.raises(ServiceRejected) as refused:
        await stage.orchestrator.answer(review, ["Perhaps"], {})
    assert refused.value.status == 400
    await stage.orchestrator.answer(review, ["Approve"], {})
    with pytest.raises(ServiceRejected) as late:
        await stage.orchestrator.answer(review, ["Reject"], {})
    assert late.value.status == 409
    now = await stage.orchestrator.question(review)
    assert now
    assert now.answered
    assert (now.open, now.answered.chosen) == (False, ("Approve",))
    assert now.answered.by

    tune = asked["tune"].key
    await stage.orchestrator.answer(tune, ["auc", "log_loss"], {"threshold": 0.7, "note": None})
    answered = await stage.orchestrator.question(tune)
    assert answered
    assert answered.answered
    assert answered.answered.values == {"threshold": 0.7, "note": None}
    left = [each.task_id for each in await stage.orchestrator.questions(["asks"]) if each.run_id == run.run_id]
    assert left == ["for_omar"]
    with pytest.raises(ServiceDenied):
        await stage.orchestrator.answer(asked["for_omar"].key, ["Yes"], {})

    for key in (review, tune):
        assert await state_of(stage, key, until={TaskState.SUCCESS, TaskState.FAILED}) is TaskState.SUCCESS
    assert await state_of(stage, asked["for_omar"].key, until={TaskState.WAITING}) is TaskState.WAITING
    await stage.delete(run)


async def test_what_asks_nothing(stage: OrchestratorStage) -> None:
    """A task that asks nothing, and one that isn't there, have no question, and can't be answered."""
    run = await stage.ended("tiny")
    for key in (QuestionKey("tiny", run.run_id, "take_rows"), QuestionKey("tiny", new_id(), "take_rows")):
        assert await stage.orchestrator.question(key) is None
        with pytest.raises(NotFound):
            await stage.orchestrator.answer(key, ["Yes"], {})
