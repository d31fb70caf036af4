"""One storm: people, services, a database and bots that are killed; then calm, and the count."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bot.store.database import Database
from demo.slack.standin import StandIn
from tests.chaos.airflow import AirflowOverHttp
from tests.chaos.clock import Clock
from tests.chaos.databases import Place
from tests.chaos.fleet import Fleet
from tests.chaos.incidents import Incidents
from tests.chaos.mlflow import MlflowOverHttp
from tests.chaos.nest import Nest
from tests.chaos.people import CHANNEL, People
from tests.chaos.remains import known_models, look
from tests.chaos.settings import settings_of
from tests.chaos.trains import Trains
from tests.chaos.verdict import Remains, accepted, lost, twice
from tests.chaos.wire import Wire
from tests.fakes import FakeOrchestrator, FakeRegistry

LOOK_EVERY = 1.0  # seconds
START = 0.4  # seconds that a start takes
CONNECTED_WITHIN = 10.0
ACCEPTED_WITHIN = 5.0
INFORMED_WITHIN = 120.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to happen. `a_second`: requests; `pause`: seconds from a start to a kill, on average; `lease`: the bots'.

    `calm_within`: how long accepted work may take once all is well; `rest`: how long it is then looked whether more
    happens, which is two looks of the tracker. `modules` are imported into the bots: see zygote.
    """

    replicas: int = 1
    kills: int = 200
    seed: int = 1
    a_second: float = 20.0
    pause: float = 0.3
    lease: float = 5.0
    ending: float = 0.08
    trouble: bool = True
    calm_within: float = 900.0
    rest: float = 6.0
    modules: Sequence[str] = ("tests.chaos.edits",)


