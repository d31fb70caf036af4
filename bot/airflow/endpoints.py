"""The endpoints of Airflow's API that we use, one method each: plain arguments in, JSON out, pages put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.airflow.reading import JSON, number, rows, text
from bot.airflow.session import Session

PAGE = 100  # the limit of GET listings; more is cut silently
TASK_PAGE = 1000  # task instances a call; POST listings have no limit of their own


class Endpoints:
    """Every method may raise a ServiceError, NotFound where the thing is not there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def health(self) -> JSON:
        """What runs; needs no credentials."""
        return await self._session.json(
            lambda sdk, timeout: sdk.monitor.get_health_without_preload_content(_request_timeout=timeout)
        )

    async def version(self) -> str:
        """Airflow's version; needs no credentials."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.version.get_version_without_preload_content(_request_timeout=timeout)
        )
        return text(answer, "version")

    async def plugins(self) -> list[JSON]:
        """The plugins that the API server has loaded, at most PAGE."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.plugins.get_plugins_without_preload_content(limit=PAGE, _request_timeout=timeout)
        )
        return rows(answer, "plugins")

    async def dags(self, tag: str) -> list[JSON]:
        """The DAGs with this tag, those whose file is gone among them."""

        async def page(offset: int) -> JSON:
            return await self._session.json(
                lambda sdk, timeout: sdk.dags.get_dags_without_preload_content(
                    tags=[tag],
                    exclude_stale=False,
                    limit=PAGE,
                    offset=offset,
                    order_by=["dag_id"],
                    _request_timeout=timeout,
                )
            )

        return await every_page("dags", page)

    async def details(self, dag_id: str) -> JSON:
        """A DAG with its Params."""
        return await self._session.json(
            lambda sdk, timeout: sdk.dags.get_dag_details_without_preload_content(dag_id, _request_timeout=timeout)
        )

    async def declared_tasks(self, dag_id: str) -> list[JSON]:
        """A DAG's tasks, as its file declares them."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.tasks.get_tasks_without_preload_content(dag_id, _request_timeout=timeout)
        )
        return rows(answer, "tasks")

    async def import_error(self, bundle: str, file: str) -> str:
        """The last traceback of importing this file; empty where there is none."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.import_errors.get_import_errors_without_preload_content(
                bundle_name=bundle, filename=file, limit=1, order_by=["-timestamp"], _request_timeout=timeout
            )
        )
        return next((text(row, "stack_trace") for row in rows(answer, "import_errors")), "")

    async def import_errors(self) -> list[JSON]:
        """The newest import errors, at most PAGE, each with `filename` and `stack_trace`."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.import_errors.get_import_errors_without_preload_content(
                limit=PAGE, order_by=["-timestamp"], _request_timeout=timeout
            )
        )
        return rows(answer, "import_errors")

    async def newest_versions(self, offset: int) -> list[JSON]:
        """A page of at most PAGE versions of all DAGs, newest first."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.versions.get_dag_versions_without_preload_content(
                "~", limit=PAGE, offset=offset, order_by=["-id"], _request_timeout=timeout
            )
        )
        return rows(answer, "dag_versions")

    async def version_used(self, dag_id: str, version: int) -> bool:
        """Whether a task has run, or is to run, by this version of the DAG."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.instances.get_task_instances_without_preload_content(
                dag_id, "~", version_number=[version], limit=1, _request_timeout=timeout
            )
        )
        return bool(rows(answer, "task_instances"))

    async def trigger(
        self, dag_id: str, run_id: str, conf: Mapping[str, Any], note: str, run_after: datetime | None
    ) -> JSON:
        """Start a run. ServiceRejected with status 409 where there is one of that id."""
        return await self._session.json(
            lambda sdk, timeout: sdk.runs.trigger_dag_run_without_preload_content(
                dag_id,
                sdk.trigger_body(
                    dag_run_id=run_id,
                    logical_date=None,
                    conf=dict(conf),
                    note=note or None,
                    run_after=run_after,
                ),
                _request_timeout=timeout,
            )
        )

    async def run(self, dag_id: str, run_id: str) -> JSON:
        """One run."""
        return await self._session.json(
            lambda sdk, timeout: sdk.runs.get_dag_run_without_preload_content(dag_id, run_id, _request_timeout=timeout)
        )

    async def changed_runs(self, dag_id_prefixes: Sequence[str], since: datetime) -> list[JSON]:
        """Runs changed at or after `since`, oldest change first; a run that changes meanwhile may come twice.

        By cursor: with an offset, a run that changes while we page moves to the end and another is never seen.
        """
        names = "|".join(dag_id_prefixes)

        async def page(cursor: str) -> JSON:
            return await self._session.json(
                lambda sdk, timeout: sdk.runs.get_dag_runs_without_preload_content(
                    "~",
                    cursor=cursor,
                    limit=PAGE,
                    updated_at_gte=since,
                    dag_id_prefix_pattern=names,
                    order_by=["updated_at"],
                    _request_timeout=timeout,
                )
            )

        answer = await page("")
        found = rows(answer, "dag_runs")
        while cursor := text(answer, "next_cursor"):
            answer = await page(cursor)
            found += rows(answer, "dag_runs")
        return found

    async def latest_runs(self, dag_ids: Sequence[str], limit: int) -> list[JSON]:
        """The `limit` runs of these DAGs that are, or were, due last; the last comes first."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.runs.get_list_dag_runs_batch_without_preload_content(
                "~",
                sdk.runs_body(dag_ids=list(dag_ids), page_limit=limit, order_by="-run_after"),
                _request_timeout=timeout,
            )
        )
        return rows(answer, "dag_runs")

    async def task_instances(self, dag_ids: Sequence[str], run_ids: Sequence[str]) -> list[JSON]:
        """The tasks of every run that has one of these ids, in one of these DAGs."""

        async def page(offset: int) -> JSON:
            return await self._session.json(
                lambda sdk, timeout: sdk.instances.get_task_instances_batch_without_preload_content(
                    "~",
                    "~",
                    sdk.instances_body(
                        dag_ids=list(dag_ids),
                        dag_run_ids=list(run_ids),
                        page_limit=TASK_PAGE,
                        page_offset=offset,
                        order_by="id",
                    ),
                    _request_timeout=timeout,
                )
            )

        return await every_page("task_instances", page)

    async def xcom(self, dag_id: str, run_id: str, task_id: str, map_index: int, key: str) -> Any:
        """What a task pushed under this key."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.xcoms.get_xcom_entry_without_preload_content(
                dag_id, task_id, run_id, key, map_index=map_index, _request_timeout=timeout
            )
        )
        return answer.get("value")

    async def set_failed(self, dag_id: str, run_id: str) -> JSON:
        """Set a run, whatever its state, to failed: what runs of it is ended, what waits is skipped."""
        return await self._session.json(
            lambda sdk, timeout: sdk.runs.patch_dag_run_without_preload_content(
                dag_id, run_id, sdk.failed, _request_timeout=timeout
            )
        )

    async def clear(self, dag_id: str, run_id: str, tasks: Sequence[tuple[str, int]]) -> JSON:
        """Let these tasks (id and map index, −1: not mapped) of a run run again, and queue the run.

        By task: the endpoint that clears a run knows only "the failed ones", which leaves out what a cancelled run
        skipped, and "all", which does again what has succeeded.
        """
        marks = [task_id if index < 0 else [task_id, index] for task_id, index in tasks]
        return await self._session.json(
            lambda sdk, timeout: sdk.instances.post_clear_task_instances_without_preload_content(
                dag_id,
                sdk.clear_body(
                    dag_run_id=run_id,
                    dry_run=False,  # which the API takes to be true where it is not told
                    only_failed=False,
                    reset_dag_runs=True,
                    task_ids=[sdk.cleared(mark) for mark in marks],
                ),
                _request_timeout=timeout,
            )
        )

    async def log_page(
        self, dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int, token: str
    ) -> JSON:
        """A try's log from `token` on: `content`, and a `continuation_token` where there may be more."""
        return await self._session.json(
            lambda sdk, timeout: sdk.instances.get_log_without_preload_content(
                dag_id,
                run_id,
                task_id,
                try_number,
                map_index=map_index,
                full_content=False,
                token=token or None,
                accept="application/json",
                _request_timeout=timeout,
            )
        )

    async def log(self, dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int) -> bytes:
        """The end of a try's log: JSON objects, one a line, the first perhaps cut."""
        return await self._session.log(
            lambda sdk, timeout: sdk.instances.get_log_without_preload_content(
                dag_id,
                run_id,
                task_id,
                try_number,
                map_index=map_index,
                accept="application/x-ndjson",
                _request_timeout=timeout,
            )
        )


async def every_page(name: str, page: Callable[[int], Awaitable[JSON]]) -> list[JSON]:
    """All pages of a listing that counts its entries."""
    found: list[JSON] = []
    while True:
        answer = await page(len(found))
        more = rows(answer, name)
        found += more
        if not more or len(found) >= number(answer, "total_entries", 0):
            return found
