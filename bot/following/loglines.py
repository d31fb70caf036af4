"""A log in a message: which task is meant, and the last lines that fit. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.words import nearest
from bot.domain import Task, TaskState
from bot.errors import Refusal, UnknownWord

MOST_CHARACTERS = 2_600  # of a log in a message; what Slack takes is counted after escaping
MOST_LINES = 40


def called(task: Task) -> str:
    """What one may type for this task: its id, and of a mapped one which of its copies."""
    return task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"


def choose(tasks: Sequence[Task], word: str) -> Task:
    """The task that `word` names, by id or title; without one that which failed first, else runs, else came last.

    `tasks` come as they started. Refusal where nothing has run yet, UnknownWord where no task is called so.
    """
    wanted = word.lower()
    named = [task for task in tasks if wanted in {"", called(task).lower(), task.task_id.lower(), task.title.lower()}]
    if word and not named:
        raise UnknownWord("task", word, nearest(word, dict.fromkeys(task.task_id for task in tasks)))
    begun = [task for task in named if task.try_number > 0]
    if not begun:
        raise Refusal(f"{f'{word} has not' if word else 'No task of this run has'} run yet, so there is no log.")
    failed = [task for task in begun if task.state is TaskState.FAILED]
    going_on = [task for task in begun if not task.state.over]
    return min(failed, key=_ended) if failed else (going_on or begun)[-1]


def _ended(task: Task) -> tuple[float, str, int]:
    return (task.ended.timestamp() if task.ended else 0.0, task.task_id, task.map_index)


def tail(lines: Sequence[str]) -> list[str]:
    """The last lines that fit a message; of one that is too long for it alone, its end."""
    kept: list[str] = []
    room = MOST_CHARACTERS
    for line in reversed(lines[-MOST_LINES:]):
        size = len(line) + sum(line.count(sign) for sign in "&<>") * 4 + 1  # as they are written when escaped
        if size > room and not kept:
            return ["…" + line[-MOST_CHARACTERS // 5 :]]
        if size > room:
            break
        kept.append(line)
        room -= size
    return kept[::-1]
