"""The card of a run: what it says of each state, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain import Dataset, Parameter, Pipeline, Run, RunState, Task, TaskSpec, TaskState, Training, Version
from bot.following.cards import FOLD_ABOVE, MOST_LINES, Facts, Link, Outcome, RunCard, TaskLine, run_card, task_lines
from bot.following.comparison import Line
from bot.messages.markup import date
from bot.store import FollowedRun

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SPECS = tuple(TaskSpec(task_id=name, title=name.replace("_", " ")) for name in ("take_features", "train", "register"))
PIPELINE = Pipeline(
    dag_id="train_delays",
    parameters=(Parameter(name="learning_rate", rule={"type": "number"}, default=0.05),),
    tasks=SPECS,
)
FOLLOWED = FollowedRun(
    dag_id="train_delays", dag_run_id="r1", model="delays", origin="command", state="running",
    conf={"learning_rate": 0.1}, requested_by="U0DANA", requested_by_name="Dana", revision=3, created=NOON.timestamp(),
)  # fmt: skip
TRAINING = Training(
    run_id="m1", experiment_id="1", status="FINISHED", url="https://mlflow.example/m1",
    tags={"mlflow.source.git.commit": "4be1c0212345"},
    datasets=(Dataset(name="holdout", digest="7f3a9c", context="evaluation"),),
)  # fmt: skip
V13 = Version(model="delays", version="13")
V11 = Version(model="delays", version="11")
LINES = (
    Line("auc", True, 0.712, 0.671), Line("log_loss", False, 0.318, 0.331), Line("recall@5%", True, 0.284, 0.291),
)  # fmt: skip


def run(state: RunState, started: float | None = 0, ended: float | None = None) -> Run:
    """A run in this state; times in seconds after noon."""
    return Run(
        dag_id="train_delays", run_id="r1", state=state, queued=NOON,
        started=None if started is None else NOON + timedelta(seconds=started),
        ended=None if ended is None else NOON + timedelta(seconds=ended),
    )  # fmt: skip


def facts(state: RunState, **more: Any) -> Facts:
    """Facts about the run, ten seconds after it started; over after 192 seconds."""
    run_ = more.pop("run", None) or run(state, ended=192 if state.over else None)
    return Facts(
        followed=more.pop("followed", FOLLOWED), run=run_, pipeline=more.pop("pipeline", PIPELINE),
        now=NOON + timedelta(seconds=10), **more,
    )  # fmt: skip


def task(
    name: str, state: TaskState, started: float | None = None, ended: float | None = None, index: int = -1
) -> Task:
    return Task(
        task_id=name, title=name.replace("_", " "), state=state, map_index=index,
        started=None if started is None else NOON + timedelta(seconds=started),
        ended=None if ended is None else NOON + timedelta(seconds=ended),
    )  # fmt: skip


def finished(**outcome: Any) -> RunCard:
    """The card of a run that has succeeded, with a verified training and version 13 unless told otherwise."""
    given: dict[str, Any] = {"training": TRAINING, "verified": True, "version": V13} | outcome
    return run_card(facts(RunState.SUCCESS, outcome=Outcome(**given)))


# ---- while it goes on ---------------------------------------------------------------------------------------------


def test_a_run_that_waits_says_since_when() -> None:
    """Airflow has it, nothing runs yet: no task is told as begun."""
    card = run_card(facts(RunState.QUEUED, run=run(RunState.QUEUED, started=None)))
    assert (card.icon, card.headline) == ("🚉", "delays waits for its turn in Airflow")
    assert card.aside == f"since {date(NOON)} by Dana"
    assert {line.status for line in card.tasks} == {"pending"}


def test_a_run_that_goes_on_shows_its_plan() -> None:
    """What is done, with its result; what runs, since when; what differs from the defaults, and no more."""
    tasks = [task("take_features", TaskState.SUCCESS, 0, 8), task("train", TaskState.RUNNING, 9)]
    card = run_card(facts(
        RunState.RUNNING, tasks=tasks, summaries={"take_features": "336,776 rows"}, run_url="https://airflow.example/r1"
    ))  # fmt: skip
    assert (card.icon, card.headline, card.aside) == ("🚂", "delays is training", f"started {date(NOON)} by Dana")
    assert card.tasks == (
        TaskLine("take_features", "take features · 336,776 rows · 8\u00a0s", "complete"),
        TaskLine("train", "train", "in_progress", NOON + timedelta(seconds=9)),
        TaskLine("register", "register", "pending"),
    )
    assert card.notes == ("learning_rate 0.1 (default 0.05)",)
    assert card.links == (Link("Open in Airflow", "https://airflow.example/r1"),)
    assert card.table == ()


def test_a_run_that_nobody_asked_for_names_nobody() -> None:
    """One that was started in Airflow itself."""
    followed = replace(FOLLOWED, requested_by=None, requested_by_name=None, conf={})
    assert run_card(facts(RunState.RUNNING, followed=followed)).aside == f"started {date(NOON)} in Airflow"
    assert run_card(facts(RunState.GONE, followed=followed)).aside == "started in Airflow"
    assert (
        run_card(facts(RunState.SUCCESS, followed=followed)).aside == "took 3\u00a0min 12\u00a0s · started in Airflow"
    )
    assert run_card(facts(RunState.RUNNING, followed=followed)).notes == ()


def test_a_hostile_name_is_text() -> None:
    """Names stand in mrkdwn: whatever someone calls themselves, nobody is notified."""
    card = run_card(facts(RunState.RUNNING, followed=replace(FOLLOWED, requested_by_name="<!channel>")))
    assert card.aside == f"started {date(NOON)} by &lt;!channel&gt;"


def test_a_reason_is_kept_on_the_card() -> None:
    """Beside the values, in quotes."""
    followed = replace(FOLLOWED, shown={"reason": "new weather data"})
    assert run_card(facts(RunState.RUNNING, followed=followed)).notes == (
        "learning_rate 0.1 (default 0.05) · “new weather data”",
    )


@pytest.mark.parametrize(
    ("typical", "started", "title"),
    [
        (None, 0, "first run: no history yet to tell how long it takes"),
        ((250, 23), 0, "about 4 min left (p50 of 23 runs)"),
        ((250, 1), None, "takes about 4 min (p50 of 1 run)"),
        ((5, 23), 0, "longer than usual: about 10 s (p50 of 23 runs)"),
        ((10, 23), 0, "longer than usual: about 10 s (p50 of 23 runs)"),
    ],
)
def test_the_plans_title_says_when_it_ends(
    typical: tuple[float, int] | None, started: float | None, title: str
) -> None:
    """By the median of past runs; never just "in progress"."""
    state = RunState.QUEUED if started is None else RunState.RUNNING
    assert run_card(facts(state, run=run(state, started), typical=typical)).plan_title == title


def test_the_plan_is_redrawn_when_a_task_ends() -> None:
    """Slack keeps a plan with the same block id as it was drawn."""
    before = run_card(facts(RunState.RUNNING, tasks=[task("train", TaskState.RUNNING, 1)])).plan_id
    after = run_card(facts(RunState.RUNNING, tasks=[task("train", TaskState.SUCCESS, 1, 2)])).plan_id
    later = run_card(facts(RunState.RUNNING, followed=replace(FOLLOWED, revision=4))).plan_id
    assert len({before, after, later}) == 3


def test_a_pipeline_that_is_gone_leaves_its_tasks() -> None:
    """The DAG was deleted while it ran: what the run itself knows is shown."""
    card = run_card(facts(RunState.RUNNING, pipeline=None, tasks=[task("train", TaskState.RUNNING, 1)]))
    assert [line.title for line in card.tasks] == ["train"]
    assert card.notes == ("learning_rate 0.1",)


# ---- tasks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((), "pending"),
        ((TaskState.PENDING,), "pending"),
        ((TaskState.RUNNING, TaskState.SUCCESS), "in_progress"),
        ((TaskState.WAITING, TaskState.SUCCESS), "in_progress"),
        ((TaskState.SUCCESS, TaskState.PENDING), "in_progress"),
        ((TaskState.SUCCESS, TaskState.FAILED, TaskState.RUNNING), "error"),
        ((TaskState.SUCCESS, TaskState.SKIPPED), "complete"),
        ((TaskState.SKIPPED, TaskState.SKIPPED), "complete"),
    ],
)
def test_mapped_tasks_are_one_line(states: tuple[TaskState, ...], status: str) -> None:
    """The worst of them, then the liveliest."""
    tasks = [task("train", state, index=at) for at, state in enumerate(states)]
    [line] = task_lines(SPECS[1:2], tasks, {})
    assert line.status == status


def test_what_was_skipped_says_so() -> None:
    """A skipped task isn't told as one that succeeded."""
    [line] = task_lines(SPECS[1:2], [task("train", TaskState.SKIPPED)], {})
    assert line.title == "train · skipped"


