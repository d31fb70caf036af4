"""Airflow in memory: DAGs that tests declare, and runs that tests move on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft7Validator

from bot.domain import (
    Answered,
    Backfill,
    Log,
    Pipeline,
    Question,
    QuestionKey,
    Run,
    RunKey,
    RunState,
    Scheduled,
    Task,
    TaskState,
)
from bot.errors import NotFound, ServiceDenied, ServiceRejected
from bot.following.masking import masked
from tests.fakes.scheduling import GONE, FakeScheduling

RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")
SUMMARY_LIMIT = 200
_TRYING = set(TaskState) - {TaskState.PENDING, TaskState.SKIPPED}


@dataclass
class _Dag:
    pipeline: Pipeline
    tags: frozenset[str]


@dataclass
class _Run:
    run: Run
    changed: datetime
    tasks: dict[tuple[str, int], Task] = field(default_factory=dict)
    summaries: dict[tuple[str, int], str] = field(default_factory=dict)
    failures: dict[tuple[str, int], str] = field(default_factory=dict)
    logs: dict[tuple[str, int, int], str] = field(default_factory=dict)  # by task, map index and try


class FakeOrchestrator(FakeScheduling):
    """Implements `bot.ports.Orchestrator`. `clock` gives the time; a run stays as it is until a test moves it on."""

    name = "Airflow"
    account = "stationmaster"  # what the bot is called there

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self.clock = clock
        self._dags: dict[str, _Dag] = {}
        self._runs: dict[RunKey, _Run] = {}
        self._broken: dict[str, str] = {}
        self._questions: dict[QuestionKey, Question] = {}

    # What tests do to it

    def add_dag(self, pipeline: Pipeline, *, tags: Collection[str] = ("stationmaster",)) -> None:
        """Declare a DAG, or put another in its place."""
        self._dags[pipeline.dag_id] = _Dag(pipeline, frozenset(tags))

    def break_file(self, name: str, error: str) -> None:
        """Let a file fail to be imported."""
        self._broken[name] = error

    def remove_file(self, dag_id: str) -> None:
        """Let the DAG become stale: still listed, with its runs, but nothing can start it."""
        self._change_dag(dag_id, trouble=GONE)

    def remove_dag(self, dag_id: str) -> None:
        """Delete the DAG with all its runs."""
        del self._dags[dag_id]
        self._runs = {key: run for key, run in self._runs.items() if key.dag_id != dag_id}

    def pause(self, dag_id: str, *, paused: bool = True) -> None:
        """Pause the DAG, or resume it."""
        self._change_dag(dag_id, paused=paused, trouble="paused in Airflow" if paused else "")

    def add_run(self, run: Run) -> None:
        """A run that was not started through this port: scheduled, or from Airflow's own page."""
        tasks = self._dags[run.dag_id].pipeline.tasks if run.dag_id in self._dags else ()
        self._runs[run.key] = _Run(
            run,
            self.clock(),
            {
                (task.task_id, -1): Task(task_id=task.task_id, title=task.title, state=TaskState.PENDING)
                for task in tasks
            },
        )

    def set_task(
        self,
        key: RunKey,
        task_id: str,
        state: TaskState,
        *,
        map_index: int = -1,
        summary: str = "",
        failure: str = "",
    ) -> None:
        """Move one task on, and its run to RUNNING. With a `map_index` the unmapped task gives way to mapped ones."""
        kept, place, now = self._runs[key], (task_id, map_index), self.clock()
        title = next(task.title for task in kept.tasks.values() if task.task_id == task_id)
        fresh = Task(task_id=task_id, title=title, state=TaskState.PENDING, map_index=map_index)
        before = kept.tasks.get(place, fresh)
        if map_index >= 0:
            kept.tasks.pop((task_id, -1), None)
        kept.tasks[place] = before.model_copy(
            update={
                "state": state,
                "try_number": before.try_number + (before.state is TaskState.PENDING and state in _TRYING),
                "started": before.started or now,
                "ended": (before.ended if before.state is state else now) if state.over else None,
            }
        )
        kept.summaries[place], kept.failures[place] = summary, failure
        self._change(key, state=RunState.RUNNING, started=kept.run.started or now)

    def write_log(self, key: RunKey, task_id: str, text: str, *, map_index: int = -1) -> None:
        """Let the latest try of a task have written this."""
        kept = self._runs[key]
        kept.logs[(task_id, map_index, kept.tasks[(task_id, map_index)].try_number)] = text

    def finish(self, key: RunKey, *, ok: bool = True) -> None:
        """End the run. What was not over succeeds, or after a failure is skipped."""
        for task in [task for task in self._runs[key].tasks.values() if not task.state.over]:
            state = TaskState.SUCCESS if ok else TaskState.SKIPPED
            self.set_task(key, task.task_id, state, map_index=task.map_index)
        now = self.clock()
        started = self._runs[key].run.started or now
        self._change(key, state=RunState.SUCCESS if ok else RunState.FAILED, started=started, ended=now)

    def ask(self, question: Question) -> None:
        """Let a task wait for a person."""
        self._questions[question.key] = question
        key = RunKey(question.dag_id, question.run_id)
        self.set_task(key, question.task_id, TaskState.WAITING, map_index=question.map_index)

    def answer_elsewhere(self, key: QuestionKey, by: str, *chosen: str) -> None:
        """Answer on Airflow's own page."""
        self._take(key, Answered(chosen=chosen, by=by))

    def delete_run(self, key: RunKey) -> None:
        """Delete the run, as people can on Airflow's page."""
        del self._runs[key]

    @property
    def dag_ids(self) -> Sequence[str]:
        """Every DAG's id."""
        return tuple(self._dags)

    # The port

    async def pipelines(self, tag: str) -> Mapping[str, str]:
        """See Orchestrator."""
        self._called("pipelines", tag)
        return {dag_id: _digest(dag.pipeline) for dag_id, dag in self._dags.items() if tag in dag.tags}

    async def pipeline(self, dag_id: str) -> Pipeline:
        """See Orchestrator."""
        self._called("pipeline", dag_id)
        if dag_id not in self._dags:
            raise NotFound(self.name, f"The Dag with ID: `{dag_id}` was not found", status=404)
        return self._dags[dag_id].pipeline

    async def import_errors(self) -> Mapping[str, str]:
        """See Orchestrator."""
        self._called("import_errors")
        return dict(self._broken)

    async def start(
        self, key: RunKey, conf: Mapping[str, Any], *, note: str = "", run_after: datetime | None = None
    ) -> Run:
        """See Orchestrator."""
        self._called("start", key, dict(conf))
        if key not in self._runs:
            self._check_start(key, conf)
            now = self.clock()
            later = run_after is not None and run_after > now
            state = RunState.SCHEDULED if later else RunState.QUEUED
            plain = json.loads(json.dumps(dict(conf)))
            self.add_run(
                Run(
                    dag_id=key.dag_id,
                    run_id=key.run_id,
                    state=state,
                    conf=plain,
                    note=note,
                    queued=now,
                    run_after=run_after or now,
                )
            )
        self._answered()
        return self._runs[key].run

    async def run(self, key: RunKey) -> Run | None:
        """See Orchestrator."""
        self._called("run", key)
        return self._runs[key].run if key in self._runs else None

    async def changed_runs(self, dag_ids: Collection[str], since: datetime) -> Sequence[Run]:
        """See Orchestrator."""
        self._called("changed_runs", tuple(sorted(dag_ids)), since)
        changed = [kept for kept in self._of(dag_ids) if kept.changed >= since]
        return [kept.run for kept in sorted(changed, key=lambda kept: kept.changed)]

    async def recent_runs(self, dag_ids: Collection[str], limit: int) -> Sequence[Run]:
        """See Orchestrator."""
        self._called("recent_runs", tuple(sorted(dag_ids)), limit)
        runs = sorted((kept.run for kept in self._of(dag_ids)), key=_due, reverse=True)
        return runs[: max(0, limit)]

    async def tasks(self, keys: Collection[RunKey]) -> Mapping[RunKey, Sequence[Task]]:
        """See Orchestrator."""
        self._called("tasks", tuple(sorted(keys)))
        return {key: sorted(self._runs[key].tasks.values(), key=_when) for key in keys if key in self._runs}

    async def summary(self, key: RunKey, task: Task) -> str:
        """See Orchestrator."""
        self._called("summary", key, task)
        said = self._runs[key].summaries.get((task.task_id, task.map_index), "") if key in self._runs else ""
        return said if len(said) <= SUMMARY_LIMIT else ""

    async def failure(self, key: RunKey, task: Task) -> str:
        """See Orchestrator."""
        self._called("failure", key, task)
        return self._runs[key].failures.get((task.task_id, task.map_index), "") if key in self._runs else ""

    async def questions(self, dag_ids: Collection[str]) -> Sequence[Question]:
        """See Orchestrator."""
        self._called("questions", tuple(sorted(dag_ids)))
        asked = [self._now(each) for each in self._questions.values() if each.dag_id in dag_ids]
        return sorted((each for each in asked if each.open), key=lambda each: each.created)

    async def question(self, key: QuestionKey) -> Question | None:
        """See Orchestrator."""
        self._called("question", key)
        return self._now(self._questions[key]) if key in self._questions else None

    async def answer(self, key: QuestionKey, chosen: Collection[str], values: Mapping[str, Any]) -> None:
        """See Orchestrator."""
        self._called("answer", key, tuple(chosen), dict(values))
        asked = self._questions.get(key)
        if asked is None:
            raise NotFound(self.name, "Human-in-the-loop detail does not exist", status=404)
        if asked.answered:
            raise ServiceRejected(self.name, "has already been updated", status=409)
        if asked.assigned and self.account not in {each.id for each in asked.assigned}:
            raise ServiceDenied(self.name, f"User={self.account} is not a respondent for the task.", status=403)
        if set(chosen) - set(asked.options) or (len(chosen) > 1 and not asked.multiple):
            raise ServiceRejected(self.name, "Invalid options", status=400)
        self._take(key, Answered(chosen=tuple(chosen), values=dict(values), by=self.account))
        self._answered()

    async def log(self, key: RunKey, task: Task, try_number: int) -> Log:
        """See Orchestrator."""
        self._called("log", key, task, try_number)
        kept = self._runs.get(key)
        now = kept.tasks.get((task.task_id, task.map_index)) if kept else None
        if kept is None or now is None or not 0 <= try_number <= now.try_number:
            raise NotFound(self.name, "TaskInstance not found", status=404)
        said = kept.logs.get((task.task_id, task.map_index, try_number), "")
        return Log(lines=tuple(masked(said).splitlines()))

    async def stop(self, key: RunKey) -> Run:
        """See Orchestrator. What runs of it fails, what waits is skipped."""
        self._called("stop", key)
        kept = self._there(key)
        if not kept.run.state.over:
            for place, task in kept.tasks.items():
                if not task.state.over:
                    over = TaskState.FAILED if task.state is TaskState.RUNNING else TaskState.SKIPPED
                    kept.tasks[place] = task.model_copy(update={"state": over, "ended": self.clock()})
            self._change(key, state=RunState.FAILED, ended=self.clock())
        self._answered()
        return self._runs[key].run

    async def retry(self, key: RunKey) -> Run:
        """See Orchestrator."""
        self._called("retry", key)
        kept = self._there(key)
        left = [place for place, task in kept.tasks.items() if task.state is not TaskState.SUCCESS]
        if kept.run.state is RunState.FAILED and left:
            again = {"state": TaskState.PENDING, "started": None, "ended": None}
            for place in left:
                kept.tasks[place] = kept.tasks[place].model_copy(update=again)
            self._change(key, state=RunState.QUEUED, queued=self.clock(), started=None, ended=None)
        self._answered()
        return self._runs[key].run

    def dag_url(self, dag_id: str) -> str:
        """See Orchestrator."""
        return f"http://airflow.test/dags/{dag_id}"

    def run_url(self, key: RunKey) -> str:
        """See Orchestrator."""
        return f"http://airflow.test/dags/{key.dag_id}/runs/{key.run_id}"

    async def check(self) -> None:
        """See Orchestrator."""
        self._called("check")

    async def close(self) -> None:
        """See Orchestrator."""
        self._called("close")

    def _declared_names(self) -> list[str]:
        return list(self._dags)

    def _declared(self, name: str) -> Scheduled | None:
        if name not in self._dags:
            return None
        dag = self._dags[name]
        trouble = dag.pipeline.trouble if dag.pipeline.trouble == GONE else ""
        return Scheduled(
            dag_id=name,
            description=dag.pipeline.description,
            paused=dag.pipeline.paused,
            next_run=dag.pipeline.next_run,
            trouble=trouble,
            tags=tuple(sorted(dag.tags)),
        )

    def _exists(self, run: tuple[str, str]) -> bool:
        return RunKey(*run) in self._runs

    def _fail_queued(self, backfill: Backfill) -> None:
        for run in [kept.run for kept in self._of([backfill.dag_id]) if kept.run.kind == "backfill"]:
            if run.state is RunState.QUEUED and run.conf == backfill.conf:
                self._change(run.key, state=RunState.FAILED, ended=self.clock())

    def _take(self, key: QuestionKey, answered: Answered) -> None:
        self._questions[key] = self._questions[key].model_copy(update={"open": False, "answered": answered})
        self.set_task(RunKey(key.dag_id, key.run_id), key.task_id, TaskState.SUCCESS, map_index=key.map_index)

    def _now(self, asked: Question) -> Question:
        """A task of a run that is over waits for nobody."""
        kept = self._runs.get(RunKey(asked.dag_id, asked.run_id))
        return asked.model_copy(update={"open": asked.open and kept is not None and not kept.run.state.over})

    def _there(self, key: RunKey) -> _Run:
        if key not in self._runs:
            raise NotFound(self.name, f"run {key.run_id} of {key.dag_id}", status=404)
        return self._runs[key]

    def _check_start(self, key: RunKey, conf: Mapping[str, Any]) -> None:
        dag = self._dags.get(key.dag_id)
        if dag is None or dag.pipeline.trouble == GONE:
            raise NotFound(self.name, f"Dag with dag_id: '{key.dag_id}' not found", status=404)
        if not RUN_ID.fullmatch(key.run_id):
            raise ServiceRejected(self.name, f"The run_id provided '{key.run_id}' does not match", status=422)
        for parameter in dag.pipeline.parameters:
            if parameter.required and parameter.name not in conf:
                raise self._unfit(parameter.name, "No value passed")
            value = conf.get(parameter.name, parameter.default)
            for error in Draft7Validator(parameter.rule).iter_errors(value):
                raise self._unfit(parameter.name, error.message)

    def _unfit(self, name: str, why: str) -> ServiceRejected:
        return ServiceRejected(self.name, f"Invalid input for param {name}: {why}", status=400)

    def _of(self, dag_ids: Collection[str]) -> list[_Run]:
        return [kept for key, kept in self._runs.items() if key.dag_id in dag_ids]

    def _change(self, key: RunKey, **update: Any) -> None:
        kept = self._runs[key]
        kept.run, kept.changed = kept.run.model_copy(update=update), self.clock()

    def _change_dag(self, dag_id: str, **update: Any) -> None:
        dag = self._dags[dag_id]
        dag.pipeline = dag.pipeline.model_copy(update=update)


def _digest(pipeline: Pipeline) -> str:
    return hashlib.sha256(pipeline.model_dump_json().encode()).hexdigest()[:16]


def _due(run: Run) -> datetime:
    return run.run_after or run.queued or datetime.min.replace(tzinfo=UTC)


def _when(task: Task) -> tuple[datetime, str, int]:
    return (task.started or datetime.max.replace(tzinfo=UTC), task.task_id, task.map_index)
