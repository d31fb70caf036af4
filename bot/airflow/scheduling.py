"""DAGs that run by the clock: how Airflow has them, reading their files again, pausing; Variables; backfills."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from bot.airflow.answer import SERVICE
from bot.airflow.endpoints import PAGE, every_page
from bot.airflow.reading import JSON, moment, number, rows, text
from bot.airflow.session import Session
from bot.domain import Backfill, BackfillPlan, Scheduled
from bot.errors import NotFound, ServiceConfused, ServiceDown, ServiceRejected

GONE = "gone from Airflow: no file defines it now"
MAYBE_STARTED = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)  # another goes on; nothing is left to run
LAST_BACKFILLS = 20  # that are looked through for one that an earlier attempt started


class Scheduling:
    """Every method may raise a ServiceError, NotFound where the thing is not there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def one(self, dag_id: str) -> Scheduled:
        """One DAG."""
        return scheduled(await self._dag(dag_id))

    async def tagged(self, tag: str) -> list[Scheduled]:
        """The DAGs with this tag, those that are gone among them."""

        async def page(offset: int) -> JSON:
            return await self._session.json(
                lambda sdk, timeout: sdk.dags.get_dags_without_preload_content(
                    tags=[tag], exclude_stale=False, limit=PAGE, offset=offset, order_by=["dag_id"],
                    _request_timeout=timeout,
                )
            )  # fmt: skip

        return [scheduled(row) for row in await every_page("dags", page)]

    async def parse(self, dag_id: str) -> None:
        """Have the DAG's file read again now; without such a DAG, a file of every bundle, which finds new ones."""
        try:
            tokens = [text(await self._dag(dag_id), "file_token")]
        except NotFound:
            tokens = await self._one_file_a_bundle()
        for token in tokens:
            await self._parse(token)

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pause the DAG, or let it go on."""
        await self._session.json(
            lambda sdk, timeout: sdk.dags.patch_dag_without_preload_content(
                dag_id, sdk.dag_patch(is_paused=paused), update_mask=["is_paused"], _request_timeout=timeout
            )
        )

    async def variable(self, key: str) -> str:
        """A Variable's value."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.variables.get_variable_without_preload_content(key, _request_timeout=timeout)
        )
        return text(answer, "value")

    async def set_variable(self, key: str, value: str) -> None:
        """Give the Variable this value, whether it is there or not."""
        try:
            await self._patch_variable(key, value)
        except NotFound:
            await self._session.json(
                lambda sdk, timeout: sdk.variables.post_variable_without_preload_content(
                    sdk.variable_body(key=key, value=value), _request_timeout=timeout
                )
            )

    async def dry_run(self, plan: BackfillPlan) -> list[datetime]:
        """The logical dates of the runs that the backfill would start."""
        answer = await self._session.json(
            lambda sdk, timeout: sdk.backfills.create_backfill_dry_run_without_preload_content(
                _body(sdk, plan), _request_timeout=timeout
            )
        )
        return [found for row in rows(answer, "backfills") if (found := moment(row, "logical_date"))]

    async def backfill(self, backfill_id: int) -> Backfill:
        """One backfill."""
        return backfill(
            await self._session.json(
                lambda sdk, timeout: sdk.backfills.get_backfill_without_preload_content(
                    backfill_id, _request_timeout=timeout
                )
            )
        )

    async def start(self, plan: BackfillPlan) -> Backfill:
        """Start it. Where an answer is lost, or says that there is one, that with this conf and span is looked for."""
        try:
            return await self._create(plan)
        except (ServiceDown, ServiceConfused, ServiceRejected) as error:
            if isinstance(error, ServiceRejected) and error.status not in MAYBE_STARTED:
                raise
            if found := await self._alike(plan):
                return found
            raise

    async def cancel(self, backfill_id: int) -> None:
        """Start no more of its runs, and fail those that are queued. One that is over stays as it is."""
        try:
            await self._session.json(
                lambda sdk, timeout: sdk.backfills.cancel_backfill_without_preload_content(
                    backfill_id, _request_timeout=timeout
                )
            )
        except ServiceRejected as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    async def _dag(self, dag_id: str) -> JSON:
        return await self._session.json(
            lambda sdk, timeout: sdk.dags.get_dag_without_preload_content(dag_id, _request_timeout=timeout)
        )

    async def _one_file_a_bundle(self) -> list[str]:
        async def page(offset: int) -> JSON:
            return await self._session.json(
                lambda sdk, timeout: sdk.dags.get_dags_without_preload_content(
                    limit=PAGE, offset=offset, order_by=["dag_id"], _request_timeout=timeout
                )
            )

        found = await every_page("dags", page)
        return list({text(row, "bundle_name"): text(row, "file_token") for row in found}.values())

    async def _parse(self, token: str) -> None:
        try:
            await self._session.done(
                lambda sdk, timeout: sdk.parsing.reparse_dag_file_without_preload_content(
                    token, _request_timeout=timeout
                )
            )
        except ServiceRejected as error:
            if error.status != HTTPStatus.CONFLICT:  # it is asked for already
                raise

    async def _patch_variable(self, key: str, value: str) -> None:
        await self._session.json(
            lambda sdk, timeout: sdk.variables.patch_variable_without_preload_content(
                key, sdk.variable_body(key=key, value=value), update_mask=["value"], _request_timeout=timeout
            )
        )

    async def _create(self, plan: BackfillPlan) -> Backfill:
        return backfill(
            await self._session.json(
                lambda sdk, timeout: sdk.backfills.create_backfill_without_preload_content(
                    _body(sdk, plan), _request_timeout=timeout
                )
            )
        )

    async def _alike(self, plan: BackfillPlan) -> Backfill | None:
        answer = await self._session.json(
            lambda sdk, timeout: sdk.backfills.list_backfills_without_preload_content(
                plan.dag_id, limit=LAST_BACKFILLS, order_by=["-id"], _request_timeout=timeout
            )
        )
        found = map(backfill, rows(answer, "backfills"))
        same = ((plan.since, plan.until), plan.conf)
        return next((each for each in found if ((each.since, each.until), each.conf) == same), None)


