"""Backfills: counted, priced and confirmed before they start, paced, on one card, stopped."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.backfilling import carrying
from bot.backfilling.abandoned import close_abandoned
from bot.domain import Parameter, RunKey, RunState
from bot.errors import ServiceDown
from bot.scheduling.when import read_when
from bot.store import ChargeState
from bot.store.schema import job
from tests.app.conftest import ADA, DANA, OMAR, PIPELINE, TRAINING, VERA, World
from tests.app.promoting import buttons
from tests.app.schedules_kit import click, shown
from tests.until import until

DAY = Parameter(name="day", rule={"type": ["null", "string"], "format": "date"}, default=None)
THREE = "backfill delays from 2026-01-01 to 2026-01-03 max_iter=100"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "LOOK_AGAIN", 0.05)
    monkeypatch.setattr(carrying, "AWAY", 0.05)


async def dated(world: World) -> None:
    """Let the DAG take a date, which others may give."""
    world.airflow.add_dag(PIPELINE.model_copy(update={"parameters": (*PIPELINE.parameters, DAY)}))
    text = world.config.read_text(encoding="utf-8")
    world.config.write_text(text.replace("months: {}", "months: {}\n        day: {}"), encoding="utf-8")
    await world.station.catalogue.refresh()


async def begun(world: World, text: str = THREE, person: str = DANA) -> None:
    """Confirm what was asked for."""
    await world.type(person, text)
    await click(world, person, shown(world, person), "Start backfill")


async def finish_next(world: World, number: int, *, ok: bool = True) -> RunKey:
    """End the run with this number, once it is followed."""

    async def key() -> RunKey | None:
        keys = [call.args[0] for call in world.airflow.calls if call.name == "start"]
        unique = list(dict.fromkeys(keys))
        if len(unique) <= number:
            return None
        return unique[number] if await world.station.store.runs.get(unique[number]) else None

    found = await until(key)
    world.airflow.finish(found, ok=ok)
    await world.tracker.tick()
    await world.ended(found, RunState.SUCCESS if ok else RunState.FAILED)
    return found


async def test_it_is_counted_and_priced_before_it_starts(world: World) -> None:
    """Nothing is started before the click."""
    await dated(world)
    assert await world.type(DANA, THREE) == "Train delays 3 times, for 2026-01-01 to 2026-01-03?"
    said = world.blocks(DANA)
    assert "max_iter 100 (default 200) · on one-core · no history yet: at most $3 in all, reserved" in said
    assert "each run has its date as day" in said
    await asyncio.sleep(0.2)
    assert world.started() == []


async def test_its_runs_start_one_after_the_other_on_one_card(world: World) -> None:
    """Each through the code that starts any run, with its date; the card counts them, and no question is left."""
    await dated(world)
    await begun(world)
    assert buttons(await world.told(DANA, "On it: backfill delays from 2026-01-01 to 2026-01-03.")) == []
    first = await finish_next(world, 0)
    await world.card("1 of 3 runs of a backfill are over")
    await finish_next(world, 1, ok=False)
    await finish_next(world, 2)
    card = await world.card("3 of 3 runs")
    assert card.text.startswith("⚠️ delays")
    assert "failed: 2026-01-02" in json.dumps(card.blocks)
    confs = world.started()
    assert [conf["day"] for conf in confs] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert confs[0]["stationmaster"]["backfill"]["date"] == "2026-01-01T00:00:00+01:00"
    about_delays = [each for each in world.slack.messages(TRAINING) if "delays" in each.text]
    assert len(about_delays) == 1  # no card for each of them
    assert await world.station.store.audit.actors("delays", first.run_id) == {DANA}


async def test_all_of_it_is_reserved_and_what_was_not_run_is_given_back(world: World) -> None:
    """Stopped after the first: the run that goes on ends, the third one never starts, and costs nothing."""
    await dated(world)
    await begun(world)
    await finish_next(world, 0)
    [kept] = await world.station.store.backfills.open()
    charges = [await world.station.store.charges.get(f"{kept.id}:{number}") for number in range(3)]
    assert [each.amount for each in charges if each] == [1_000_000] * 3
    await until(lambda: second_started(world))
    await click(world, DANA, await world.card("1 of 3"), "Stop")
    await world.told(DANA, "1 backfill of delays stopped")
    await finish_next(world, 1)
    card = await world.card("2 of 3")
    assert "1 not started" in json.dumps(card.blocks)
    assert "stopped by Dana" in json.dumps(card.blocks)

    async def settled() -> bool:
        last = await world.station.store.charges.get(f"{kept.id}:2")
        return last is not None and (last.state, last.cost) == (ChargeState.SETTLED, 0)

    await until(settled)
    assert len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 2

    async def closed() -> bool:
        return await world.station.store.backfills.open() == []

    await until(closed)


async def second_started(world: World) -> bool:
    """Has the second run begun?"""
    return len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 2


async def test_a_dag_with_times_of_its_own_is_backfilled_by_airflow(world: World) -> None:
    """Its dry run says how many; one card follows them, and they are the asker's."""
    world.airflow.add_dag(PIPELINE.model_copy(update={"next_run": datetime.now(UTC) + timedelta(hours=3)}))
    world.airflow.give_schedule("train_delays", read_when("daily at 02:00"))
    world.config.write_text(f"{world.config.read_text()}    promotion: {{min_rows: 500}}\n")
    await world.station.catalogue.refresh()
    await world.tracker.tick()
    assert await world.type(DANA, THREE) == "Train delays 3 times, for 2026-01-01 to 2026-01-03?"
    await click(world, DANA, shown(world), "Start backfill")
    await world.card("0 of 3 runs")
    runs = await world.airflow.recent_runs(["train_delays"], 10)
    assert len(runs) == 3
    assert runs[0].conf["max_iter"] == 100
    assert [(each["kind"], each["bound"]) for each in runs[0].conf["stationmaster"]["gates"]] == [("min_rows", 500)]
    for run in runs:
        await world.tracker.tick()
        world.airflow.finish(run.key)
    await world.tracker.tick()
    await world.card("3 of 3 runs")
    assert await world.station.store.audit.actors("delays", runs[0].run_id) == {DANA}
    spent = await world.station.store.charges.spent([f"person:{DANA}"], f"{datetime.now(UTC):%Y-%m}", "USD")
    assert spent[f"person:{DANA}"] < 3_000_000  # settled by what they took, no longer what was held


