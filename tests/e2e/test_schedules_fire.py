"""Schedules on a real Airflow, kept in each of the three stores: shown with their next run, fired, resumed, broken.

One every minute for each store, all at the same time, so that the whole takes three minutes and not nine.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain import Run, RunState, Scheduled
from bot.orchestrator import AirflowOrchestrator
from bot.ports import Orchestrator, Specs
from bot.scheduling.clock import upcoming
from bot.scheduling.dagfile import TAG, dag_file, dag_id, index_id, revision_shown, schedule_of, trouble_shown
from bot.scheduling.folder import FolderSpecs
from bot.scheduling.objects import S3Specs
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.variable import VariableSpecs
from bot.scheduling.when import Cycle, When
from tests.aws import Aws
from tests.bot.scheduling.kit import spec
from tests.station import PREFIX, AirflowServer
from tests.until import fitting_in_airflow

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]
ASK_EVERY = 2.0  # seconds between requests to parse: one that comes while the file is being read is passed over
LABEL = "{{ 6*7 }}{{ var.value.secret }}"
STORES = ["folder", "s3", "variable"]


@dataclass
class Told:
    """What one store's schedule was seen to do. `shown` has the seconds from its being put to Airflow's showing it."""

    put: ScheduleSpec
    seen: Scheduled
    shown: float
    expected: datetime
    fired: Run
    parent: Run | None
    more: dict[str, object] = field(default_factory=dict)


async def shown(orchestrator: Orchestrator, specs: Specs, kept: ScheduleSpec) -> Scheduled:
    """The schedule's DAG, once Airflow has made it of this revision and knows its next run."""
    name, asked = dag_id(specs.prefix, kept.id), 0.0

    async def look() -> Scheduled | None:
        nonlocal asked
        if time.monotonic() - asked > ASK_EVERY:
            asked = time.monotonic()
            await orchestrator.parse(index_id(specs.prefix))
        return await orchestrator.scheduled(name)

    found = await fitting_in_airflow(
        look, lambda seen: seen is not None and revision_shown(seen) == kept.revision and seen.next_run is not None
    )
    assert found is not None
    return found


async def fired(orchestrator: Orchestrator, prefix: str, spec_id: str, since: datetime) -> Run:
    """The first run of `tiny` that this schedule started after `since`, over."""

    async def look() -> Run | None:
        runs = await orchestrator.recent_runs(["tiny"], 60)
        mine = [run for run in runs if schedule_of(prefix, run.run_id) == spec_id and (run.queued or since) >= since]
        return mine[-1] if mine else None

    found = await fitting_in_airflow(look, lambda run: run is not None and run.state.over)
    assert found is not None
    return found


def every_minute(spec_id: str, **fields: object) -> ScheduleSpec:
    """A schedule of `tiny` that begins now."""
    now = datetime.now(UTC)
    conf = {"label": LABEL, "rounds": 2}
    given = {"dag_id": "tiny", "model": "tiny", "conf": conf, "reason": LABEL, "created": now, "start": now} | fields
    return spec(spec_id, "* * * * *", **given)


def stores(server: AirflowServer, orchestrator: Orchestrator, aws: Aws) -> dict[str, Specs]:
    """The three, as this Airflow reads them."""
    found: dict[str, Specs] = {
        "folder": FolderSpecs(server.folder, "folder"),
        "variable": VariableSpecs(orchestrator, "e2e_schedules", "variable"),
    }
    text = dag_file(prefix="variable", store="variable", specs="e2e_schedules")
    (server.folder / "variable_schedules.py").write_text(text)  # by hand, as that store asks for
    if server.bucket:
        found["s3"] = S3Specs(aws.cloud, server.bucket, PREFIX, "s3")
    return found


async def follow(orchestrator: Orchestrator, specs: Specs) -> Told:
    """Publish the DAG file, put a schedule, and watch it until its first run is over."""
    await specs.install()
    await fitting_in_airflow(lambda: orchestrator.scheduled(index_id(specs.prefix)), lambda index: index is not None)
    begun, made = time.monotonic(), await specs.put(every_minute(f"e{uuid.uuid4().hex[:8]}"), 0)
    seen = await shown(orchestrator, specs, made)
    took = time.monotonic() - begun
    assert seen.next_run
    expected = upcoming(made.when, made.zone, made.start, 1)[0]
    run = await fired(orchestrator, specs.prefix, made.id, made.start)
    parents = await orchestrator.recent_runs([seen.dag_id], 10)
    parent = next((each for each in parents if run.run_id.endswith(f"__{each.run_id}")), None)
    return Told(made, seen, took, expected, run, parent)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def airflow(airflow_server: AirflowServer) -> AsyncIterator[AirflowOrchestrator]:
    """The adapter, generous with time."""
    server = airflow_server
    found = AirflowOrchestrator(server.url, username=server.username, password=server.password, read_timeout=30)
    await fitting_in_airflow(lambda: found.scheduled("tiny"), lambda dag: dag is not None)
    yield found
    await found.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(
    airflow_server: AirflowServer, airflow: AirflowOrchestrator, aws_server: Aws
) -> AsyncIterator[dict[str, Specs]]:
    """Every store, with this process's account that of the tests' S3; their schedules are paused in the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws_server.environment.items():
            patch.setenv(name, value)
        yield stores(airflow_server, airflow, aws_server)
        for name in await airflow.all_scheduled(TAG):
            await airflow.set_paused(name, True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(airflow: AirflowOrchestrator, kept: dict[str, Specs]) -> dict[str, Told]:
    """What a schedule in each store did, side by side."""
    names = list(kept)
    found = await asyncio.gather(*(follow(airflow, kept[name]) for name in names))
    return dict(zip(names, found, strict=True))


def of(told: dict[str, Told], store: str) -> Told:
    """That store's; skipped where Airflow's environment can't read it."""
    if store not in told:
        pytest.skip("Airflow's environment has no amazon provider: run `make environments`")
    return told[store]


