"""What a run costs: told before it starts, reserved, settled at its end; on which machine, from which code."""

from __future__ import annotations

import asyncio
import json
import statistics
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import bot.following.finishing
from bot.conversation.asked import Asked
from bot.conversation.commands import Call, Work
from bot.domain import Run, RunKey, RunState, TaskState
from bot.errors import ServiceDown
from bot.launching.history import History
from bot.launching.launch import Wanted, launch
from bot.launching.settling import release_stranded
from bot.store import Charge, ChargeState
from tests.app.conftest import DANA, OMAR, TRAINING, VERA, World

PRICES = {"one-core": 6, "two-cores": 18}  # an hour, as the configuration has them


def ran(number: int, seconds: float, machine: str = "", state: RunState = RunState.SUCCESS) -> Run:
    """A past run; they ended a minute after one another."""
    ended = datetime.now(UTC) - timedelta(hours=9) + timedelta(minutes=number)
    conf: dict[str, Any] = {"stationmaster": {"compute": {"name": machine}}} if machine else {}
    started = ended - timedelta(seconds=seconds)
    key = {"dag_id": "train_delays", "run_id": f"past-{number}"}
    return Run(**key, state=state, conf=conf, queued=started, started=started, ended=ended, run_after=started)


async def remembers(world: World, *runs: Run) -> None:
    """Let these runs have been, and the bot know of them."""
    for run in runs:
        world.airflow.add_run(run)
    await History(world.station).refresh()


async def charge_of(world: World, key: RunKey) -> Charge:
    """The charge of a followed run."""
    followed = await world.station.store.runs.get(key)
    assert followed
    charge = await world.station.store.charges.get(str(followed.job_id))
    assert charge
    return charge


def notes(message: Any) -> str:
    """The small print of a card."""
    return "\n".join(json.dumps(block, ensure_ascii=False) for block in message.blocks if block["type"] == "context")


async def test_the_machine_and_the_code_go_with_the_run(world: World) -> None:
    """In the conf's documented shape, on the card, and in the audit trail."""
    await remembers(world, ran(1, 60))
    await world.type(OMAR, "run delays --compute two-cores --ref release/1.2")
    assert "on two-cores · code release/1.2" in notes(await world.card("delays"))
    told = world.started()[0]["stationmaster"]
    assert told["compute"] == {
        "name": "two-cores", "backend": "local", "instance": "2-threads", "spot": False, "time_limit": 600,
    }  # fmt: skip
    assert told["ref"] == "release/1.2"
    started = next(row for row in await world.audit("run") if row.outcome == "started")
    assert started.detail
    assert (started.detail["compute"]["name"], started.detail["ref"]) == ("two-cores", "release/1.2")


async def test_without_being_asked_for_the_machine_is_the_models_own(world: World) -> None:
    """The first of its list."""
    await world.type(DANA, "run delays --yes")
    await world.card("delays")
    told = world.started()[0]["stationmaster"]
    assert (told["compute"]["name"], told["ref"]) == ("one-core", "")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("run delays --compute two-core", "Did you mean two-cores?"),
        ("run delays --compute moon", "delays runs on one-core or two-cores."),
        ("run delays --ref a..b", "“a..b” is no git ref"),
        ("run delays --ref --upload-pack=x", "--ref needs a value"),
        ("run delays --ref main", "Only owners of delays may choose the code (you asked for main)."),
        ("run delays max_iter=501", "Only owners of delays may change max_iter above 500 (you asked for 501)."),
        ("run delays max_iter=5000", "max_iter=5000 is too large"),
    ],
)
async def test_what_goes_beyond_is_refused_before_anything_starts(world: World, typed: str, said: str) -> None:
    """In words, naming what is allowed."""
    assert said in await world.type(DANA, typed)
    assert world.airflow.count("start") == 0


async def test_owners_are_free_of_their_own_contract(world: World) -> None:
    """It binds others."""
    assert await world.type(OMAR, "run delays max_iter=501") == ""
    await world.card("delays")
    assert world.started()[0]["max_iter"] == 501


