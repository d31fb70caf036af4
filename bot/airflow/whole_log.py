"""A try's log as far as it has been written, put together from Airflow's pages."""

from __future__ import annotations

import time

from bot.airflow.endpoints import Endpoints
from bot.airflow.log import Lines, entries_of
from bot.airflow.reading import text
from bot.domain import RunKey, Task
from bot.errors import ServiceConfused

KEPT = 4_000_000  # characters of a log
MOST_PAGES = 200
SECONDS = 20.0  # after which no further page is asked for


async def read(airflow: Endpoints, key: RunKey, task: Task, try_number: int) -> Lines:
    """One call a page. Where a page is too large to be read, the log's end in one more."""
    lines = Lines(KEPT)
    try:
        await _pages(airflow, key, task, try_number, lines)
    except ServiceConfused:
        end = await airflow.log(key.dag_id, key.run_id, task.task_id, task.map_index, try_number)
        lines = Lines(KEPT)
        lines.add(entries_of(end))
        lines.cut = True
    return lines


async def _pages(airflow: Endpoints, key: RunKey, task: Task, try_number: int, lines: Lines) -> None:
    """Every page; of a task that runs, up to the first that is empty: its log has no end yet."""
    token, deadline = "", time.monotonic() + SECONDS
    for _ in range(MOST_PAGES):
        page = await airflow.log_page(key.dag_id, key.run_id, task.task_id, task.map_index, try_number, token)
        said, token = lines.add(page.get("content")), text(page, "continuation_token")
        if not token or not said or time.monotonic() > deadline:
            return