def _body(sdk: Any, plan: BackfillPlan) -> Any:
    return sdk.backfill_body(
        dag_id=plan.dag_id,
        from_date=plan.since,
        to_date=plan.until,
        dag_run_conf=plan.conf,
        max_active_runs=plan.at_once,
        reprocess_behavior=sdk.reprocess(plan.again),
    )


def scheduled(row: JSON) -> Scheduled:
    """A row of the listing of DAGs."""
    trouble = GONE if row.get("is_stale") else "its file has an import error" if row.get("has_import_errors") else ""
    return Scheduled(
        dag_id=text(row, "dag_id"),
        description=text(row, "description"),
        paused=row.get("is_paused") is True,
        next_run=moment(row, "next_dagrun_run_after"),
        trouble=trouble,
        tags=tuple(sorted(text(tag, "name") for tag in rows(row, "tags"))),
        parsed=moment(row, "last_parsed_time"),
    )


def backfill(row: JSON) -> Backfill:
    """A backfill. ServiceConfused where Airflow doesn't say which, or of when."""
    since, until, conf = moment(row, "from_date"), moment(row, "to_date"), row.get("dag_run_conf")
    number_ = number(row, "id", -1)
    if since is None or until is None or number_ < 0:
        raise ServiceConfused(SERVICE, "a backfill without its id or its dates")
    return Backfill(
        id=number_,
        dag_id=text(row, "dag_id"),
        since=since,
        until=until,
        conf=dict(conf) if isinstance(conf, dict) else {},
        paused=row.get("is_paused") is True,
        created=moment(row, "created_at") or datetime.now(UTC),
        over=moment(row, "completed_at"),
    )