@pytest.mark.parametrize("machine", ["one-core", "two-cores"])
async def test_the_price_is_made_of_what_airflow_has_recorded(world: World, machine: str) -> None:
    """p50 and p90 of the successful runs on that machine, computed here from Airflow's own times and otherwise."""
    seconds = {"one-core": [41, 50, 47, 90, 44, 61, 43], "two-cores": [20, 26, 29, 31, 24]}
    past = [
        ran(10 * n + (name == "one-core"), each, name) for name, all_ in seconds.items() for n, each in enumerate(all_)
    ]
    await remembers(world, *past, ran(98, 9_000, machine, RunState.FAILED), ran(99, 400))
    recorded = [
        (run.ended - run.started).total_seconds()
        for run in await world.airflow.recent_runs(["train_delays"], 1_000)
        if run.state == "success" and run.started and run.ended
        and run.conf.get("stationmaster", {}).get("compute", {}).get("name") == machine
    ]  # fmt: skip
    p50, p90 = statistics.median(recorded), statistics.quantiles(recorded, n=10, method="inclusive")[8]
    await world.type(DANA, f"run delays --compute {machine}")
    card = await world.card("delays")
    cents = -(-p90 * PRICES[machine] * 100 // 3_600)
    usual = p50 * PRICES[machine] / 3_600
    assert f"about ${usual:.2f} (p50) · reserved ${cents / 100:.2f} (p90)" in notes(card)
    reserved = (await charge_of(world, await world.run_key())).amount
    assert reserved == pytest.approx(p90 * PRICES[machine] / 3_600 * 1_000_000, abs=1)
    plan = next(block for block in card.blocks if block["type"] == "plan")
    assert plan["title"] == f"takes about {round(p50, -1):.0f} s (p50 of {len(recorded)} runs)"


async def test_without_history_the_card_says_so(world: World) -> None:
    """What is held then is what the time limit lets it cost: 10 minutes at $6 an hour."""
    await world.type(DANA, "run delays --yes")
    card = await world.card("delays")
    assert "no history yet · reserved $1 (time limit) · $24 of $25 left this month" in notes(card)


async def test_the_real_cost_stands_on_the_card_and_settles_the_budget(world: World) -> None:
    """What the run took, not what it was held to take; and the run is history for the next one."""
    begun = datetime.now(UTC)
    await world.type(DANA, "run delays --yes")
    await world.card("delays")
    key = await world.run_key()
    world.airflow.clock = lambda: begun
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    world.airflow.clock = lambda: begun + timedelta(seconds=192)
    world.airflow.finish(key)
    await world.tracker.tick()
    done = await world.card("has finished")
    assert "took 3\u00a0min 12\u00a0s · $0.32" in json.dumps(done.blocks, ensure_ascii=False)
    assert "reserved" not in json.dumps(done.blocks)
    await world.ended(key, RunState.SUCCESS)
    charge = await charge_of(world, key)
    assert (charge.state, charge.cost) == (ChargeState.SETTLED, 320_000)
    settled = [row for row in await world.audit("price") if row.outcome == "settled"]
    assert [row.detail for row in settled] == [{"cost": 0.32, "currency": "USD"}]
    world.airflow.clock = lambda: datetime.now(UTC)
    await world.type(DANA, "run delays --yes")
    assert "reserved $0.32 (p90) · $24.36 of $25 left this month" in notes(await world.card("waits for its turn"))


async def test_an_end_that_was_half_recorded_is_charged_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process died between settling and writing the run's end down."""
    record = bot.following.finishing._record
    died: list[bool] = []

    async def die_once(*args: Any) -> None:
        if not died:
            died.append(True)
            raise ZeroDivisionError("as if the process had died here")
        await record(*args)

    monkeypatch.setattr(bot.following.finishing, "_record", die_once)
    begun = datetime.now(UTC)
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.has_card(key)
    world.airflow.clock = lambda: begun
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    world.airflow.clock = lambda: begun + timedelta(seconds=60)
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    assert (died, (await charge_of(world, key)).cost) == ([True], 100_000)
    assert len([row for row in await world.audit("price") if row.outcome == "settled"]) == 1


@pytest.mark.parametrize("end", ["failed", "never began", "deleted while it ran", "deleted before it began"])
async def test_every_end_settles(world: World, end: str) -> None:
    """A failed run costs its time; one that never began costs nothing; a deleted one what it can have cost at most."""
    begun = datetime.now(UTC)
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.has_card(key)
    if end in {"failed", "deleted while it ran"}:
        world.airflow.clock = lambda: begun
        world.airflow.set_task(key, "train", TaskState.RUNNING)
        await world.tracker.tick()
    if end == "failed":
        world.airflow.clock = lambda: begun + timedelta(seconds=60)
        world.airflow.finish(key, ok=False)
    elif end == "never began":
        world.airflow._change(key, state=RunState.FAILED, ended=begun)  # as Airflow does when it is cancelled
    else:
        world.airflow.delete_run(key)
    await world.tracker.tick()
    await world.ended(key, RunState.GONE if end.startswith("deleted") else RunState.FAILED)
    charge = await charge_of(world, key)
    assert charge.state == ChargeState.SETTLED
    assert charge.cost is not None
    low, high = {"failed": (100_000, 100_000), "deleted while it ran": (1, 100_000)}.get(end, (0, 0))
    assert low <= charge.cost <= high


async def test_a_run_that_is_refused_after_all_costs_nothing(world: World) -> None:
    """The DAG was paused meanwhile: what was held is given back with the refusal."""
    world.airflow.pause("train_delays")
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "paused in Airflow")
    job = next(row for row in await world.station.jobs.list() if row.kind == "run.start")
    charge = await world.station.store.charges.get(job.id)
    assert charge
    assert (charge.state, charge.cost) == (ChargeState.SETTLED, 0)