def test_a_task_that_waits_is_told_from_one_that_runs() -> None:
    """A retry or a sensor."""
    [line] = task_lines(SPECS[1:2], [task("train", TaskState.WAITING, 4)], {})
    assert (line.waits, line.since) == (True, NOON + timedelta(seconds=4))


def test_a_task_that_the_dag_does_not_declare_comes_last() -> None:
    """An older run of a DAG that has changed since."""
    lines = task_lines(SPECS[:1], [task("old_one", TaskState.SUCCESS), task("take_features", TaskState.SUCCESS)], {})
    assert [line.title for line in lines] == ["take features", "old one"]


def test_a_long_pipeline_is_folded_by_group() -> None:
    """Above the limit, each group is one line, and a task without a group remains itself."""
    grouped = [TaskSpec(task_id=f"fit.part_{at}", title=f"part {at}", group="fit") for at in range(FOLD_ABOVE)]
    specs = [SPECS[0], *grouped, SPECS[2]]
    lines = task_lines(specs, [task("fit.part_3", TaskState.FAILED, 1, 5)], {})
    assert [(line.title, line.status) for line in lines] == [
        ("take features", "pending"), (f"fit ({FOLD_ABOVE} tasks) · 4\u00a0s", "error"), ("register", "pending"),
    ]  # fmt: skip
    assert len(task_lines(specs[:FOLD_ABOVE], [], {})) == FOLD_ABOVE


