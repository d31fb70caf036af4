"""The buttons of a run's card, and what its card says of who steered it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.conversation.words import split
from bot.domain import Run, RunState
from bot.following.cards import Facts, RunCard, cancellation, run_card
from bot.following.controls import controls, stamp
from bot.store import FollowedRun

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FOLLOWED = FollowedRun(
    dag_id="train_delays", dag_run_id="r1", model="delays", origin="command", state="running", conf={},
    requested_by="U0DANA", requested_by_name="Dana", created=NOON.timestamp(),
)  # fmt: skip


def run(state: RunState, queued: datetime = NOON) -> Run:
    return Run(dag_id="train_delays", run_id="r1", state=state, queued=queued, started=queued)


def card(state: RunState, queued: datetime = NOON, **shown: Any) -> RunCard:
    return run_card(Facts(followed=replace(FOLLOWED, shown=shown), run=run(state, queued), pipeline=None))


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        (RunState.SCHEDULED, ["Cancel"]),
        (RunState.QUEUED, ["Logs", "Cancel"]),
        (RunState.RUNNING, ["Logs", "Cancel"]),
        (RunState.UNKNOWN, ["Logs", "Cancel"]),
        (RunState.FAILED, ["Retry", "Clone", "Show log"]),
        (RunState.SUCCESS, ["Clone", "Logs"]),
        (RunState.GONE, []),
    ],
)
def test_buttons_are_those_that_make_sense(state: RunState, labels: list[str]) -> None:
    """By the run's state; and each names the run with its DAG, because ids repeat from DAG to DAG."""
    found = controls("delays", run(state))
    assert [control.label for control in found] == labels
    assert {split(control.command)[1].text for control in found} <= {"train_delays/r1"}


def test_what_destroys_asks_first() -> None:
    """Cancelling alone; its button then needs no second question."""
    asking = [control for state in RunState for control in controls("delays", run(state)) if control.question]
    assert {(control.label, control.command) for control in asking} == {("Cancel", "cancel train_delays/r1 --yes")}


def test_the_buttons_of_a_retried_run_are_others() -> None:
    """A run is queued anew by a retry and by nothing else, so a click on the next Retry is no double click."""
    assert stamp(run(RunState.FAILED)) == stamp(run(RunState.RUNNING))
    assert stamp(run(RunState.FAILED)) != stamp(run(RunState.FAILED, NOON + timedelta(milliseconds=1)))


def test_a_cancelled_run_says_by_whom() -> None:
    """Until it is retried: then a failure is a failure."""
    by = {"person": "U0OMAR", "name": "Omar", "queued": str(NOON)}
    assert card(RunState.FAILED, cancelled=by).headline == "delays was cancelled by Omar"
    assert card(RunState.FAILED, NOON + timedelta(hours=1), cancelled=by).headline == "delays failed"
    assert card(RunState.SUCCESS, cancelled=by).headline == "delays has finished"
    assert cancellation(replace(FOLLOWED, shown=None), run(RunState.FAILED)) == {}


def test_a_retried_run_waits_and_says_who_retried_it() -> None:
    """Airflow gives it a start at once, while it is still queued."""
    again = card(RunState.QUEUED, retried_by="Omar")
    assert again.headline == "delays waits for its turn in Airflow"
    assert "retried by Omar" in again.notes[0]
