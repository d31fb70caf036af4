"""What Airflow's runs and MLflow's versions do by themselves while the bot comes and goes."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from itertools import count
from random import Random

from bot.domain import Dataset, Parameter, Pipeline, RunKey, TaskSpec, TaskState, Training, Version
from tests.chaos.wire import Wire
from tests.fakes import FakeOrchestrator, FakeRegistry

MARKER = Parameter(name="marker", rule={"type": "string", "maxLength": 40}, default="none")
TASKS = tuple(TaskSpec(task_id=name, title=name) for name in ("prepare", "train"))
DELAYS = Pipeline(dag_id="train_delays", description="Nobody has to agree", parameters=(MARKER,), tasks=TASKS)
CLAIMS = Pipeline(dag_id="train_claims", description="Its owner has to agree", parameters=(MARKER,), tasks=TASKS)
DEPLOY = "deploy"
DEPLOYING = Pipeline(dag_id=DEPLOY, description="Deploys", tasks=TASKS)
TICK = 0.2  # seconds


class Trains:
    """Moves runs on. A run's fate depends on its id and the seed: most go on, `ending` of them succeed or fail.

    `failed` and `going` are the runs that nobody has retried or cancelled yet, `made` the versions (model and number)
    that nobody has asked to promote. `ends` counts how often each run has come to an end by itself.
    """

    def __init__(self, airflow: FakeOrchestrator, mlflow: FakeRegistry, wire: Wire, seed: int, ending: float) -> None:
        self.failed: list[RunKey] = []
        self.going: list[RunKey] = []
        self.made: list[tuple[str, str]] = []
        self.ends: dict[RunKey, int] = {}
        self._airflow, self._mlflow, self._wire = airflow, mlflow, wire
        self._seed, self._ending = seed, ending
        self._seen, self._numbers = 0, count(1)
        self._due: list[tuple[float, RunKey, bool]] = []
        for pipeline in (DELAYS, CLAIMS):
            airflow.add_dag(pipeline)
        airflow.add_dag(DEPLOYING, tags=())

    async def move(self) -> None:
        """Move runs on for ever."""
        while True:
            self.tick()
            await asyncio.sleep(TICK)

    def tick(self) -> None:
        """Look at what was started and cleared since the last time; end what is due."""
        calls, self._seen = self._wire.calls[self._seen :], len(self._wire.calls)
        for call in calls:
            verb, _, name = call.effect.partition(" ")
            if verb in {"started", "cleared"}:
                self._begin(RunKey(*name.split("/", 1)), again=verb == "cleared")
        now = asyncio.get_running_loop().time()
        for at, key, ok in [each for each in self._due if each[0] <= now]:
            self._due.remove((at, key, ok))
            self._end(key, ok=ok)

    def _begin(self, key: RunKey, *, again: bool) -> None:
        chance = Random(f"{self._seed} {key.run_id} {again}")
        self._airflow.set_task(key, "prepare", TaskState.RUNNING)
        again = again or key.dag_id == DEPLOY
        if again or chance.random() < self._ending:
            at = asyncio.get_running_loop().time() + chance.uniform(0.2, 4.0)
            self._due.append((at, key, again or chance.random() < 0.7))
        else:
            self.going.append(key)

    def _end(self, key: RunKey, *, ok: bool) -> None:
        if key.dag_id == DEPLOY:
            self._airflow.finish(key)
            return
        self.ends[key] = self.ends.get(key, 0) + 1
        if not ok:
            self._airflow.set_task(key, "prepare", TaskState.FAILED, failure="ValueError: derailed")
            self.failed.append(key)
        else:
            self._register(key)
        self._airflow.finish(key, ok=ok)

    def _register(self, key: RunKey) -> None:
        self._airflow.set_task(key, "train", TaskState.RUNNING)
        model, now = key.dag_id.removeprefix("train_"), datetime.now(UTC)
        number = str(next(self._numbers))
        tags = {"airflow.dag_id": key.dag_id, "airflow.run_id": key.run_id, "airflow.task_id": "train"}
        holdout = (Dataset(name="holdout", digest="7f3a", context="evaluation"),)
        training = Training(
            run_id=hashlib.sha256(key.run_id.encode()).hexdigest()[:32],
            experiment_id="1",
            status="FINISHED",
            started=now,
            ended=now,
            metrics={"auc": 0.7},
            tags=tags,
            datasets=holdout,
        )
        self._mlflow.add_training(training)
        self._mlflow.add_version(Version(model=model, version=number, run_id=training.run_id, created=now))
        self.made.append((model, number))
