"""Tasks that wait for a person (Airflow's human-in-the-loop operators): what they ask, and answering it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.airflow.endpoints import PAGE
from bot.airflow.reading import JSON, moment, number, parameter, rows, text
from bot.airflow.session import Session
from bot.domain import Answered, Assignee, Question, QuestionKey

WAITING = ("awaiting_input", "deferred")  # before Airflow 3.3 a task that waits is deferred
MOST_PAGES = 20


class Human:
    """Every method may raise a ServiceError, NotFound where the task asks nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def waiting(self, dag_id_prefixes: Sequence[str]) -> list[JSON]:
        """What the tasks of DAGs with these beginnings wait for, oldest first."""
        found: list[JSON] = []
        for _ in range(MOST_PAGES):
            answer = await self._page(dag_id_prefixes, len(found))
            more = rows(answer, "hitl_details")
            found += more
            if not more or len(found) >= number(answer, "total_entries", 0):
                break
        return found

    async def _page(self, dag_id_prefixes: Sequence[str], offset: int) -> JSON:
        return await self._session.json(
            lambda sdk, timeout: sdk.instances.get_hitl_details_without_preload_content(
                "~",
                "~",
                dag_id_prefix_pattern="|".join(dag_id_prefixes),
                response_received=False,
                state=list(WAITING),
                order_by=["created_at"],
                limit=PAGE,
                offset=offset,
                _request_timeout=timeout,
            )
        )

    async def one(self, key: QuestionKey) -> JSON:
        """What this task asks, or asked."""
        return await self._session.json(
            lambda sdk, timeout: sdk.instances.get_hitl_detail_without_preload_content(
                key.dag_id, key.run_id, key.task_id, key.map_index, _request_timeout=timeout
            )
        )

    async def answer(self, key: QuestionKey, chosen: Sequence[str], values: Mapping[str, Any]) -> None:
        """Answer it. ServiceRejected with status 409 where it is answered already."""
        await self._session.json(
            lambda sdk, timeout: sdk.instances.update_hitl_detail_without_preload_content(
                key.dag_id,
                key.run_id,
                key.task_id,
                key.map_index,
                sdk.answer_body(chosen_options=list(chosen), params_input=dict(values)),
                _request_timeout=timeout,
            )
        )


def question(row: JSON) -> Question:
    """What a task asks, and how it was answered if it was."""
    instance, params = _object(row, "task_instance"), _object(row, "params")
    task_id = text(instance, "task_id")
    return Question(
        dag_id=text(instance, "dag_id"),
        run_id=text(instance, "dag_run_id"),
        task_id=task_id,
        map_index=number(instance, "map_index", -1),
        try_number=number(instance, "try_number", 0),
        title=text(instance, "task_display_name") or task_id,
        subject=text(row, "subject"),
        body=text(row, "body"),
        options=_texts(row, "options"),
        defaults=_texts(row, "defaults"),
        multiple=row.get("multiple") is True,
        parameters=tuple(parameter(name, each) for name, each in params.items() if isinstance(each, Mapping)),
        assigned=tuple(Assignee(text(each, "id"), text(each, "name")) for each in rows(row, "assigned_users")),
        created=moment(row, "created_at") or datetime.now(UTC),
        open=row.get("response_received") is not True and text(instance, "state") in WAITING,
        answered=_answered(row),
    )


def _answered(row: JSON) -> Answered | None:
    if row.get("response_received") is not True:
        return None
    by = _object(row, "responded_by_user")
    return Answered(
        chosen=_texts(row, "chosen_options"),
        values=dict(_object(row, "params_input")),
        by=text(by, "name") or text(by, "id"),
    )


def _object(row: JSON, name: str) -> JSON:
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def _texts(row: JSON, name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in row.get(name) or ())
