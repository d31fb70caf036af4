"""Whose doing a schedule's run is: by the bot's own record, which Airflow has to confirm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.catalogue import Model
from bot.domain import Run, RunKey
from bot.launching import budget
from bot.launching.compute import named_in
from bot.launching.history import quote_of
from bot.launching.launch import accounts_for
from bot.scheduling.composing import Doing
from bot.scheduling.dagfile import schedule_of
from bot.scheduling.seeing import dag_of
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.zones import city
from bot.station import Station
from bot.store import AuditEntry, Charge, ChargeState, KeptSchedule, Transaction

MAKING = (Doing.CREATE, Doing.EDIT, Doing.HAND_OVER)


@dataclass(frozen=True, slots=True)
class Origin:
    """The schedule that started a run. `makers`: who made or changed it, and whose it is, by id; `words` name it."""

    schedule: KeptSchedule
    makers: dict[str, str]
    words: str


async def origin_of(station: Station, run: Run) -> Origin | None:
    """The schedule that started this run; None where none did, or where Airflow doesn't confirm what the run says."""
    if station.config.current().schedules is None:
        return None
    schedule_id = schedule_of(station.specs.prefix, run.run_id)
    kept = await station.store.schedules.get(schedule_id) if schedule_id else None
    if kept is None or kept.dag_id != run.dag_id:
        return None
    dag = dag_of(station, schedule_id)
    if await station.orchestrator.run(RunKey(dag, run.run_id.removeprefix(f"{dag}__"))) is None:
        return None
    doers = await station.store.audit.doers("schedule", schedule_id, MAKING)
    spec = ScheduleSpec.model_validate(kept.spec)
    owners = {spec.maker.id: spec.maker.name, kept.owner: kept.owner_name}
    return Origin(kept, {**doers, **owners}, f"{spec.when.short} ({city(spec.zone)})")


async def charge_of(station: Station, origin: Origin, run: Run, model: Model, job_id: str) -> tuple[Charge, list[str]]:
    """What is reserved for a schedule's run, and on which accounts: those of the schedule's owner."""
    config = station.config.current()
    quote = await quote_of(station, run.dag_id, named_in(run.conf))
    charge = Charge(
        job_id=job_id,
        state=ChargeState.RESERVED,
        profile=quote.profile if quote else "",
        month=budget.month_of(datetime.now(UTC), ZoneInfo(config.zone)),
        currency=config.currency,
        price=quote.price if quote else 0,
        amount=(quote.reserve or 0) if quote else 0,
        words=quote.reserved if quote else "",
    )
    return charge, await accounts_for(station, origin.schedule.owner, model.name)


async def record(station: Station, origin: Origin, run: Run, model: Model, job_id: str, tx: Transaction) -> None:
    """Write down whose doing the run is: none of them may approve what comes of it."""
    for person, name in sorted(origin.makers.items()):
        entry = AuditEntry(
            id=f"{job_id}:started:{person}",
            actor=person,
            actor_name=name,
            action="run",
            outcome="started",
            model=model.name,
            subject=run.run_id,
            detail={"schedule": origin.schedule.id},
            job_id=job_id,
        )
        await station.store.audit.append(entry, tx)
