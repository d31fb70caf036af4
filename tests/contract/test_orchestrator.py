"""What every Orchestrator does: on the fake, and on a real Airflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import RunKey, RunState, TaskState
from bot.errors import NotFound, ServiceRejected
from tests.contract.orchestrators import BREAKS, FAILURE, PAUSED, TINY, OrchestratorStage, new_id

LABEL = {"label": "a contract"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_check(stage: OrchestratorStage) -> None:
    """A service that is well raises nothing."""
    await stage.orchestrator.check()


async def test_pipelines(stage: OrchestratorStage) -> None:
    """DAGs with the tag are listed, paused ones too; others are not, and neither is a file that was never imported."""
    await stage.ended("tiny")
    found = set(await stage.orchestrator.pipelines("stationmaster"))
    assert {"tiny", "breaks", "slow", "paused_one"} <= found
    assert not found & {"untagged", "broken"}
    assert await stage.orchestrator.pipelines("no_such_tag") == {}


async def test_digest(stage: OrchestratorStage) -> None:
    """A digest stays while nothing changes, and changes when the DAG is paused."""
    await stage.ended("slow")
    before = (await stage.orchestrator.pipelines("stationmaster"))["slow"]
    assert (await stage.orchestrator.pipelines("stationmaster"))["slow"] == before
    await stage.pause("slow", paused=True)
    try:
        assert (await stage.orchestrator.pipelines("stationmaster"))["slow"] != before
        assert (await stage.orchestrator.pipeline("slow")).trouble == "paused in Airflow"
    finally:
        await stage.pause("slow", paused=False)
    assert (await stage.orchestrator.pipelines("stationmaster"))["slow"] == before


@pytest.mark.parametrize("expected", [TINY, BREAKS, PAUSED], ids=lambda pipeline: pipeline.dag_id)
async def test_pipeline(stage: OrchestratorStage, expected: object) -> None:
    """A DAG has its description, trouble, parameters with rule and default, and tasks in order, with groups."""
    await stage.ended("tiny")
    assert await stage.orchestrator.pipeline(getattr(expected, "dag_id", "")) == expected


async def test_import_errors(stage: OrchestratorStage) -> None:
    """A file that can't be imported is named, with the last line of its error."""
    await stage.ended("tiny")
    found = await stage.orchestrator.import_errors()
    error = next(error for name, error in found.items() if name.endswith("broken_import.py"))
    assert error.startswith("ModuleNotFoundError")


async def test_unknown_pipeline(stage: OrchestratorStage) -> None:
    """A DAG that isn't there is NotFound."""
    with pytest.raises(NotFound):
        await stage.orchestrator.pipeline("no_such_dag")


async def test_start(stage: OrchestratorStage) -> None:
    """A started run waits or runs, can be read back with its conf and note, and is a manual one."""
    await stage.ended("tiny")
    key = RunKey("tiny", new_id())
    started = await stage.orchestrator.start(key, LABEL, note="for the contract")
    assert (started.key, started.kind) == (key, "manual")
    assert started.state in {RunState.QUEUED, RunState.RUNNING}
    found = await stage.orchestrator.run(key)
    assert found
    assert (found.conf, found.note) == (LABEL, "for the contract")
    assert found.queued
    assert found.queued.tzinfo


async def test_start_twice(stage: OrchestratorStage) -> None:
    """To start a run that is there is success: it is returned as it is, and there is one of it."""
    run = await stage.ended("tiny")
    again = await stage.orchestrator.start(run.key, {"label": "something else"})
    assert again == run
    recent = await stage.orchestrator.recent_runs(["tiny"], 100)
    assert [one.run_id for one in recent].count(run.run_id) == 1


async def test_start_verbatim(stage: OrchestratorStage) -> None:
    """What a person typed arrives as it is: templates, nulls, quotes, any script."""
    await stage.ended("tiny")
    conf = {"label": "{{ 6*7 }} \"'<!channel>", "seed": None, "extra": {"a": [None, "שלום 🚂"]}}
    run = await stage.orchestrator.start(RunKey("tiny", new_id()), conf)
    assert run.conf == conf


