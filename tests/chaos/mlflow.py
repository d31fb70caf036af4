"""MLflow's REST API over the fake in memory, as far as the bot's client asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.domain import RunKey, Training, Version
from bot.errors import NotFound, ServiceError, ServiceRejected
from tests.chaos.wire import Service
from tests.fakes import FakeRegistry

API = "/api/2.0/mlflow"
_EQUALS = re.compile(r"""(?P<name>tags\.`[^`]*`|\w+) = (?P<value>'[^']*'|"[^"]*")""")
CODES = {400: "INVALID_PARAMETER_VALUE", 404: "RESOURCE_DOES_NOT_EXIST"}


class MlflowOverHttp:
    """`routes` answer as MLflow's tracking server does."""

    def __init__(self, fake: FakeRegistry) -> None:
        self._fake = fake

    def service(self) -> Service:
        """The service to serve."""
        return Service("mlflow", self.routes(), _error)

    def routes(self) -> list[web.RouteDef]:
        """Every endpoint that the bot's client asks."""
        return [
            web.get("/version", _version),
            web.post(f"{API}/experiments/search", _experiments),
            web.post(f"{API}/runs/search", self._trainings),
            web.get(f"{API}/runs/get", self._training),
            web.get(f"{API}/registered-models/search", _no_models),
            web.get(f"{API}/registered-models/get", self._model),
            web.get(f"{API}/registered-models/alias", self._holder),
            web.get(f"{API}/model-versions/search", self._versions),
        ]

    async def _trainings(self, request: web.Request) -> web.Response:
        wanted = _conditions((await request.json())["filter"])
        key = RunKey(wanted["tags.`airflow.dag_id`"], wanted["tags.`airflow.run_id`"])
        return web.json_response({"runs": [_run(each) for each in await self._fake.trainings(key)]})

    async def _training(self, request: web.Request) -> web.Response:
        if found := await self._fake.training(request.query["run_id"]):
            return web.json_response({"run": _run(found)})
        raise NotFound("MLflow", f"Run with id={request.query['run_id']} not found", status=404)

    async def _versions(self, request: web.Request) -> web.Response:
        wanted, most = _conditions(request.query["filter"]), int(request.query["max_results"])
        found: Sequence[Version]
        if "run_id" in wanted:
            found = await self._fake.versions_of(wanted["run_id"])
        else:
            found = await self._fake.versions(wanted["name"], most)
        return web.json_response({"model_versions": [_row(each) for each in found[:most]]})

    async def _model(self, request: web.Request) -> web.Response:
        name = request.query["name"]
        held = await self._fake.versions(name, 1_000_000)
        aliases = [{"alias": alias, "version": each.version} for each in held for alias in each.aliases]
        return web.json_response({"registered_model": {"name": name, "aliases": aliases}})

    async def _holder(self, request: web.Request) -> web.Response:
        name, alias = request.query["name"], request.query["alias"]
        if found := await self._fake.holder(name, alias):
            return web.json_response({"model_version": _row(found) | {"aliases": list(found.aliases)}})
        raise ServiceRejected("MLflow", f"Registered model alias {alias} not found.", status=400)


async def _version(_: web.Request) -> web.Response:
    return web.Response(text="3.17.2")


async def _experiments(_: web.Request) -> web.Response:
    return web.json_response({"experiments": [{"experiment_id": "1", "name": "all", "lifecycle_stage": "active"}]})


async def _no_models(_: web.Request) -> web.Response:
    return web.json_response({"registered_models": []})


def _error(error: ServiceError) -> web.Response:
    status = error.status or 500
    code = CODES.get(status, "INTERNAL_ERROR")
    return web.json_response({"error_code": code, "message": error.detail}, status=status)


def _conditions(text: str) -> Mapping[str, str]:
    """The values that a filter asks for, by name."""
    return {found["name"]: found["value"][1:-1] for found in _EQUALS.finditer(text)}


def _run(training: Training) -> dict[str, Any]:
    info = {
        "run_id": training.run_id,
        "run_uuid": training.run_id,
        "experiment_id": training.experiment_id,
        "status": training.status,
        "start_time": _milliseconds(training.started),
        "end_time": _milliseconds(training.ended),
        "lifecycle_stage": "active",
    }
    data = {
        "metrics": [
            {"key": name, "value": value if value == value else "NaN", "timestamp": 0, "step": 0}
            for name, value in training.metrics.items()
        ],
        "params": _pairs(training.params),
        "tags": _pairs(training.tags),
    }
    inputs = [
        {
            "dataset": {"name": read.name, "digest": read.digest, "source_type": "local", "source": "{}"},
            "tags": _pairs({"mlflow.data.context": read.context}),
        }
        for read in training.datasets
    ]
    return {"info": info, "data": data, "inputs": {"dataset_inputs": inputs}}


def _row(version: Version) -> dict[str, Any]:
    return {
        "name": version.model,
        "version": version.version,
        "run_id": version.run_id,
        "creation_timestamp": _milliseconds(version.created),
        "tags": _pairs(version.tags),
    }


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in values.items()]


def _milliseconds(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1000) if moment else 0