def test_what_the_plan_has_no_room_for_is_counted() -> None:
    """Hundreds of tasks without groups; a failure among them is still seen."""
    specs = [TaskSpec(task_id=f"t{at}", title=f"t{at}") for at in range(100)]
    lines = task_lines(specs, [task("t99", TaskState.FAILED)], {})
    assert len(lines) == MOST_LINES
    assert (lines[-1].title, lines[-1].status) == ("and 71 tasks more", "error")


# ---- when it is over ----------------------------------------------------------------------------------------------


def test_a_better_version_is_compared_with_the_champion() -> None:
    """The verdict in the headline, the arrows by direction, the worse one marked, the same holdout named."""
    card = finished(champion=V11, lines=LINES, same_data=True)
    assert card.headline == "delays v13 is ready: better than production on 2 of 3 metrics"
    assert card.aside == "took 3\u00a0min 12\u00a0s · for Dana"
    assert card.table == (
        ("metric", "v13", "production (v11)", "change"),
        ("auc ↑", "0.712", "0.671", "+0.041"),
        ("log_loss ↓", "0.318", "0.331", "−0.013"),
        ("recall@5% ↑", "0.284", "0.291", "−0.007 ▼"),
    )
    assert card.notes == ("same holdout (7f3a…) · commit 4be1c02 · learning_rate 0.1 (default 0.05)",)
    assert card.links == (Link("Open in MLflow", "https://mlflow.example/m1"),)


