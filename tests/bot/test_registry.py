"""The MLflow adapter against a service that misbehaves, and what it asks of one that does not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain import RunKey
from bot.errors import ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from bot.mlflow.reading import rows
from bot.registry import MlflowRegistry
from tests.fakes.wire import Reply, Wire

API = "/api/2.0/mlflow"
GET_RUN, SEARCH_RUNS, EXPERIMENTS = f"{API}/runs/get", f"{API}/runs/search", f"{API}/experiments/search"
KEY = RunKey("tiny", "r1")
HTML = "<!doctype html><title>Sign in</title>"
RUN = {
    "info": {"run_id": "a1", "experiment_id": "7", "status": "FINISHED", "lifecycle_stage": "active"},
    "data": {
        "tags": [{"key": "airflow.dag_id", "value": "tiny"}, {"key": "airflow.run_id", "value": "r1"}],
        "metrics": [{"key": "auc", "value": 0.6}],
    },
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as server:
        server.reply("POST", EXPERIMENTS, Reply({"experiments": [{"experiment_id": "7"}]}))
        server.reply("POST", SEARCH_RUNS, Reply({"runs": [RUN]}))
        yield server


@pytest.fixture
async def mlflow(wire: Wire) -> AsyncIterator[MlflowRegistry]:
    adapter = MlflowRegistry(wire.url)
    yield adapter
    await adapter.close()


def said(code: str, message: str = "words") -> dict[str, Any]:
    return {"error_code": code, "message": message}


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(said("INVALID_PARAMETER_VALUE", "no such order"), 400), ServiceRejected, "no such order"),
        (Reply(said("BAD_REQUEST", "UNIQUE constraint failed"), 400), ServiceDown, "UNIQUE"),
        (Reply(said("UNAUTHENTICATED"), 401), ServiceDenied, "words"),
        (Reply(raw="You are not authenticated", status=401), ServiceDenied, "401"),
        (Reply(said("PERMISSION_DENIED"), 403), ServiceDenied, "words"),
        (Reply(raw="Permission denied", status=403), ServiceDenied, "403"),
        (Reply(said("ENDPOINT_NOT_FOUND"), 404), ServiceRejected, "words"),
        (Reply({"detail": "Not Found"}, 404), ServiceConfused, "not MLflow's"),
        (Reply(raw=HTML, status=404), ServiceConfused, "not MLflow's"),
        (Reply(said("REQUEST_LIMIT_EXCEEDED"), 429), ServiceDown, "errors"),
        (Reply({}, 429, headers={"Retry-After": "3600"}), ServiceDown, "errors"),
        (Reply(said("INTERNAL_ERROR"), 500), ServiceDown, "errors"),
        (Reply(raw=HTML, status=502), ServiceDown, "errors"),
        (Reply(said("TEMPORARILY_UNAVAILABLE"), 503), ServiceDown, "errors"),
        (Reply(raw=HTML), ServiceConfused, "not MLflow's"),
        (Reply({"run": 5}), ServiceConfused, "not MLflow's"),
        (Reply({"run": RUN}, cut=True), ServiceDown, "broke off"),
        (Reply({"run": RUN}, delay=2), ServiceDown, "no answer in time"),
    ],
)
async def test_errors(
    wire: Wire,
    mlflow: MlflowRegistry,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    error: type[ServiceError],
    words: str,
) -> None:
    """Each wrong answer is one of our errors, within the time-out."""
    if reply.delay:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    wire.reply("GET", GET_RUN, reply)
    with pytest.raises(error, match=words) as caught:
        await mlflow.training("a1")
    assert type(caught.value) is error
    assert caught.value.service == "MLflow"


async def test_missing_run(wire: Wire, mlflow: MlflowRegistry) -> None:
    """Only MLflow's own word says that a run isn't there."""
    wire.reply("GET", GET_RUN, Reply(said("RESOURCE_DOES_NOT_EXIST"), 404))
    assert await mlflow.training("a1") is None


async def test_nothing_listens() -> None:
    """A refused connection is ServiceDown at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        adapter = MlflowRegistry(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ServiceDown):  # the SDK is imported now
            await adapter.check()
        began = time.monotonic()
        with pytest.raises(ServiceDown, match="nothing answers"):
            await adapter.trainings(KEY)
        assert time.monotonic() - began < 1
        await adapter.close()