@dataclass
class Result:
    """The figures of one storm, and in words what is wrong."""

    figures: dict[str, Any]
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was lost, and nothing done twice."""
        return not self.lost and not self.twice


@dataclass
class Scene:
    """The parts of one storm."""

    plan: Plan
    slack: StandIn
    wire: Wire
    airflow: FakeOrchestrator
    trains: Trains
    people: People
    fleet: Fleet
    incidents: Incidents
    database: Database

    async def remains(self) -> Remains:
        """What is left now."""
        return await look(self.slack, self.wire, self.airflow, self.trains, self.database)


@asynccontextmanager
async def scene(plan: Plan, place: Place, folder: Path) -> AsyncIterator[Scene]:
    """Everything up but the bots."""
    airflow, mlflow = FakeOrchestrator(), FakeRegistry()
    services = (AirflowOverHttp(airflow).service(), MlflowOverHttp(mlflow).service())
    database = Database(place.url)
    slack = StandIn(rate_limits=False, retry_seconds=(0.5, 1.0, 2.0), seed=plan.seed)
    clock = Clock(folder)
    nest = Nest(folder / "bots.log", plan.modules, clock.environment)
    async with slack, Wire(*services) as wire, nest:
        settings = settings_of(slack, wire.urls, place.url, folder, plan.lease)
        trains = Trains(airflow, mlflow, wire, plan.seed, plan.ending)
        fleet = Fleet(nest, settings, plan.replicas, _chance(plan, "fleet"))
        yield Scene(
            plan=plan,
            slack=slack,
            wire=wire,
            airflow=airflow,
            trains=trains,
            people=People(slack, trains, _chance(plan, "people")),
            fleet=fleet,
            incidents=Incidents(slack, services, fleet, place, clock, _chance(plan, "incidents"), plan.lease),
            database=database,
        )
        await fleet.end()
    await database.close()


async def storm(plan: Plan, place: Place, folder: Path) -> Result:
    """Carry the plan out on this database; leaves what the bots log and post in `folder` (bots.log, slack.jsonl)."""
    begun = time.monotonic()
    async with scene(plan, place, folder) as at, alongside(at.trains.move()):
        await at.fleet.fill()
        await _informed(at)
        await _rage(at)
        raged = time.monotonic() - begun
        await _calm(at)
        left = await at.remains()
        _keep(at.slack, folder / "slack.jsonl")
    return _result(at, left, place, {"raged": round(raged, 1), "seconds": round(time.monotonic() - begun, 1)})


async def _rage(at: Scene) -> None:
    """People ask, services fail, bots die; then the services are well, and everybody has an answer or none."""
    chance, plan = _chance(at.plan, "kills"), at.plan
    troubles = [at.incidents.happen()] if plan.trouble else []
    async with alongside(at.people.storm(plan.a_second), *troubles):
        while at.fleet.kills < plan.kills:
            await _until_kill(at, chance)
            await at.fleet.kill_one()
    await at.incidents.end()
    await at.fleet.fill()
    await at.people.settle()


async def _calm(at: Scene) -> None:
    """Wait until everything accepted has its effects and no work is left, and again a little later; or time is up."""
    deadline = time.monotonic() + at.plan.calm_within
    rested = False
    while time.monotonic() < deadline:
        await at.fleet.fill()
        left = await at.remains()
        calm = not left.live and not any(lost(at.people.requests, left))
        if calm and rested:
            return
        rested = calm
        await asyncio.sleep(at.plan.rest if calm else LOOK_EVERY)


def _keep(slack: StandIn, file: Path) -> None:
    """What the bots have said in the channel, for whoever wants to know how something came to be there twice."""
    said = (
        {"ts": each.ts, "text": each.text, "metadata": each.metadata} for each in slack.messages(CHANNEL) if each.bot_id
    )
    file.write_text("".join(f"{json.dumps(each)}\n" for each in said), encoding="utf-8")


def _result(at: Scene, left: Remains, place: Place, times: dict[str, float]) -> Result:
    requests = at.people.requests
    gone, again = list(lost(requests, left)), list(twice(requests, left))
    gone += [f"job {job_id}: it does not end" for job_id in left.live]
    figures: dict[str, Any] = {
        "database": place.name,
        "replicas": at.plan.replicas,
        "kills": at.fleet.kills,
        "accepted": len(accepted(requests, left)),
        "lost": len(gone),
        "twice": len(again),
        "redone": sum(1 for _ in at.wire.effects("repeated")) + at.incidents.looked_up,
        "asked": len(requests),
        "runs": sum(map(len, left.runs.values())),
        "ends": sum(left.ends.values()),
        "promotions": dict(Counter(each.state for each in left.promotions.values())),
        "moves": sum(left.moves.values()),
        "incidents": dict(at.incidents.counts),
        "fell": at.fleet.fell,
        "seed": at.plan.seed,
    }
    return Result(figures | times, gone, again)


def _chance(plan: Plan, what: str) -> Random:
    return Random(f"{plan.seed} {what}")


@asynccontextmanager
async def alongside(*doings: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do these for as long as the block lasts. What one of them raises is raised at its end."""
    tasks = [asyncio.create_task(each) for each in doings]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(found, Exception):
                raise found


async def _until_kill(at: Scene, chance: Random) -> None:
    """Let time pass: a quarter die at some instant of their start, a quarter soon after they could be reached, and the
    others after they have accepted something, however slow this machine is; a tenth live long enough to take over what
    others have left, so that later steps are met as well.
    """
    kind = chance.random()
    if kind < 0.25:
        await asyncio.sleep(chance.uniform(0.0, START))
        return
    await _connected(at.slack, at.plan.replicas)
    if kind > 0.5:
        before = at.people.accepted
        await _until(lambda: at.people.accepted > before, ACCEPTED_WITHIN)
    longest = 2 * at.plan.pause if kind < 0.9 else 2 * at.plan.lease
    await asyncio.sleep(chance.uniform(0.0, longest))


async def _informed(at: Scene) -> None:
    """Wait until a bot has read Airflow for the first time: before that it accepts nothing."""
    await _connected(at.slack)
    async with asyncio.timeout(INFORMED_WITHIN):
        while await known_models(at.database) < 2:  # noqa: ASYNC110 - nobody tells when it has
            await asyncio.sleep(0.1)


async def _connected(slack: StandIn, bots: int = 1) -> None:
    """Wait until so many can be reached; not for ever, as one may be kept from starting."""
    await _until(lambda: slack.backend.sockets.connected >= bots, CONNECTED_WITHIN)


async def _until(so: Callable[[], bool], within: float) -> None:
    """Wait until it is so, or the time is up."""
    deadline = time.monotonic() + within
    while not so() and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody tells when it is
        await asyncio.sleep(0.01)