@pytest.mark.parametrize("store", STORES)
def test_airflow_shows_it_with_the_next_run_that_we_show(told: dict[str, Told], store: str) -> None:
    """Within seconds of being asked to parse, of the revision that was put."""
    found = of(told, store)
    print(f"{store}: {found.shown:.1f} s from put to shown")  # noqa: T201
    assert (revision_shown(found.seen), trouble_shown(found.seen), found.seen.paused) == (1, "", False)
    assert found.seen.next_run in (found.expected, found.expected + timedelta(minutes=1))  # it may have fired already
    assert found.shown < 60


@pytest.mark.parametrize("store", STORES)
def test_it_fires_with_its_conf_verbatim(told: dict[str, Told], store: str) -> None:
    """`{{ 6*7 }}` is not 42, nobody's Variable is read, and who made it is told; the run is known by its id."""
    found = of(told, store)
    assert found.fired.conf == found.put.run_conf
    assert found.fired.conf["label"] == LABEL
    assert found.fired.state is RunState.SUCCESS
    assert found.fired.kind == "operator_triggered"
    assert schedule_of(store, found.fired.run_id) == found.put.id


@pytest.mark.parametrize("store", STORES)
def test_its_run_names_the_run_that_started_it(told: dict[str, Told], store: str) -> None:
    """That exists, was scheduled, at the first time that we had shown."""
    found = of(told, store)
    assert found.parent is not None
    assert (found.parent.kind, found.parent.run_after) == ("scheduled", found.expected)


async def runs_of(orchestrator: Orchestrator, prefix: str, spec_id: str) -> Sequence[Run]:
    """The schedule's own runs."""
    return await orchestrator.recent_runs([dag_id(prefix, spec_id)], 50)


@pytest.mark.asyncio(loop_scope="session")
async def test_resuming_does_not_run_what_was_missed(
    told: dict[str, Told], airflow: AirflowOrchestrator, kept: dict[str, Specs]
) -> None:
    """Paused for over a minute, then given a new start, and only then let go on."""
    specs, made = kept["folder"], told["folder"].put
    name = dag_id(specs.prefix, made.id)
    await airflow.set_paused(name, True)
    paused = datetime.now(UTC)
    await asyncio.sleep(75)
    resumed = datetime.now(UTC)
    again = await specs.put(made.model_copy(update={"start": resumed}), 1)
    await shown(airflow, specs, again)
    await airflow.set_paused(name, False)
    await fired(airflow, specs.prefix, made.id, resumed)
    due = [run.run_after for run in await runs_of(airflow, specs.prefix, made.id) if run.run_after]
    assert [moment for moment in due if paused + timedelta(seconds=5) < moment < resumed] == []
    assert [moment for moment in due if moment >= resumed]


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_not_its_turn_and_what_is_broken(
    airflow: AirflowOrchestrator, kept: dict[str, Specs], airflow_server: AirflowServer
) -> None:
    """A cycle's DAG runs each time and starts nothing; a spec broken by hand says why and never runs."""
    specs, tomorrow = kept["folder"], datetime.now(UTC).date() + timedelta(days=1)
    when = When(cron="* * * * *", cycle=Cycle(every=2, unit="days").on(tomorrow))
    turn = await specs.put(every_minute(f"turn{uuid.uuid4().hex[:6]}", when=when, zone="UTC"), 0)
    (Path(airflow_server.folder) / "folder_schedules" / "broken-one.json").write_text('{"version": 1}')
    await shown(airflow, specs, turn)
    broken = await airflow.scheduled(dag_id(specs.prefix, "broken-one"))
    assert broken is not None
    assert (trouble_shown(broken), broken.next_run) == ("KeyError: 'id'", None)

    async def parents() -> list[RunState]:
        return [run.state for run in await runs_of(airflow, specs.prefix, turn.id)]

    await fitting_in_airflow(parents, lambda states: any(state.over for state in states))
    started = [run for run in await airflow.recent_runs(["tiny"], 60) if schedule_of("folder", run.run_id) == turn.id]
    assert started == []
    assert RunState.FAILED not in await parents()


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_removed_is_gone(
    airflow: AirflowOrchestrator, kept: dict[str, Specs], told: dict[str, Told]
) -> None:
    """Airflow keeps its history, and says that no file defines it."""
    specs, made = kept["variable"], told["variable"].put
    name = dag_id(specs.prefix, made.id)
    await airflow.set_paused(name, True)
    await specs.remove(made.id, 1)
    await airflow.parse(index_id(specs.prefix))
    gone = await fitting_in_airflow(
        lambda: airflow.scheduled(name), lambda seen: seen is not None and bool(seen.trouble)
    )
    assert gone is not None
    assert trouble_shown(gone).startswith("gone from Airflow")
    assert await runs_of(airflow, specs.prefix, made.id)