@pytest.mark.parametrize(
    ("person", "typed", "said"),
    [
        (VERA, THREE, "may schedule runs"),
        (DANA, THREE.replace("100", "900"), "Only owners of delays may change max_iter above 500"),
        (DANA, "backfill delays from 2026-01-03 to 2026-01-01", "is before"),
        (DANA, "backfill delays from 2026-01-01 to 2099-01-01", "is still to come"),
        (DANA, "backfill delays from 2020-01-01 to 2026-01-01", "more than 200 runs"),
        (DANA, "backfill delays", "I need to know from which day to which"),
        (DANA, "backfill delays --stop", "No backfill of delays goes on"),
        (DANA, f"{THREE} --every fortnight", "is no step"),
    ],
)
async def test_what_can_not_be_is_refused(world: World, person: str, typed: str, said: str) -> None:
    """In words, before anything is shown."""
    assert said in await world.type(person, typed)


async def test_beyond_the_budget_nothing_starts(world: World) -> None:
    """All of it has to fit, at the click."""
    await begun(world, "backfill delays from 2026-01-01 to 2026-02-01")
    await world.told(DANA, "All of it may cost $32, with $25 of $25 left this month")
    assert world.started() == []
    assert await world.station.store.backfills.open() == []


async def test_only_whose_it_is_may_stop_it(world: World) -> None:
    """A runner their own, the model's owner all."""
    await begun(world, THREE, OMAR)
    await world.card("0 of 3")
    assert "You may stop what is your own" in await world.type(DANA, "backfill delays --stop")
    assert "stopped" in await world.type(ADA, "backfill delays --stop")


