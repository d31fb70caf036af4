"""Orchestrators with the DAGs of `tests/dags`, in memory and real: what the cases need beside the port itself."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from bot.domain import Assignee, Parameter, Pipeline, Question, Run, RunKey, TaskSpec, TaskState
from bot.orchestrator import AirflowOrchestrator
from bot.ports import Orchestrator
from bot.scheduling.when import read_when
from tests.fakes import FakeOrchestrator

FAILURE = "ValueError: 3 of 14 checks failed: visib has 4.2% nulls"
LOG = f"10:42:03 ERROR Task failed with exception\n{FAILURE}\npassword=hunter2 on the second line"
PATIENCE = 150.0  # seconds for a run of one of the tests' DAGs, on a machine that is busy with other tests

# What `tests/dags` declare, as the bot should read it.
TINY = Pipeline(
    dag_id="tiny",
    description="Trains nothing, quickly",
    parameters=(
        Parameter(
            name="learning_rate",
            rule={"type": "number", "minimum": 0.001, "maximum": 1},
            default=0.1,
            description="How far each step goes",
        ),
        Parameter(name="rounds", rule={"type": "integer", "minimum": 1, "maximum": 50}, default=3),
        Parameter(name="metric", rule={"enum": ["auc", "log_loss"]}, default="auc"),
        Parameter(name="shuffle", rule={"type": "boolean"}, default=True),
        Parameter(
            name="airports",
            rule={"type": "array", "items": {"enum": ["JFK", "LGA", "EWR"]}},
            default=["JFK"],
        ),
        Parameter(name="seed", rule={"type": ["null", "integer"]}),
        Parameter(
            name="label",
            rule={"type": "string", "minLength": 1, "maxLength": 40},
            required=True,
            description="What to call the result",
        ),
    ),
    tasks=(
        TaskSpec(task_id="take_rows", title="take rows"),
        TaskSpec(task_id="training.fit", title="fit it", group="training"),
        TaskSpec(task_id="tell", title="say so"),
    ),
)
BREAKS = Pipeline(
    dag_id="breaks",
    description="Fails in its second task",
    tasks=(
        TaskSpec(task_id="prepare", title="prepare"),
        TaskSpec(task_id="check_rows", title="check rows"),
        TaskSpec(task_id="train", title="train"),
    ),
)
SLOW = Pipeline(
    dag_id="slow",
    description="Sleeps, then runs one task thrice",
    parameters=(Parameter(name="seconds", rule={"type": "number", "minimum": 0, "maximum": 600}, default=5),),
    tasks=(TaskSpec(task_id="wait", title="wait"), TaskSpec(task_id="each", title="each")),
)
PAUSED = Pipeline(
    dag_id="paused_one",
    description="Paused",
    paused=True,
    trouble="paused in Airflow",
    tasks=(TaskSpec(task_id="never", title="never"),),
)
UNTAGGED = Pipeline(
    dag_id="untagged",
    description="Not a training pipeline",
    tasks=(TaskSpec(task_id="other", title="other"),),
)
ASKS = Pipeline(
    dag_id="asks",
    description="Asks people",
    tasks=tuple(TaskSpec(task_id=name, title=name) for name in ("for_omar", "review", "tune")),
)
DAILY = Pipeline(
    dag_id="daily",
    description="Sleeps a while, once a day",
    tasks=(TaskSpec(task_id="sleep", title="sleep"),),
)
CONF: Mapping[str, Mapping[str, Any]] = {
    "tiny": {"label": "night line", "rounds": 4},
    "breaks": {},
    "slow": {"seconds": 1},
}


def questions(key: RunKey) -> list[Question]:
    """What the tasks of a run of `asks` ask."""
    asked = {"dag_id": key.dag_id, "run_id": key.run_id, "created": datetime.now(UTC)}
    body = "It is *better* on 3 of 4 metrics & worse on <one>."
    number = {"type": "number", "minimum": 0, "maximum": 1}
    parameters = (
        Parameter(name="threshold", rule=number, default=0.5, description="Above it a flight is late"),
        Parameter(name="note", rule={"type": ["null", "string"]}),
    )
    omar = (Assignee("omar", "Omar"),)
    return [
        Question(task_id="review", subject="Use the model?", body=body, options=("Approve", "Reject"), **asked),
        Question(
            task_id="tune", subject="With which values?", options=("auc", "log_loss"), multiple=True,
            parameters=parameters, **asked,
        ),
        Question(task_id="for_omar", subject="Omar?", options=("Yes",), assigned=omar, **asked),
    ]  # fmt: skip


def new_id(what: str = "contract") -> str:
    """A run id that no other test has."""
    return f"{what}~{uuid.uuid4().hex[:12]}"


class OrchestratorStage(Protocol):
    """An orchestrator with the tests' DAGs, whose runs come to their end."""

    @property
    def orchestrator(self) -> Orchestrator:
        """The port under test."""

    async def ended(self, dag_id: str) -> Run:
        """A run of this DAG with the conf above, over; the same one for every case."""

    async def asking(self) -> RunKey:
        """A run of `asks` of its own, all of whose tasks wait for people."""

    async def going(self) -> Run:
        """A run of `slow` of its own, whose first task runs for minutes."""

    async def over(self, key: RunKey) -> Run:
        """The run of `slow` or `breaks`, once it is over."""

    async def delete(self, key: RunKey) -> None:
        """Delete the run behind the bot's back."""

    async def pause(self, dag_id: str, *, paused: bool) -> None:
        """Pause or resume the DAG behind the bot's back."""


