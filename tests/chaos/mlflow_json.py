"""The domain's trainings and versions as MLflow's JSON, and its filters read. Pure but for answers that are errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.domain import Dataset, Training, Version
from bot.errors import ServiceError

CODES = {400: "INVALID_PARAMETER_VALUE", 404: "RESOURCE_DOES_NOT_EXIST"}
_STRING = r"""'[^']*'|"[^"]*\""""
_CONDITION = re.compile(
    rf"(?P<name>tags?\.`[^`]*`|[\w.]+) (?:=|>=|IN) (?P<value>\((?:(?:{_STRING})(?:, )?)*\)|{_STRING}|\d+)"
)


def conditions(text: str) -> Mapping[str, Sequence[str]]:
    """What a filter asks for, by name: one value, or those of a list."""
    return {found["name"]: _values(found["value"]) for found in _CONDITION.finditer(text)}


def _values(text: str) -> list[str]:
    return [each[1:-1] for each in re.findall(_STRING, text)] or [text]


def error(found: ServiceError) -> web.Response:
    """An error as MLflow puts it."""
    status = found.status or 500
    code = CODES.get(status, "INTERNAL_ERROR")
    return web.json_response({"error_code": code, "message": found.detail}, status=status)


def run(training: Training) -> dict[str, Any]:
    """An MLflow run. JSON has no NaN: MLflow writes it as a string."""
    info = {
        "run_id": training.run_id,
        "run_uuid": training.run_id,
        "experiment_id": training.experiment_id,
        "status": training.status,
        "start_time": _milliseconds(training.started),
        "end_time": _milliseconds(training.ended),
        "lifecycle_stage": "active",
    }
    metrics = [
        {"key": name, "value": "NaN" if value != value else value, "timestamp": 0, "step": 0}
        for name, value in training.metrics.items()
    ]
    data = {"metrics": metrics, "params": _pairs(training.params), "tags": _pairs(training.tags)}
    inputs = [_input(read) for read in training.datasets]
    return {"info": info, "data": data, "inputs": {"dataset_inputs": inputs}}


def _input(read: Dataset) -> dict[str, Any]:
    profile = {} if read.rows is None else {"profile": json.dumps({"num_rows": read.rows})}
    dataset = {"name": read.name, "digest": read.digest, "source_type": "local", "source": "{}"} | profile
    return {"dataset": dataset, "tags": _pairs({"mlflow.data.context": read.context})}


def version(found: Version) -> dict[str, Any]:
    """A version of a model, without its aliases: a search doesn't tell them."""
    told = {
        "name": found.model,
        "version": found.version,
        "run_id": found.run_id,
        "creation_timestamp": _milliseconds(found.created),
        "tags": _pairs(found.tags),
        "source": found.source,
        "description": found.description,
    }
    return told | ({"status": found.status} if found.status else {})


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in values.items()]


def _milliseconds(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1000) if moment else 0