async def test_a_run_that_is_refused_ends_the_series(world: World) -> None:
    """The DAG was paused before the first began: nothing starts, and everything is given back."""
    await world.type(DANA, THREE)
    world.airflow.pause("train_delays")
    await click(world, DANA, shown(world), "Start backfill")
    await world.told(DANA, "delays can't be trained now: paused in Airflow")

    async def closed() -> bool:
        return await world.station.store.backfills.open() == []

    await until(closed)
    assert world.started() == []
    spent = await world.station.store.charges.spent([f"person:{DANA}"], f"{datetime.now(UTC):%Y-%m}", "USD")
    assert spent == {f"person:{DANA}": 0}


async def given_up(world: World) -> str:
    """The backfill that goes on, its work cancelled at the console and seen to be; its id."""
    [kept] = await world.station.store.backfills.open()
    assert await world.station.jobs.cancel(kept.id)
    await close_abandoned(world.station)
    return kept.id


async def charged(world: World, job_id: str) -> list[tuple[str, int | None]]:
    """How the charges of its three runs stand."""
    found = [await world.station.store.charges.get(f"{job_id}:{number}") for number in range(3)]
    return [(each.state, each.cost) for each in found if each]


async def test_one_whose_work_goes_on_is_left_alone(world: World) -> None:
    """Looking for abandoned ones gives nothing of it back."""
    await begun(world)
    await world.card("0 of 3")
    await close_abandoned(world.station)
    [kept] = await world.station.store.backfills.open()
    assert await charged(world, kept.id) == [(ChargeState.RESERVED, None)] * 3


async def test_what_a_cancelled_backfill_had_reserved_is_given_back(world: World) -> None:
    """But not what is held for the run that goes on: that ends, and is charged. Nothing more starts."""
    await begun(world)
    await finish_next(world, 0)
    await until(lambda: second_started(world))
    await world.card("1 of 3 runs")
    backfill_id = await given_up(world)
    first, second, third = await charged(world, backfill_id)
    assert first[0] == ChargeState.SETTLED
    assert (second, third) == ((ChargeState.RESERVED, None), (ChargeState.SETTLED, 0))
    card = json.dumps((await world.card("1 of 3 runs")).blocks)
    assert "its work failed, or was cancelled" in card
    assert '"Stop"' not in card
    await finish_next(world, 1)
    assert (await charged(world, backfill_id))[1][0] == ChargeState.SETTLED
    assert len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 2
    assert await world.station.store.backfills.open() == []


async def test_an_abandoned_backfill_of_airflows_is_stopped_there(world: World) -> None:
    """Nothing is given back while Airflow is away and may start more of it; then all that never began is."""
    world.airflow.add_dag(PIPELINE.model_copy(update={"next_run": datetime.now(UTC) + timedelta(hours=3)}))
    world.airflow.give_schedule("train_delays", read_when("daily at 02:00"))
    await world.station.catalogue.refresh()
    await begun(world, THREE)
    await world.card("0 of 3 runs")
    [kept] = await world.station.store.backfills.open()
    await world.station.jobs.cancel(kept.id)
    world.airflow.fail_with(ServiceDown("Airflow"), times=1_000)
    await close_abandoned(world.station)
    assert await charged(world, kept.id) == [(ChargeState.RESERVED, None)] * 3
    world.airflow.recover()
    await close_abandoned(world.station)
    assert world.airflow.count("cancel_backfill") >= 1
    assert await charged(world, kept.id) == [(ChargeState.SETTLED, 0)] * 3


async def test_one_that_died_does_not_start_again_once_it_was_closed(world: World) -> None:
    """Tried again at the console, it ends: nothing is held for its runs any more."""
    await begun(world)
    await finish_next(world, 0)
    await until(lambda: second_started(world))
    [kept] = await world.station.store.backfills.open()
    async with world.station.store.write() as tx:
        await tx.execute(sa.update(job).where(job.c.id == kept.id).values(state="dead"))
    await close_abandoned(world.station)
    assert await world.station.jobs.replay(kept.id)

    async def over() -> bool:
        found = await world.station.jobs.get(kept.id)
        return found is not None and found.state == "done"

    await until(over)
    assert len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 2
