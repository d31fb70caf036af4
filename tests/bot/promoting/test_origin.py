"""Where a version comes from: the bot's record, cross-checked with Airflow; tags alone prove nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain import Run, RunState, Task, TaskState, Training
from bot.promoting.evidence import Barred
from bot.promoting.origin import judged
from bot.store import AuditRow, FollowedRun

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
TASK = Task(task_id="train", title="train", state=TaskState.SUCCESS, started=NOW, ended=NOW + timedelta(minutes=3))
TRAINING = Training(
    run_id="run-13",
    experiment_id="1",
    status="FINISHED",
    started=NOW + timedelta(seconds=5),
    tags={"airflow.dag_id": "train_delays", "airflow.run_id": "slack__1", "airflow.task_id": "train"},
)
DANA = Barred(person="U0DANA", name="Dana", why="started the run that made it")


def run(person: Any = "U0DANA", **more: Any) -> Run:
    return Run(
        dag_id="train_delays",
        run_id="slack__1",
        state=RunState.SUCCESS,
        conf={"stationmaster": {"person": person, "name": "Dana"} | more},
    )


def row(
    actor: str = "U0DANA", name: str = "Dana", outcome: str = "started", action: str = "run", **more: Any
) -> AuditRow:
    return AuditRow(
        seq=1,
        at=0.0,
        prev=None,
        seal=None,
        place=None,
        sealed=None,
        actor=actor,
        actor_name=name,
        action=action,
        outcome=outcome,
        model="delays",
        subject="slack__1",
        **more,
    )


def followed(person: str | None) -> FollowedRun:
    return FollowedRun(
        dag_id="train_delays",
        dag_run_id="slack__1",
        model="delays",
        origin="command",
        state="success",
        conf={},
        requested_by=person,
        requested_by_name="Noor",
    )


def test_the_record_and_airflow_agree() -> None:
    """Then the origin is known, and who started the run is barred."""
    found = judged(TRAINING, run(), [TASK], [row()], followed("U0DANA"))
    assert (found.unknown, found.confirmed, found.makers, found.trained_by) == ("", True, (DANA,), "Dana")


def test_who_retried_is_barred_too() -> None:
    """They set it going again; the run's conf still names who started it."""
    found = judged(TRAINING, run(), [TASK], [row(), row("U0OMAR", "Omar", "retried", "retry")], None)
    assert found.unknown == ""
    assert found.makers == (DANA, Barred(person="U0OMAR", name="Omar", why="retried the run that made it"))


def test_a_clone_is_its_cloners() -> None:
    """The audit row tells that it was one."""
    found = judged(TRAINING, run(), [TASK], [row(detail={"cloned_from": "train_delays/slack__0"})], None)
    assert found.makers[0].why == "cloned a run to make it"


def test_a_schedules_maker_is_barred() -> None:
    """By the row that is written when a scheduled run is met."""
    found = judged(TRAINING, run(), [TASK], [row(detail={"schedule": "nightly"})], None)
    assert (found.unknown, found.makers[0].why) == ("", "made or changed the schedule that ran it")


@pytest.mark.parametrize(
    ("found_run", "tasks", "rows", "unknown"),
    [
        (None, [], [row()], "Airflow doesn't have the run that it names"),
        (run(), [], [row()], "Airflow doesn't confirm that the run which it names has made it"),
        (run(), [TASK], [], "its run was not started through me"),
        (run(), [TASK], [row("U0OMAR", "Omar", "retried", "retry")], "its run was not started through me"),
        (run("U0OMAR"), [TASK], [row()], "Airflow's run names somebody else than my record"),
        (run(""), [TASK], [row()], "Airflow's run names nobody"),
        (run(None), [TASK], [row()], "Airflow's run names nobody"),
        (run(["U0DANA"]), [TASK], [row()], "Airflow's run names nobody"),
        (run().model_copy(update={"conf": {"stationmaster": "x"}}), [TASK], [row()], "Airflow's run names nobody"),
    ],
)
def test_what_is_missing_or_differs_makes_it_unknown(
    found_run: Run | None, tasks: list[Task], rows: list[AuditRow], unknown: str
) -> None:
    """In words, and whoever is on record stays barred."""
    found = judged(TRAINING, found_run, tasks, rows, None)
    assert found.unknown == unknown
    assert {row.actor for row in rows} <= {each.person for each in found.makers}


def test_a_training_run_that_began_elsewhere_is_not_confirmed() -> None:
    """Tags that name a run of Airflow's are a claim: the times have to fit."""
    late = TRAINING.model_copy(update={"started": NOW + timedelta(hours=1)})
    assert not judged(late, run(), [TASK], [row()], None).confirmed


def test_a_claim_bars_and_does_not_clear() -> None:
    """Whom Airflow's run names, and who is kept as having asked for it, can't decide, though nothing proves it."""
    found = judged(TRAINING, run("U0VERA"), [TASK], [], followed("U0NOOR"))
    assert {each.person for each in found.makers} == {"U0VERA", "U0NOOR"}
    assert found.unknown