@pytest.mark.parametrize(
    ("conf", "names"),
    [
        ({}, "label"),
        ({"label": ""}, "label"),
        (LABEL | {"rounds": 51}, "rounds"),
        (LABEL | {"rounds": "4"}, "rounds"),
        (LABEL | {"learning_rate": 0}, "learning_rate"),
        (LABEL | {"metric": "rmse"}, "metric"),
        (LABEL | {"airports": ["LHR"]}, "airports"),
        (LABEL | {"seed": 1.5}, "seed"),
    ],
    ids=["missing", "empty", "high", "text", "low", "choice", "item", "nullable"],
)
async def test_start_with_bad_conf(stage: OrchestratorStage, conf: dict[str, object], names: str) -> None:
    """A conf that doesn't fit is refused with words that name the parameter, and nothing is started."""
    await stage.ended("tiny")
    key = RunKey("tiny", new_id())
    with pytest.raises(ServiceRejected, match=names):
        await stage.orchestrator.start(key, conf)
    assert await stage.orchestrator.run(key) is None


async def test_start_with_bad_id(stage: OrchestratorStage) -> None:
    """A run id that the orchestrator can't keep is refused."""
    await stage.ended("tiny")
    with pytest.raises(ServiceRejected):
        await stage.orchestrator.start(RunKey("tiny", "no spaces"), LABEL)


async def test_start_of_nothing(stage: OrchestratorStage) -> None:
    """Where there is no such DAG, start is NotFound."""
    with pytest.raises(NotFound):
        await stage.orchestrator.start(RunKey("no_such_dag", new_id()), {})


async def test_start_later(stage: OrchestratorStage) -> None:
    """A run for a later time is SCHEDULED, and knows when."""
    await stage.ended("tiny")
    when = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    key = RunKey("tiny", new_id("later"))
    run = await stage.orchestrator.start(key, LABEL, run_after=when)
    assert (run.state, run.run_after, run.started) == (RunState.SCHEDULED, when, None)
    await stage.delete(key)


async def test_paused_run_waits(stage: OrchestratorStage) -> None:
    """A run of a paused DAG is accepted, and stays queued."""
    await stage.ended("tiny")
    key = RunKey("paused_one", new_id())
    assert (await stage.orchestrator.start(key, {})).state is RunState.QUEUED
    await stage.delete(key)


async def test_run_unknown(stage: OrchestratorStage) -> None:
    """A run that isn't there is None, in a DAG that is and in one that isn't."""
    assert await stage.orchestrator.run(RunKey("tiny", new_id())) is None
    assert await stage.orchestrator.run(RunKey("no_such_dag", new_id())) is None


async def test_run_deleted(stage: OrchestratorStage) -> None:
    """A run that was deleted is None again, without tasks, and in no listing."""
    await stage.ended("tiny")
    key = RunKey("paused_one", new_id())
    await stage.orchestrator.start(key, {})
    await stage.delete(key)
    assert await stage.orchestrator.run(key) is None
    assert await stage.orchestrator.tasks([key]) == {}
    assert key not in [run.key for run in await stage.orchestrator.changed_runs(["paused_one"], LONG_AGO)]


async def test_success(stage: OrchestratorStage) -> None:
    """A run that went well has its times; its tasks come in the order in which they ran, with what they said."""
    run = await stage.ended("tiny")
    assert run.state is RunState.SUCCESS
    assert run.seconds is not None
    tasks = (await stage.orchestrator.tasks([run.key]))[run.key]
    assert [(task.task_id, task.title) for task in tasks] == [(spec.task_id, spec.title) for spec in TINY.tasks]
    assert {(task.state, task.try_number, task.map_index) for task in tasks} == {(TaskState.SUCCESS, 1, -1)}
    assert all(task.started and task.ended for task in tasks)
    said = [await stage.orchestrator.summary(run.key, task) for task in tasks]
    assert said == ["1,000 rows", "4 rounds of auc", "night line"]


async def test_failure(stage: OrchestratorStage) -> None:
    """A failed task says why in one line, without what came below it; what waited for it is skipped."""
    run = await stage.ended("breaks")
    assert run.state is RunState.FAILED
    tasks = {task.task_id: task for task in (await stage.orchestrator.tasks([run.key]))[run.key]}
    assert {name: task.state for name, task in tasks.items()} == {
        "prepare": TaskState.SUCCESS,
        "check_rows": TaskState.FAILED,
        "train": TaskState.SKIPPED,
    }
    assert await stage.orchestrator.failure(run.key, tasks["check_rows"]) == FAILURE