async def test_what_is_held_for_dead_work_is_given_back(world: World) -> None:
    """Work that was cancelled before its run was followed leaves no hole in the budget."""
    world.airflow.fail_with(ServiceDown("Airflow"), times=1_000)
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I keep")
    job = next(row for row in await world.station.jobs.list() if row.kind == "run.start")
    await world.station.jobs.cancel(job.id)
    await release_stranded(world.station)
    world.airflow.recover()
    charge = await world.station.store.charges.get(job.id)
    assert charge
    assert (charge.state, charge.cost) == (ChargeState.SETTLED, 0)


async def test_history_is_learned_once_and_then_by_what_changed(world: World) -> None:
    """Each DAG's last runs are asked for once; afterwards one question covers all."""
    history = History(world.station)
    world.airflow.add_run(ran(1, 60))
    await history.refresh()
    before = world.airflow.count("recent_runs")
    world.airflow.add_run(ran(2, 70))
    await history.refresh()
    assert world.airflow.count("recent_runs") == before
    kept = await world.station.store.durations.last("train_delays", 10)
    assert [each.seconds for each in kept] == [70, 60]


async def test_a_price_needs_no_airflow(world: World) -> None:
    """It is made of what is kept: a request is accepted and reserved while Airflow is away."""
    await remembers(world, *(ran(n, 60) for n in range(5)))
    world.airflow.fail_with(ServiceDown("Airflow"), times=1_000)
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I keep")
    job = next(row for row in await world.station.jobs.list() if row.kind == "run.start")
    charge = await world.station.store.charges.get(job.id)
    world.airflow.recover()
    assert charge
    assert charge.amount == 100_000


async def test_viewers_see_machines_prices_and_the_contract(world: World) -> None:
    """On the model's page: what it may run on, what that costs, what is left to its owners."""
    await remembers(world, *(ran(n, 60, "one-core") for n in range(5)))
    await world.type(VERA, "model delays")
    page = json.dumps([each.blocks for each in world.slack.ephemerals(VERA, TRAINING)], ensure_ascii=False)
    assert (
        "`one-core`  local 1-thread, $6 an hour, 10\u00a0min 0\u00a0s at most · about $0.10 (p50), $0.10 (p90" in page
    )
    assert "`two-cores`  local 2-threads, $18 an hour" in page
    assert "10 to 2000 (default 200) · others not above 500" in page


async def test_the_same_delivery_twice_reserves_once(world: World) -> None:
    """Impatient clicks are one run, and one charge."""
    await world.type(DANA, "run delays")
    [form] = world.slack.as_user(DANA).modals
    await asyncio.gather(*(world.slack.as_user(DANA).submit(form["id"], {}) for _ in range(3)), return_exceptions=True)
    await world.card("delays")
    key = await world.run_key()
    await world.has_card(key)
    month = (await charge_of(world, key)).month
    assert await world.station.store.charges.spent([f"person:{DANA}"], month, "USD") == {f"person:{DANA}": 1_000_000}


async def test_whatever_starts_a_run_comes_through_the_same_acceptance(world: World) -> None:
    """A run with another's values is priced as any other, and the audit trail names the one that they come from."""
    model = await world.station.catalogue.find("delays")
    dana = await world.station.people.person(DANA)
    call = Call(world.station, dana, await world.station.people.roles(dana, model), TRAINING, "", model)
    work = await launch(call, Wanted(conf={"max_iter": 50}, cloned_from="slack__1"))
    assert isinstance(work, Work)
    assert await accept(world, work, "clone:1")
    await world.card("waits for its turn")
    charge = await world.station.store.charges.get("clone:1")
    assert charge
    assert charge.amount == 1_000_000
    started = next(row for row in await world.audit("run") if row.outcome == "started")
    assert started.detail
    assert started.detail["cloned_from"] == "slack__1"


async def accept(world: World, work: Work, job_id: str) -> bool:
    """Accept the work as the dispatcher does."""
    assert work.also
    asked = asdict(Asked(job_id, DANA, "Dana", TRAINING, "clone"))
    write = work.also
    return await world.station.jobs.submit(
        job_id, work.kind, {"asked": asked, **work.args}, also=lambda tx: write(tx, job_id)
    )
