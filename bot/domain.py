"""The nouns that the bot speaks in: frozen, and free of any vendor's types.

Times are timezone-aware datetimes in UTC. Everything here survives a round trip through JSON, because the
catalogue and the followed runs are kept in the store.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value; unknown fields are refused."""

    # A metric may be NaN: as JSON it is the string "NaN", because null does not come back as a number.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class RunKey(NamedTuple):
    """What names a DAG run: its DAG's id and its own."""

    dag_id: str
    run_id: str


class RunState(StrEnum):
    """A DAG run's state. GONE: Airflow has deleted the run, or its DAG."""

    SCHEDULED = "scheduled"  # accepted by the orchestrator for a later time
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    GONE = "gone"
    UNKNOWN = "unknown"  # a state that a newer Airflow has and we don't

    @property
    def over(self) -> bool:
        """True when nothing more will happen to the run by itself."""
        return self in {RunState.SUCCESS, RunState.FAILED, RunState.GONE}


class TaskState(StrEnum):
    """A task's state, folded from Airflow's dozen to what a reader can use."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"  # for a person, a sensor or a retry
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def over(self) -> bool:
        """True when the task will not run again by itself."""
        return self in {TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED}


class Parameter(Record):
    """One `Param` of a DAG. `rule` is its JSON schema; `default` is meaningless where `required`."""

    name: str
    rule: dict[str, Any]
    default: Any = None
    required: bool = False
    description: str = ""


class TaskSpec(Record):
    """A task as the DAG declares it; the order in a Pipeline is topological."""

    task_id: str
    title: str
    group: str = ""  # the outermost task group's id


class Pipeline(Record):
    """A DAG that trains. `trouble` says in words why it can't run now, else it is empty."""

    dag_id: str
    description: str = ""
    paused: bool = False
    trouble: str = ""
    parameters: tuple[Parameter, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    next_run: datetime | None = None

    def parameter(self, name: str) -> Parameter | None:
        """The parameter called `name`, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class Scheduled(Record):
    """How the orchestrator has a DAG that runs by the clock. `trouble` says why it won't, apart from being paused."""

    dag_id: str
    description: str = ""
    paused: bool = False
    next_run: datetime | None = None  # None too while it is paused, or has nothing left to run
    trouble: str = ""
    tags: tuple[str, ...] = ()
    parsed: datetime | None = None  # when its file was read last


class BackfillPlan(Record):
    """Runs of a past span that a DAG's own schedule names: of which, `at_once` so many, `again` those that there are.

    `conf` should hold something of the request's own: by that it is found again when an answer was lost.
    """

    dag_id: str
    since: datetime
    until: datetime
    conf: dict[str, Any] = {}
    at_once: int = 1
    again: Literal["none", "failed", "completed"] = "none"


class Backfill(Record):
    """A backfill that was started. `over`: when all its runs were, or when it was cancelled."""

    id: int
    dag_id: str
    since: datetime
    until: datetime
    conf: dict[str, Any] = {}
    paused: bool = False
    created: datetime
    over: datetime | None = None


class Run(Record):
    """A DAG run as the orchestrator reports it."""

    dag_id: str
    run_id: str
    state: RunState
    kind: str = "manual"  # manual, scheduled, backfill, operator_triggered, asset_triggered
    conf: dict[str, Any] = {}
    note: str = ""
    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    run_after: datetime | None = None

    @property
    def key(self) -> RunKey:
        """What names this run."""
        return RunKey(self.dag_id, self.run_id)

    @property
    def seconds(self) -> float | None:
        """How long it ran, when it is over."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None


class Task(Record):
    """One task of one run, at its latest try. A mapped task appears once an index (−1: not mapped)."""

    task_id: str
    title: str
    state: TaskState
    try_number: int = 0
    map_index: int = -1
    started: datetime | None = None
    ended: datetime | None = None


class Log(Record):
    """What a try of a task wrote, oldest line first, without secrets. `cut`: earlier lines are left out."""

    lines: tuple[str, ...] = ()
    cut: bool = False


class QuestionKey(NamedTuple):
    """What names a question that a task asks: the task, of one run."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1


class Assignee(NamedTuple):
    """Somebody whom a question is for, as the orchestrator knows them."""

    id: str
    name: str


class Answered(Record):
    """How a question was answered; `by` is the orchestrator's name for who did, empty where nobody did in time."""

    chosen: tuple[str, ...] = ()
    values: dict[str, Any] = {}
    by: str = ""


class Question(Record):
    """What a task waits to hear from a person: one of `options` (or several), and values for `parameters`.

    `open`: the task waits for it now. `assigned`: the only ones who may answer; empty, whoever may.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 0
    title: str = ""
    subject: str
    body: str = ""
    options: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    multiple: bool = False
    parameters: tuple[Parameter, ...] = ()
    assigned: tuple[Assignee, ...] = ()
    created: datetime
    open: bool = True
    answered: Answered | None = None

    @property
    def key(self) -> QuestionKey:
        """What names this question."""
        return QuestionKey(self.dag_id, self.run_id, self.task_id, self.map_index)


class Dataset(Record):
    """A data set that a training run read, as logged with `mlflow.log_input`."""

    name: str
    digest: str
    context: str = ""  # "training", "evaluation", …
    rows: int | None = None  # None where its profile doesn't say


class Training(Record):
    """An MLflow run: what training code recorded of itself. Written by training code, so not evidence."""

    run_id: str
    experiment_id: str
    status: str
    started: datetime | None = None
    ended: datetime | None = None
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    datasets: tuple[Dataset, ...] = ()
    url: str = ""

    def digest(self, context: str) -> str:
        """The digest of the one data set logged in `context`; empty where there is none, or several."""
        found = {dataset.digest for dataset in self.datasets if dataset.context == context}
        return found.pop() if len(found) == 1 else ""


class Version(Record):
    """A version of a registered model."""

    model: str
    version: str
    run_id: str = ""  # the MLflow run that it came from
    created: datetime | None = None
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    url: str = ""
    source: str = (
        ""  # where its files are, as its author gave it: "models:/m-…", "runs:/…", an artifact store's address
    )
    status: str = ""  # READY, PENDING_REGISTRATION or FAILED_REGISTRATION
    description: str = ""


class Person(Record):
    """A member of the workspace. `zone` is an IANA name."""

    id: str
    name: str
    zone: str = "UTC"
    outsider: bool = False  # a guest, a bot, deactivated, or of another workspace


class Posted(Record):
    """Where a message stands: a channel's id and Slack's `ts`."""

    channel: str
    ts: str
