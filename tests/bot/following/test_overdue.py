"""When a run is late: against what is usual for its DAG, and in the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain import Run, RunState
from bot.following.overdue import late
from bot.launching.price import Estimate

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
USUAL = Estimate(p50=100.0, p90=200.0, runs=5, same_machine=True)


def run(state: RunState, **more: Any) -> Run:
    return Run(dag_id="d", run_id="r", state=state, **more)


@pytest.mark.parametrize(
    ("seconds", "known", "expected"),
    [
        (249, USUAL, ""),
        (251, USUAL, "slow"),
        (10_000, replace(USUAL, runs=4), ""),  # too few to know
        (10_000, None, ""),
        (39, replace(USUAL, p90=10.0), ""),  # half a minute beyond a short p90 is no news
        (41, replace(USUAL, p90=10.0), "slow"),
    ],
)
def test_a_run_far_over_its_p90_is_late(seconds: float, known: Estimate | None, expected: str) -> None:
    """By a quarter, and by half a minute at least; where at least five runs say what is usual."""
    assert late(run(RunState.RUNNING, started=NOON), known, NOON + timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(9, ""), (11, "queued")])
def test_a_run_that_stays_in_the_queue_is_late(minutes: float, expected: str) -> None:
    """Counted from when it was due: one that was asked for at a later time has not waited until then."""
    now = NOON + timedelta(minutes=minutes)
    assert late(run(RunState.QUEUED, queued=NOON), None, now) == expected
    early = NOON - timedelta(hours=3)
    assert late(run(RunState.QUEUED, queued=early, run_after=NOON), None, now) == expected
    assert late(run(RunState.SCHEDULED, queued=early, run_after=now + timedelta(hours=1)), None, now) == ""