class FakeStage:
    """In memory: a run's tasks do at once what those of `tests/dags` do."""

    def __init__(self) -> None:
        self.fake = FakeOrchestrator()
        self.orchestrator: Orchestrator = self.fake
        for pipeline in (TINY, BREAKS, SLOW, PAUSED, ASKS):
            self.fake.add_dag(pipeline)
        self.fake.add_dag(UNTAGGED, tags=["somebody_else"])
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.fake.add_dag(DAILY.model_copy(update={"next_run": midnight}), tags=["by-the-clock"])
        self.fake.give_schedule("daily", read_when("@daily"))
        self.fake.break_file("broken_import.py", "ModuleNotFoundError: No module named 'a_package_that_is_not_there'")
        self._ended: dict[str, RunKey] = {}

    async def ended(self, dag_id: str) -> Run:
        """See OrchestratorStage."""
        if dag_id not in self._ended:
            run = await self.fake.start(RunKey(dag_id, new_id("ended")), CONF[dag_id])
            self._ended[dag_id] = run.key
            {"tiny": self._tiny, "breaks": self._breaks, "slow": self._slow}[dag_id](run.key)
        return await self._now(self._ended[dag_id])

    async def going(self) -> Run:
        """See OrchestratorStage."""
        run = await self.fake.start(RunKey("slow", new_id("going")), {"seconds": 300})
        self.fake.set_task(run.key, "wait", TaskState.RUNNING)
        return await self._now(run.key)

    async def over(self, key: RunKey) -> Run:
        """See OrchestratorStage."""
        if not (await self._now(key)).state.over:
            {"breaks": self._breaks, "slow": self._slow}[key.dag_id](key)
        return await self._now(key)

    async def _now(self, key: RunKey) -> Run:
        run = await self.fake.run(key)
        assert run
        return run

    async def asking(self) -> RunKey:
        """See OrchestratorStage."""
        key = (await self.fake.start(RunKey("asks", new_id("asks")), {})).key
        for question in questions(key):
            self.fake.ask(question)
        return key

    async def delete(self, key: RunKey) -> None:
        """See OrchestratorStage."""
        self.fake.delete_run(key)

    async def pause(self, dag_id: str, *, paused: bool) -> None:
        """See OrchestratorStage."""
        self.fake.pause(dag_id, paused=paused)

    def _tiny(self, key: RunKey) -> None:
        self.fake.set_task(key, "take_rows", TaskState.SUCCESS, summary="1,000 rows")
        self.fake.set_task(key, "training.fit", TaskState.SUCCESS, summary="4 rounds of auc")
        self.fake.set_task(key, "tell", TaskState.SUCCESS, summary="night line")
        self.fake.finish(key)

    def _breaks(self, key: RunKey) -> None:
        self.fake.set_task(key, "prepare", TaskState.SUCCESS)
        self.fake.set_task(key, "check_rows", TaskState.FAILED, failure=FAILURE)
        self.fake.write_log(key, "check_rows", LOG)
        self.fake.finish(key, ok=False)

    def _slow(self, key: RunKey) -> None:
        self.fake.set_task(key, "wait", TaskState.SUCCESS)
        for index in range(3):
            self.fake.set_task(key, "each", TaskState.SUCCESS, map_index=index, summary=f"number {index + 1}")
        self.fake.finish(key)


