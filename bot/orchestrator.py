"""The orchestrator's adapter for Airflow 3: `bot.ports.Orchestrator` in as few calls as Airflow allows."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote

from bot.airflow import human, log, reading, whole_log
from bot.airflow.answer import SERVICE, Timeouts
from bot.airflow.endpoints import Endpoints
from bot.airflow.reading import JSON, text
from bot.airflow.scheduling import GONE, Scheduling
from bot.airflow.session import Session, Token
from bot.airflow.steering import Steering
from bot.airflow.versions import Versions
from bot.domain import Backfill, BackfillPlan, Log, Pipeline, Question, QuestionKey, Run, RunKey, Scheduled, Task
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceRejected
from bot.following.masking import masked

T = TypeVar("T")

NAMES_A_CALL = 50  # DAGs or runs named in one call, so that no address grows too long
SUMMARY_LIMIT = 200  # characters
NOTE_LIMIT = 1000  # characters; Airflow refuses more
STATE_FIELDS = ("is_paused", "is_stale", "has_import_errors", "description", "next_dagrun_run_after")


class AirflowOrchestrator:
    """Airflow at `url`, seen by people at `public_url`, with a `username` and `password` or else a `token`.

    A `token` that is a function is called for one, and again when Airflow refuses what it gave.
    At most `threads` calls are under way at once; `pauses` are the seconds between attempts to start, stop or retry a
    run. `secrets` are never part of what logs and errors are said to hold.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        token: Token = "",
        public_url: str = "",
        connect_timeout: float = 3.0,
        read_timeout: float = 8.0,
        threads: int = 6,
        pauses: Sequence[float] = (0.2, 1.0),
        secrets: Sequence[str] = (),
    ) -> None:
        self._public_url = (public_url or url).rstrip("/")
        self._pauses = tuple(pauses)
        self._session = Session(
            url,
            username=username,
            password=password,
            token=token,
            timeouts=Timeouts(connect_timeout, read_timeout),
            threads=threads,
        )
        self._airflow = Endpoints(self._session)
        self._versions = Versions(self._airflow)
        self._human = human.Human(self._session)
        self._scheduling = Scheduling(self._session)
        self._steering = Steering(self._airflow, self._pauses)
        self._secrets = tuple(secrets)

    async def pipelines(self, tag: str) -> Mapping[str, str]:
        """See Orchestrator; stale DAGs too. One call a 100 DAGs, one for versions, one a DAG that never ran."""
        listed = {text(row, "dag_id"): row for row in await self._airflow.dags(tag)}
        settled = await self._versions.settled(listed) if listed else {}
        return {dag_id: _digest(row, settled.get(dag_id, "")) for dag_id, row in listed.items()}

    async def pipeline(self, dag_id: str) -> Pipeline:
        """See Orchestrator. Two calls, and one more for the words of an import error."""
        details, tasks = await asyncio.gather(self._airflow.details(dag_id), self._airflow.declared_tasks(dag_id))
        return reading.pipeline(details, tasks, await self._trouble(details))

    async def import_errors(self) -> Mapping[str, str]:
        """See Orchestrator. One call; none for a role that may not see them."""
        try:
            found = await self._airflow.import_errors()
        except ServiceDenied:
            return {}
        return {text(row, "filename"): self._masked(reading.import_trouble(text(row, "stack_trace"))) for row in found}

    async def start(
        self, key: RunKey, conf: Mapping[str, Any], *, note: str = "", run_after: datetime | None = None
    ) -> Run:
        """See Orchestrator. Where the answer is lost or unreadable, the run is looked for before another attempt."""
        for pause in (*self._pauses, None):
            try:
                return await self._trigger(key, conf, note, run_after)
            except (ServiceDown, ServiceConfused) as exc:
                if found := await self.run(key):
                    return found
                if pause is None or getattr(exc, "retry_after", None) is not None:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def run(self, key: RunKey) -> Run | None:
        """See Orchestrator."""
        try:
            row = await self._airflow.run(key.dag_id, key.run_id)
        except NotFound:
            return None
        return reading.run(row, datetime.now(UTC))

    async def changed_runs(self, dag_ids: Collection[str], since: datetime) -> Sequence[Run]:
        """See Orchestrator. One call a 100 changed runs. Of more than 50 DAGs, each 50 are in order by themselves."""
        wanted, now, found = set(dag_ids), datetime.now(UTC), dict[RunKey, Run]()
        for names in _batches(sorted(wanted), NAMES_A_CALL):
            for row in await self._airflow.changed_runs(names, since):
                run = reading.run(row, now)
                if run.dag_id in wanted:  # Airflow was asked for prefixes
                    found.pop(run.key, None)  # seen again further on: that is its latest change
                    found[run.key] = run
        return list(found.values())

    async def recent_runs(self, dag_ids: Collection[str], limit: int) -> Sequence[Run]:
        """See Orchestrator; the newest is the one due last. One call."""
        if not dag_ids or limit < 1:
            return []
        now = datetime.now(UTC)
        return [reading.run(row, now) for row in await self._airflow.latest_runs(sorted(set(dag_ids)), limit)]

    async def tasks(self, keys: Collection[RunKey]) -> Mapping[RunKey, Sequence[Task]]:
        """See Orchestrator; a run's tasks come as they started. One call a 50 runs and a 1,000 tasks."""
        found: dict[RunKey, list[Task]] = {}
        for batch in _batches(sorted(set(keys)), NAMES_A_CALL):
            dag_ids, run_ids = sorted({key.dag_id for key in batch}), sorted({key.run_id for key in batch})
            for row in await self._airflow.task_instances(dag_ids, run_ids):
                key = RunKey(text(row, "dag_id"), text(row, "dag_run_id"))
                if key in batch:  # a run of another DAG may have the same id
                    found.setdefault(key, []).append(reading.task(row))
        return {key: sorted(tasks, key=_when) for key, tasks in found.items()}

    async def summary(self, key: RunKey, task: Task) -> str:
        """See Orchestrator. What is no string, or longer than 200 characters, is not meant for people."""
        try:
            said = await self._airflow.xcom(key.dag_id, key.run_id, task.task_id, task.map_index, "summary")
        except NotFound:
            return ""
        words = " ".join(said.split()) if isinstance(said, str) else ""
        return words if len(words) <= SUMMARY_LIMIT else ""

    async def failure(self, key: RunKey, task: Task) -> str:
        """See Orchestrator; at most 200 characters, without what looks like a secret."""
        try:
            end = await self._airflow.log(key.dag_id, key.run_id, task.task_id, task.map_index, task.try_number)
        except NotFound:
            return ""
        return log.failure(end, self._secrets)

    async def log(self, key: RunKey, task: Task, try_number: int) -> Log:
        """See Orchestrator. One call a page of it."""
        lines = await whole_log.read(self._airflow, key, task, try_number)
        return Log(lines=tuple(lines.text(self._secrets)), cut=lines.cut)

    async def stop(self, key: RunKey) -> Run:
        """See Orchestrator. Three calls."""
        return await self._steering.stop(key, lambda: self.run(key))

    async def retry(self, key: RunKey) -> Run:
        """See Orchestrator. Five calls."""

        async def tasks() -> Sequence[Task]:
            return (await self.tasks([key])).get(key, ())

        return await self._steering.retry(key, lambda: self.run(key), tasks)

    async def questions(self, dag_ids: Collection[str]) -> Sequence[Question]:
        """See Orchestrator. One call a 50 DAGs and a 100 questions; none for a role that may not see them."""
        wanted, found = set(dag_ids), list[Question]()
        try:
            for names in _batches(sorted(wanted), NAMES_A_CALL):
                found += [human.question(row) for row in await self._human.waiting(names)]
        except (ServiceDenied, NotFound):  # NotFound: an Airflow before 3.1
            return []
        asked = {each.key: each for each in found if each.open and each.dag_id in wanted}
        return sorted(asked.values(), key=lambda each: each.created)

    async def question(self, key: QuestionKey) -> Question | None:
        """See Orchestrator."""
        try:
            return human.question(await self._human.one(key))
        except NotFound:
            return None

    async def answer(self, key: QuestionKey, chosen: Collection[str], values: Mapping[str, Any]) -> None:
        """See Orchestrator."""
        await self._human.answer(key, list(chosen), values)

    async def scheduled(self, dag_id: str) -> Scheduled | None:
        """See Orchestrator."""
        try:
            return await self._scheduling.one(dag_id)
        except NotFound:
            return None

    async def all_scheduled(self, tag: str) -> Mapping[str, Scheduled]:
        """See Orchestrator. One call a 100 DAGs."""
        return {each.dag_id: each for each in await self._scheduling.tagged(tag)}

    async def parse(self, dag_id: str) -> None:
        """See Orchestrator. Two calls; without such a DAG, one more a bundle."""
        await self._scheduling.parse(dag_id)

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        """See Orchestrator."""
        await self._scheduling.set_paused(dag_id, paused)

    async def variable(self, key: str) -> str | None:
        """See Orchestrator. An Airflow Variable."""
        try:
            return await self._scheduling.variable(key)
        except NotFound:
            return None

    async def set_variable(self, key: str, value: str) -> None:
        """See Orchestrator."""
        await self._scheduling.set_variable(key, value)

    async def backfill_dates(self, plan: BackfillPlan) -> Sequence[datetime]:
        """See Orchestrator."""
        return sorted(await self._scheduling.dry_run(plan))

    async def start_backfill(self, plan: BackfillPlan) -> Backfill:
        """See Orchestrator."""
        return await self._scheduling.start(plan)

    async def backfill(self, backfill_id: int) -> Backfill | None:
        """See Orchestrator."""
        try:
            return await self._scheduling.backfill(backfill_id)
        except NotFound:
            return None

    async def cancel_backfill(self, backfill_id: int) -> None:
        """See Orchestrator."""
        await self._scheduling.cancel(backfill_id)

    def dag_url(self, dag_id: str) -> str:
        """See Orchestrator."""
        return f"{self._public_url}/dags/{quote(dag_id, safe='')}"

    def run_url(self, key: RunKey) -> str:
        """See Orchestrator."""
        return f"{self._public_url}/dags/{quote(key.dag_id, safe='')}/runs/{quote(key.run_id, safe='')}"

    async def check(self) -> None:
        """See Orchestrator. Health needs no credentials, so something that does is asked for too."""
        health = await self._airflow.health()
        for part in ("metadatabase", "scheduler", "dag_processor"):
            state = health.get(part)
            if isinstance(state, Mapping) and state.get("status") == "unhealthy":
                raise ServiceDown(SERVICE, f"its {part.replace('_', ' ')} is unhealthy")
        await self._airflow.newest_versions(0)

    async def load(self) -> None:
        """Import Airflow's client now, so that no call's time is spent on it."""
        await self._session.load()

    async def version(self) -> str:
        """Airflow's version. NotFound from Airflow 2, whose API is another."""
        return await self._airflow.version()

    async def plugins(self) -> set[str]:
        """The names of the plugins that Airflow's API server has loaded. ServiceDenied for a role that may not ask."""
        return {text(row, "name") for row in await self._airflow.plugins()}

    async def close(self) -> None:
        """See Orchestrator."""
        self._session.close()

    async def _trigger(self, key: RunKey, conf: Mapping[str, Any], note: str, run_after: datetime | None) -> Run:
        try:
            row = await self._airflow.trigger(key.dag_id, key.run_id, conf, note[:NOTE_LIMIT], run_after)
        except ServiceRejected as exc:
            if exc.status == HTTPStatus.CONFLICT and (found := await self.run(key)):
                return found
            raise
        return reading.run(row, datetime.now(UTC))

    async def _trouble(self, details: JSON) -> str:
        if details.get("has_import_errors"):
            return f"its DAG file has an import error: {await self._import_error(details)}"
        if details.get("is_stale"):
            return GONE
        return "paused in Airflow" if details.get("is_paused") else ""

    async def _import_error(self, details: JSON) -> str:
        bundle, file = text(details, "bundle_name"), text(details, "relative_fileloc")
        try:
            trace = await self._airflow.import_error(bundle, file)
        except ServiceDenied:  # a role that may see the DAG, but no import errors
            trace = ""
        return self._masked(reading.import_trouble(trace))

    def _masked(self, words: str) -> str:
        return masked(words, self._secrets)


def _digest(row: JSON, version: str) -> str:
    """Of what a listing says; of when it was parsed only where that may hide a change."""
    kept = {name: row.get(name) for name in STATE_FIELDS}
    parsed = "" if version and not row.get("has_import_errors") else row.get("last_parsed_time")
    material = json.dumps([kept, version, parsed], sort_keys=True, default=str)
    return hashlib.sha256(material.encode()).hexdigest()[:16]


def _batches(items: Iterable[T], size: int) -> Iterable[list[T]]:
    rest = iter(items)
    return iter(lambda: list(islice(rest, size)), [])


def _when(task: Task) -> tuple[datetime, str, int]:
    return (task.started or datetime.max.replace(tzinfo=UTC), task.task_id, task.map_index)
