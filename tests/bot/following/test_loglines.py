"""Which task's log is meant, and what of it fits a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Task, TaskState
from bot.errors import Refusal, UnknownWord
from bot.following.loglines import MOST_LINES, called, choose, tail
from bot.messages import limits
from bot.messages.markup import escape

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def task(name: str, state: TaskState, ended: float | None = None, index: int = -1, tries: int = 1) -> Task:
    """A task whose title is its id without underscores; `ended` in seconds after noon."""
    return Task(
        task_id=name, title=name.replace("_", " "), state=state, map_index=index, try_number=tries, started=NOON,
        ended=None if ended is None else NOON + timedelta(seconds=ended),
    )  # fmt: skip


FEATURES = task("take_features", TaskState.SUCCESS, 1)
TRAIN = task("train", TaskState.RUNNING)
LATER = task("register", TaskState.PENDING, tries=0)
BROKEN = task("check", TaskState.FAILED, 5)
BROKEN_FIRST = task("load", TaskState.FAILED, 3)


@pytest.mark.parametrize(
    ("tasks", "chosen"),
    [
        ([FEATURES, TRAIN, LATER], TRAIN),
        ([FEATURES, BROKEN, BROKEN_FIRST, TRAIN], BROKEN_FIRST),
        ([FEATURES, LATER], FEATURES),
        ([FEATURES, task("train", TaskState.SUCCESS, 9)], task("train", TaskState.SUCCESS, 9)),
    ],
)
def test_without_a_name_it_is_the_one_that_matters(tasks: list[Task], chosen: Task) -> None:
    """What failed first; else what runs; else what came last."""
    assert choose(tasks, "") == chosen


def test_copies_of_a_mapped_task() -> None:
    """Of several the failed one, unless one is named with its number."""
    copies = [task("each", TaskState.SUCCESS, 1, 0), task("each", TaskState.FAILED, 2, 1)]
    assert choose(copies, "each") == copies[1]
    assert choose(copies, "each[0]") == copies[0]
    assert [called(copy) for copy in copies] == ["each[0]", "each[1]"]


def test_names_that_do_not_do() -> None:
    """One that nothing is called, and one of what hasn't run."""
    with pytest.raises(UnknownWord, match="Did you mean train"):
        choose([FEATURES, TRAIN], "trian")
    with pytest.raises(Refusal, match="register has not run yet"):
        choose([FEATURES, LATER], "register")
    with pytest.raises(Refusal, match="No task of this run has run yet"):
        choose([LATER], "")


def test_the_tail_is_the_newest() -> None:
    """In the order in which it was written."""
    lines = [f"line {number}" for number in range(500)]
    assert tail(lines) == lines[-MOST_LINES:]
    assert tail(lines[:3]) == lines[:3]
    assert tail([]) == []


def test_a_line_that_is_too_long_for_a_message_shows_its_end() -> None:
    """That is where an error says what it is."""
    (line,) = tail(["short", "x" * 9_000 + "the end"])
    assert line.startswith("…")
    assert line.endswith("the end")


@given(st.lists(st.text(max_size=400), max_size=80))
def test_whatever_is_written_the_tail_fits_a_section(lines: list[str]) -> None:
    """Escaped, and with its line ends; and it is the end of the log, or of its last line."""
    shown = tail(lines)
    assert len(escape("\n".join(shown))) <= limits.CHARACTERS["section"]
    assert not shown or shown == lines[-len(shown) :] or shown[-1].removeprefix("…") in lines[-1]