async def test_experiments_are_remembered(wire: Wire, mlflow: MlflowRegistry) -> None:
    """The experiments, which every search must name, are not read anew for each."""
    for _ in range(3):
        assert [training.run_id for training in await mlflow.trainings(KEY)] == ["a1"]
    assert (wire.count("POST", EXPERIMENTS), wire.count("POST", SEARCH_RUNS)) == (1, 3)
    assert [asked.body["experiment_ids"] for asked in wire.asked if asked.path == SEARCH_RUNS] == [["7"]] * 3


async def test_all_experiments(wire: Wire, mlflow: MlflowRegistry) -> None:
    """Every page of experiments is read."""
    wire.reply(
        "POST",
        EXPERIMENTS,
        Reply({"experiments": [{"experiment_id": "1"}], "next_page_token": "more"}),
        Reply({"experiments": [{"experiment_id": "2"}]}),
    )
    await mlflow.trainings(KEY)
    (search,) = [asked.body for asked in wire.asked if asked.path == SEARCH_RUNS]
    assert search["experiment_ids"] == ["1", "2"]


async def test_others_are_left_out(wire: Wire, mlflow: MlflowRegistry) -> None:
    """Where a database compares without regard to case, another run's training is not taken for this one's."""
    assert await mlflow.trainings(RunKey("tiny", "R1")) == []


async def test_filter_is_quoted(wire: Wire, mlflow: MlflowRegistry) -> None:
    """A value goes into the filter whole, in quotes that it does not hold; with both kinds it can't be asked."""
    await mlflow.trainings(RunKey("it's", "r1"))
    (search,) = [asked.body for asked in wire.asked if asked.path == SEARCH_RUNS]
    assert search["filter"] == "tags.`airflow.dag_id` = \"it's\" AND tags.`airflow.run_id` = 'r1'"
    with pytest.raises(ServiceRejected, match="both kinds of quotes"):
        await mlflow.trainings(RunKey("tiny", """' OR "1" = '1"""))


async def test_addresses() -> None:
    """People are sent to the public URL."""
    adapter = MlflowRegistry("http://mlflow.internal:5000/", public_url="https://mlflow.example/")
    assert adapter.model_url("late flights") == "https://mlflow.example/#/models/late%20flights"
    await adapter.close()


@pytest.mark.parametrize(("given", "expected"), [({}, "8"), ({"MLFLOW_HTTP_REQUEST_TIMEOUT": "33"}, "33")])
def test_time_outs(given: dict[str, str], expected: str) -> None:
    """The client's time-out is bounded unless the environment says otherwise."""
    code = (
        "import asyncio, os; from bot.registry import MlflowRegistry\n"
        "r = MlflowRegistry('http://127.0.0.1:1'); asyncio.run(r.load()); asyncio.run(r.close())\n"
        "from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_TIMEOUT as t; print(t.get())"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=kept | given)
    assert ran.stdout.strip() == expected


async def test_trainings_in_bulk_are_few_calls(wire: Wire, mlflow: MlflowRegistry) -> None:
    """Two hundred a call; experiments are read again only where a run is missing."""
    wire.reply("POST", SEARCH_RUNS, Reply({"runs": [RUN]}))
    assert list(await mlflow.trainings_of(["a1"])) == ["a1"]
    assert (wire.count("POST", EXPERIMENTS), wire.count("POST", SEARCH_RUNS)) == (1, 1)
    await mlflow.trainings_of(["a1", *(f"b{number}" for number in range(400))])
    asked = [one.body["filter"].count(",") + 1 for one in wire.asked if one.path == SEARCH_RUNS]
    assert asked == [1, 200, 200, 1, 200, 200]
    assert wire.count("POST", EXPERIMENTS) == 2


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ('{"num_rows": 5}', 5),
        ('{"num_rows": 0}', 0),
        ('{"num_rows": -1}', None),
        ('{"num_rows": true}', None),
        ('{"num_rows": "5"}', None),
        ('{"num_rows": 1.5}', None),
        ("[5]", None),
        ("{", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_rows_of_a_profile(profile: object, expected: int | None) -> None:
    """A profile is whatever training code wrote."""
    assert rows(profile) == expected
