"""Airflow's REST API over the fake in memory, as far as the bot asks it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from aiohttp import web

from bot.domain import QuestionKey, Run, RunKey, Task
from bot.errors import NotFound, ServiceRejected
from tests.chaos.airflow_json import dag, error, param, question_row, run_row, task_row
from tests.chaos.effects import ARRIVED, EFFECT
from tests.chaos.wire import Service
from tests.fakes import FakeOrchestrator

API = "/api/v2"
DAG, RUN = f"{API}/dags/{{dag}}", f"{API}/dags/{{dag}}/dagRuns/{{run}}"
TASK = f"{RUN}/taskInstances/{{task}}"


class AirflowOverHttp:
    """`routes` answer as Airflow does; what changes something says so in `request[EFFECT]`."""

    def __init__(self, fake: FakeOrchestrator) -> None:
        self._fake = fake

    def service(self) -> Service:
        """The service to serve."""
        return Service("airflow", self.routes(), error)

    def routes(self) -> list[web.RouteDef]:
        """Every endpoint that the bot asks."""
        return [
            web.post("/auth/token", _token),
            web.get(f"{API}/monitor/health", _health),
            web.get(f"{API}/version", _version),
            web.get(f"{API}/plugins", _plugins),
            web.get(f"{API}/dags", self._dags),
            web.get(f"{DAG}/details", self._details),
            web.get(f"{DAG}/tasks", self._declared),
            web.get(f"{API}/importErrors", self._import_errors),
            web.get(f"{DAG}/dagVersions", self._versions),
            web.get(f"{DAG}/dagRuns", self._changed),
            web.post(f"{DAG}/dagRuns", self._trigger),
            web.post(f"{DAG}/dagRuns/list", self._listed),
            web.get(RUN, self._run),
            web.patch(RUN, self._stop),
            web.get(f"{RUN}/taskInstances", self._used),
            web.post(f"{RUN}/taskInstances/list", self._instances),
            web.post(f"{DAG}/clearTaskInstances", self._clear),
            web.get(f"{TASK}/xcomEntries/{{key}}", self._xcom),
            web.get(f"{TASK}/logs/{{number}}", self._log),
            web.get(f"{RUN}/hitlDetails", self._questions),
            web.get(f"{TASK}/{{index}}/hitlDetails", self._question),
            web.patch(f"{TASK}/{{index}}/hitlDetails", self._answer),
        ]

    # DAGs

    async def _dags(self, request: web.Request) -> web.Response:
        found = [await self._fake.pipeline(each) for each in await self._fake.pipelines(request.query["tags"])]
        return web.json_response({"dags": [dag(each) for each in found], "total_entries": len(found)})

    async def _details(self, request: web.Request) -> web.Response:
        pipeline = await self._fake.pipeline(request.match_info["dag"])
        params = {each.name: param(each) for each in pipeline.parameters}
        return web.json_response(dag(pipeline) | {"params": params})

    async def _declared(self, request: web.Request) -> web.Response:
        specs = (await self._fake.pipeline(request.match_info["dag"])).tasks
        follow = [[spec.task_id] for spec in specs[1:]] + [[]]
        tasks = [
            {"task_id": spec.task_id, "task_display_name": spec.title, "downstream_task_ids": after}
            for spec, after in zip(specs, follow, strict=True)
        ]
        return web.json_response({"tasks": tasks, "total_entries": len(tasks)})

    async def _import_errors(self, _: web.Request) -> web.Response:
        found = await self._fake.import_errors()
        rows = [{"filename": name, "stack_trace": f"Traceback:\n{error}"} for name, error in found.items()]
        return web.json_response({"import_errors": rows, "total_entries": len(rows)})

    async def _versions(self, _: web.Request) -> web.Response:
        """One version a DAG: the DAGs here don't change their parameters."""
        rows = [
            {"id": hashlib.sha256(each.encode()).hexdigest(), "dag_id": each, "version_number": 1}
            for each in self._fake.dag_ids
        ]
        return web.json_response({"dag_versions": rows, "total_entries": len(rows)})

    # Runs

    async def _changed(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["updated_at_gte"])
        prefixes = tuple(request.query["dag_id_prefix_pattern"].split("|"))
        dags = [each for each in self._fake.dag_ids if each.startswith(prefixes)]
        runs = await self._fake.changed_runs(dags, since)
        start = int(request.query.get("cursor") or 0)
        stop = start + int(request.query["limit"])
        more = str(stop) if stop < len(runs) else None
        return web.json_response({"dag_runs": [run_row(each) for each in runs[start:stop]], "next_cursor": more})

    async def _trigger(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = RunKey(request.match_info["dag"], body["dag_run_id"])
        if await self._fake.run(key):
            request[EFFECT] = f"repeated {key.dag_id}/{key.run_id}"
            raise ServiceRejected("Airflow", f"The DAGRun with run_id: {key.run_id} already exists", status=409)
        when = datetime.fromisoformat(body["run_after"]) if body.get("run_after") else None
        run = await self._fake.start(key, body["conf"], note=body.get("note") or "", run_after=when)
        request[EFFECT] = f"started {key.dag_id}/{key.run_id}"
        return web.json_response(run_row(run))

    async def _listed(self, request: web.Request) -> web.Response:
        body = await request.json()
        runs = await self._fake.recent_runs(body["dag_ids"], body["page_limit"])
        return web.json_response({"dag_runs": [run_row(each) for each in runs], "total_entries": len(runs)})

    async def _run(self, request: web.Request) -> web.Response:
        return web.json_response(run_row(await self._there(request)))

    async def _stop(self, request: web.Request) -> web.Response:
        """Airflow sets a run to failed whatever its state was. One that ends meanwhile has only crossed it."""
        run = await self._there(request)
        if run.state.over:
            before = not run.ended or run.ended.timestamp() < request[ARRIVED]
            request[EFFECT] = f"{'overruled' if before else 'crossed'} {run.dag_id}/{run.run_id}"
            self._fake.finish(run.key, ok=False)
        else:
            request[EFFECT] = f"stopped {run.dag_id}/{run.run_id}"
            await self._fake.stop(run.key)
        return web.json_response(run_row(await self._there(request)))

    async def _clear(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = RunKey(request.match_info["dag"], body["dag_run_id"])
        before = await self._fake.run(key)
        after = await self._fake.retry(key)
        if before and before.queued != after.queued:
            request[EFFECT] = f"cleared {key.dag_id}/{key.run_id}"
        return web.json_response({"task_instances": [], "total_entries": 0})

    async def _there(self, request: web.Request) -> Run:
        key = RunKey(request.match_info["dag"], request.match_info["run"])
        if run := await self._fake.run(key):
            return run
        raise NotFound("Airflow", f"The DagRun with dag_id: `{key.dag_id}` was not found", status=404)

    # Tasks

    async def _used(self, request: web.Request) -> web.Response:
        runs = await self._fake.recent_runs([request.match_info["dag"]], 1)
        return web.json_response({"task_instances": [{"dag_id": run.dag_id} for run in runs]})

    async def _instances(self, request: web.Request) -> web.Response:
        body = await request.json()
        keys = [RunKey(dag, run) for dag in body["dag_ids"] for run in body["dag_run_ids"]]
        found = await self._fake.tasks(keys)
        rows = [task_row(key, task) for key, tasks in found.items() for task in tasks]
        start = body.get("page_offset", 0)
        page = rows[start : start + body["page_limit"]]
        return web.json_response({"task_instances": page, "total_entries": len(rows)})

    async def _xcom(self, request: web.Request) -> web.Response:
        key, task = await self._instance(request)
        if said := await self._fake.summary(key, task):
            return web.json_response({"key": "summary", "value": said})
        raise NotFound("Airflow", "XCom entry with key: `summary` not found", status=404)

    async def _log(self, request: web.Request) -> web.StreamResponse:
        """The end of a log is asked for as lines of JSON: that has the error; a page has the words."""
        key, task = await self._instance(request)
        number = int(request.match_info["number"])
        log = await self._fake.log(key, task, number)
        if "ndjson" in request.headers.get("Accept", ""):
            kind, _, words = (await self._fake.failure(key, task)).partition(": ")
            raised = [{"exc_type": kind, "exc_value": words}] if kind else []
            return web.json_response({"level": "error", "event": "", "error_detail": raised})
        return web.json_response({"content": [{"event": line} for line in log.lines], "continuation_token": None})

    async def _instance(self, request: web.Request) -> tuple[RunKey, Task]:
        key = RunKey(request.match_info["dag"], request.match_info["run"])
        index = int(request.query.get("map_index", -1))
        for task in (await self._fake.tasks([key])).get(key, ()):
            if (task.task_id, task.map_index) == (request.match_info["task"], index):
                return key, task
        raise NotFound("Airflow", "TaskInstance not found", status=404)

    # People's part

    async def _questions(self, request: web.Request) -> web.Response:
        prefixes = tuple(request.query["dag_id_prefix_pattern"].split("|"))
        asked = await self._fake.questions([each for each in self._fake.dag_ids if each.startswith(prefixes)])
        return web.json_response({"hitl_details": [question_row(each) for each in asked], "total_entries": len(asked)})

    async def _question(self, request: web.Request) -> web.Response:
        if asked := await self._fake.question(_key(request)):
            return web.json_response(question_row(asked))
        raise NotFound("Airflow", "Human-in-the-loop detail does not exist", status=404)

    async def _answer(self, request: web.Request) -> web.Response:
        body, key = await request.json(), _key(request)
        await self._fake.answer(key, body["chosen_options"], body["params_input"])
        request[EFFECT] = f"answered {key.dag_id}/{key.run_id}/{key.task_id}"
        return web.json_response({})


async def _token(_: web.Request) -> web.Response:
    return web.json_response({"access_token": "for-everybody"}, status=201)


async def _health(_: web.Request) -> web.Response:
    parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    return web.json_response({part: {"status": "healthy"} for part in parts})


async def _version(_: web.Request) -> web.Response:
    return web.json_response({"version": "3.3.2"})


async def _plugins(_: web.Request) -> web.Response:
    return web.json_response({"plugins": [], "total_entries": 0})


def _key(request: web.Request) -> QuestionKey:
    found = request.match_info
    return QuestionKey(found["dag"], found["run"], found["task"], int(found["index"]))
