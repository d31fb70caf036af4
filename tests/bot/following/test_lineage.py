"""Which MLflow run speaks for a DAG run, and whether Airflow confirms it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import RunKey, Task, TaskState, Training
from bot.following.lineage import CLOCKS_APART, chosen, confirmed, key_of

BEGUN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TAGS = {"airflow.dag_id": "train_delays", "airflow.run_id": "r1", "airflow.task_id": "train"}
SECOND = timedelta(seconds=1)


def training(started: datetime | None = BEGUN, run_id: str = "m1", **more: object) -> Training:
    fields = {"tags": TAGS, "metrics": {"auc": 0.7}} | more
    return Training.model_validate(
        {"run_id": run_id, "experiment_id": "1", "status": "FINISHED", "started": started, **fields}
    )


def task(started: datetime | None = BEGUN, ended: datetime | None = None, task_id: str = "train") -> Task:
    return Task(task_id=task_id, title=task_id, state=TaskState.RUNNING, started=started, ended=ended)


@pytest.mark.parametrize("missing", ["airflow.dag_id", "airflow.run_id"])
def test_the_claim_is_in_the_tags(missing: str) -> None:
    """Both names, or no claim."""
    assert key_of(training()) == RunKey("train_delays", "r1")
    assert key_of(training(tags={name: value for name, value in TAGS.items() if name != missing})) is None
    assert key_of(training(tags=TAGS | {missing: ""})) is None


@pytest.mark.parametrize(
    ("begun", "tasks", "yes"),
    [
        (BEGUN, [task()], True),
        (BEGUN, [], False),
        (None, [task()], False),
        (BEGUN, [task(task_id="register")], False),
        (BEGUN, [task(started=None)], False),
        (BEGUN - CLOCKS_APART, [task()], True),
        (BEGUN - CLOCKS_APART - SECOND, [task()], False),
        (BEGUN + 60 * SECOND, [task(ended=BEGUN + 30 * SECOND)], True),
        (BEGUN + 61 * SECOND, [task(ended=BEGUN + 30 * SECOND)], False),
        (BEGUN + timedelta(days=1), [task()], True),
        (BEGUN, [task(task_id="check"), task(started=None), task()], True),
    ],
)
def test_airflow_confirms_what_began_while_the_named_task_ran(
    begun: datetime | None, tasks: list[Task], yes: bool
) -> None:
    """The clocks may differ a little; an earlier try, another task, a task that never began confirm nothing."""
    assert confirmed(training(begun), tasks) is yes


def test_a_run_that_names_no_task_is_not_confirmed() -> None:
    """A task's id can't be empty, and neither can the claim."""
    claimed = training(tags={"airflow.dag_id": "train_delays", "airflow.run_id": "r1"})
    assert not confirmed(claimed, [task()])


EARLIER = BEGUN - timedelta(hours=1)


@pytest.mark.parametrize(
    ("trainings", "run_id", "verified"),
    [
        ([], None, False),
        ([training(EARLIER)], "m1", False),
        ([training(run_id="new"), training(run_id="old")], "new", True),
        ([training(EARLIER, run_id="claims"), training(run_id="true")], "true", True),
        ([training(run_id="empty", metrics={}), training(run_id="scored")], "scored", True),
        ([training(EARLIER, run_id="claims"), training(run_id="true", metrics={})], "true", True),
        ([training(EARLIER, run_id="empty", metrics={}), training(EARLIER, run_id="scored")], "scored", False),
    ],
)
def test_the_run_that_speaks(trainings: list[Training], run_id: str | None, verified: bool) -> None:
    """Confirmed before claimed, with metrics before without, then the newest."""
    found, sure = chosen(trainings, [task()])
    assert (found.run_id if found else None, sure) == (run_id, verified)