async def test_nothing_said(stage: OrchestratorStage) -> None:
    """No sentence is an empty one: a summary that is no text, a task that did not fail, a run that isn't there."""
    run = await stage.ended("breaks")
    tasks = {task.task_id: task for task in (await stage.orchestrator.tasks([run.key]))[run.key]}
    assert await stage.orchestrator.summary(run.key, tasks["prepare"]) == ""
    assert await stage.orchestrator.summary(run.key, tasks["train"]) == ""
    assert await stage.orchestrator.failure(run.key, tasks["prepare"]) == ""
    assert await stage.orchestrator.failure(run.key, tasks["train"]) == ""
    gone = RunKey("breaks", new_id())
    assert await stage.orchestrator.summary(gone, tasks["prepare"]) == ""
    assert await stage.orchestrator.failure(gone, tasks["check_rows"]) == ""


async def test_mapped_tasks(stage: OrchestratorStage) -> None:
    """A mapped task appears once an index, each with its own summary."""
    run = await stage.ended("slow")
    tasks = [task for task in (await stage.orchestrator.tasks([run.key]))[run.key] if task.task_id == "each"]
    said = {task.map_index: await stage.orchestrator.summary(run.key, task) for task in tasks}
    assert said == {0: "number 1", 1: "number 2", 2: "number 3"}


async def test_tasks_of_several(stage: OrchestratorStage) -> None:
    """Tasks of many runs come together; one id in two DAGs is two runs; what is unknown or unasked is left out."""
    run_id = new_id("shared")
    await stage.ended("tiny")
    tiny, paused = RunKey("tiny", run_id), RunKey("paused_one", run_id)
    await stage.orchestrator.start(tiny, LABEL)
    await stage.orchestrator.start(paused, {})
    found = await stage.orchestrator.tasks([tiny, paused, RunKey("tiny", new_id())])
    assert {key: {task.task_id for task in tasks} for key, tasks in found.items()} == {
        tiny: {"take_rows", "training.fit", "tell"},
        paused: {"never"},
    }
    assert set(await stage.orchestrator.tasks([paused])) == {paused}
    assert await stage.orchestrator.tasks([]) == {}
    await stage.delete(paused)


async def test_changed_runs(stage: OrchestratorStage) -> None:
    """Runs of these DAGs that changed since then are listed, oldest change first; none of others."""
    tiny, breaks = await stage.ended("tiny"), await stage.ended("breaks")
    keys = [run.key for run in await stage.orchestrator.changed_runs(["tiny"], LONG_AGO)]
    assert tiny.key in keys
    assert {key.dag_id for key in keys} == {"tiny"}
    both = [run.key for run in await stage.orchestrator.changed_runs(["tiny", "breaks"], LONG_AGO)]
    assert both.count(tiny.key) == both.count(breaks.key) == 1
    assert await stage.orchestrator.changed_runs([], LONG_AGO) == []
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await stage.orchestrator.changed_runs(["tiny"], tomorrow) == []


async def test_changed_runs_by_name(stage: OrchestratorStage) -> None:
    """A DAG whose id only begins like one that was asked for is another DAG."""
    await stage.ended("tiny")
    assert await stage.orchestrator.changed_runs(["tin"], LONG_AGO) == []


async def test_changes_are_seen(stage: OrchestratorStage) -> None:
    """A run that starts after the watermark is seen, and the last change comes last."""
    await stage.ended("tiny")
    first, second = RunKey("paused_one", new_id()), RunKey("paused_one", new_id())
    before = datetime.now(UTC) - timedelta(seconds=1)
    for key in (first, second):
        await stage.orchestrator.start(key, {})
    keys = [run.key for run in await stage.orchestrator.changed_runs(["paused_one"], before)]
    assert [key for key in keys if key in {first, second}] == [first, second]
    for key in (first, second):
        await stage.delete(key)


async def test_recent_runs(stage: OrchestratorStage) -> None:
    """The last runs of some DAGs together, newest first, as many as asked for."""
    await stage.ended("tiny")
    keys = [RunKey("paused_one", new_id()) for _ in range(3)]
    for key in keys:
        await stage.orchestrator.start(key, {})
    recent = await stage.orchestrator.recent_runs(["paused_one"], 2)
    assert [run.key for run in recent] == [keys[2], keys[1]]
    assert await stage.orchestrator.recent_runs([], 5) == []
    assert await stage.orchestrator.recent_runs(["paused_one"], 0) == []
    for key in keys:
        await stage.delete(key)


async def test_run_url(stage: OrchestratorStage) -> None:
    """A run's address ends in its DAG's id and its own."""
    assert stage.orchestrator.run_url(RunKey("tiny", "a~1")).endswith("/dags/tiny/runs/a~1")