class AirflowStage:
    """A real Airflow with `tests/dags`."""

    def __init__(self, url: str, username: str, password: str, log: Path) -> None:
        self._url, self._credentials, self._log = url, {"username": username, "password": password}, log
        # Generous with time: these cases are about meaning, and the machine runs Airflow beside them.
        self.orchestrator = AirflowOrchestrator(url, username=username, password=password, read_timeout=30)
        self._ended: dict[str, RunKey] = {}

    async def ended(self, dag_id: str) -> Run:
        """See OrchestratorStage. The first call starts a run of every DAG, so that they run side by side."""
        await self._parsed()
        if not self._ended:
            for name, conf in CONF.items():
                self._ended[name] = (await self.orchestrator.start(RunKey(name, new_id("ended")), conf)).key
        return await self.over(self._ended[dag_id])

    async def going(self) -> Run:
        """See OrchestratorStage."""
        await self._parsed()
        key = (await self.orchestrator.start(RunKey("slow", new_id("going")), {"seconds": 300})).key
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run, tasks = await self.orchestrator.run(key), await self.orchestrator.tasks([key])
            if run and any(task.state is TaskState.RUNNING for task in tasks.get(key, ())):
                return run
            await asyncio.sleep(0.5)
        raise TimeoutError(f"no task of slow runs after {PATIENCE:g} s")

    async def over(self, key: RunKey) -> Run:
        """See OrchestratorStage."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = await self.orchestrator.run(key)
            if run and run.state.over:
                return run
            await asyncio.sleep(0.5)
        raise TimeoutError(f"the run of {key.dag_id} did not end in {PATIENCE:g} s")

    async def asking(self) -> RunKey:
        """See OrchestratorStage."""
        await self._parsed()
        key = (await self.orchestrator.start(RunKey("asks", new_id("asks")), {})).key
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = [each for each in await self.orchestrator.questions(["asks"]) if each.run_id == key.run_id]
            if len(found) == 3 and all(self._has_noticed(each) for each in found):
                return key
            await asyncio.sleep(0.5)
        raise TimeoutError(f"the tasks of asks ask nothing after {PATIENCE:g} s")

    def _has_noticed(self, question: Question) -> bool:
        """Does the scheduler know that the task's process ended? An answer before that fails the task."""
        ended = "TaskInstance Finished: dag_id={dag_id}, task_id={task_id}, run_id={run_id},"
        return ended.format(**question.key._asdict()) in self._log.read_text(encoding="utf-8", errors="replace")

    async def delete(self, key: RunKey) -> None:
        """See OrchestratorStage."""
        await self._ask("PATCH", f"/dags/{key.dag_id}/dagRuns/{key.run_id}", {"state": "failed"})
        await self._ask("DELETE", f"/dags/{key.dag_id}/dagRuns/{key.run_id}")

    async def pause(self, dag_id: str, *, paused: bool) -> None:
        """See OrchestratorStage."""
        await self._ask("PATCH", f"/dags/{dag_id}", {"is_paused": paused})

    async def _parsed(self) -> None:
        """Wait until Airflow has read every file of `tests/dags`."""
        deadline = time.monotonic() + PATIENCE
        while {"tiny", "breaks", "slow", "paused_one", "asks"} - set(
            await self.orchestrator.pipelines("stationmaster")
        ):
            assert time.monotonic() < deadline, "Airflow has not parsed tests/dags"
            await asyncio.sleep(1)
        while await self.orchestrator.scheduled("daily") is None:
            assert time.monotonic() < deadline, "Airflow has not parsed tests/dags/daily.py"
            await asyncio.sleep(1)

    async def _ask(self, method: str, path: str, body: Any = None) -> None:
        """Ask without the adapter that is under test."""
        async with aiohttp.ClientSession(raise_for_status=True) as http:
            async with http.post(f"{self._url}/auth/token", json=self._credentials) as answer:
                token = (await answer.json())["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            async with http.request(method, f"{self._url}/api/v2{path}", json=body, headers=headers):
                pass