@pytest.mark.parametrize(
    ("outcome", "note"),
    [
        ({"version": Version(model="delays", version="1")}, "first version: nothing to compare with yet"),
        ({}, "nothing is in production yet"),
        ({"champion": V11}, "not comparable with production (v11): other evaluation data"),
        ({"champion": V11, "lines": (Line("auc", True, 0.7, None),)}, "not comparable with production (v11)"),
        ({"version": None}, "no version was registered"),
        ({"verified": False}, "⚠️ unverified: Airflow doesn't confirm that this MLflow run belongs to it"),
        ({"training": None}, "no MLflow run is tagged with this run, so there are no metrics to show"),
        ({"training": None, "trouble": "MLflow doesn't answer right now."}, "MLflow doesn't answer right now."),
    ],
)
def test_why_there_is_no_comparison_is_said(outcome: dict[str, Any], note: str) -> None:
    """Never a blank, and never a verdict without ground."""
    card = finished(**outcome)
    assert any(note in said for said in card.notes)
    assert "better" not in card.headline


def test_metrics_without_a_champion_stand_alone() -> None:
    """Two columns; a direction is shown where it is known."""
    lines = (Line("auc", True, 0.712, None), Line("rows", None, 336_776, None))
    assert finished(lines=lines).table == (("metric", "v13"), ("auc ↑", "0.712"), ("rows", "336,776"))
    assert finished(lines=lines, version=None).table[0] == ("metric", "this run")


def test_a_metric_that_the_champion_lacks_is_a_dash() -> None:
    """The others are compared all the same."""
    card = finished(champion=V11, lines=(*LINES[:1], Line("f1", True, 0.5, None)), same_data=True)
    assert card.table[-1] == ("f1 ↑", "0.500", "–", "–")
    assert card.headline.endswith("better than production on 1 of 1 metric")


def test_an_undirected_metric_decides_nothing() -> None:
    """Without a direction nobody can say which is better."""
    assert (
        finished(champion=V11, lines=(Line("auc", None, 0.7, 0.6),), same_data=True).headline == "delays v13 is ready"
    )


def test_a_run_without_mlflow_has_finished() -> None:
    """No version, no metrics; yet it is told that it went well."""
    card = finished(training=None, version=None)
    assert (card.icon, card.headline, card.table) == ("✅", "delays has finished", ())


def test_a_failed_run_says_where_and_why() -> None:
    """The task, the first line of its error, how long it took, and what was registered."""
    outcome = Outcome(failed_task="validate features", failure="ValueError: visib has 4.2% nulls")
    card = run_card(facts(RunState.FAILED, outcome=outcome))
    assert (card.icon, card.headline) == ("❌", "delays failed at validate features")
    assert card.aside == "after 3\u00a0min 12\u00a0s · nothing was registered · for Dana"
    assert card.detail == "ValueError: visib has 4.2% nulls"


def test_what_a_failed_run_registered_is_not_hidden() -> None:
    """It may have failed after that; and while MLflow doesn't answer, nothing is claimed."""
    outcome = Outcome(version=V13, training=TRAINING)
    assert run_card(facts(RunState.FAILED, outcome=outcome)).aside.endswith("· v13 was registered · for Dana")
    unsure = run_card(facts(RunState.FAILED, outcome=Outcome(trouble="MLflow doesn't answer right now.")))
    assert "registered" not in unsure.aside
    assert any("MLflow doesn't answer" in note for note in unsure.notes)


def test_a_run_that_never_began_says_so() -> None:
    """Failed while it was queued."""
    card = run_card(facts(RunState.FAILED, run=run(RunState.FAILED, started=None)))
    assert card.aside == "before it began · nothing was registered · for Dana"


def test_a_run_that_is_gone_is_no_failure() -> None:
    """Somebody deleted it in Airflow."""
    card = run_card(facts(RunState.GONE))
    assert (card.icon, card.headline) == ("⚪", "delays: this run was deleted in Airflow")
    assert card.aside == "asked by Dana"
