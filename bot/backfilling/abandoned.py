"""Backfills whose work died, or was cancelled at the console: they are closed, and what never began is given back.

A run of one that goes on is left to end, and is charged with what it costs; that is on its own record.
"""

from __future__ import annotations

from contextlib import suppress

from structlog import get_logger

from bot.backfilling.proposing import Plan, key_of
from bot.backfilling.showing import show
from bot.duties import keep
from bot.errors import NotFound, ServiceError, ServiceRejected
from bot.launching.settling import release
from bot.station import Station
from bot.store import AuditEntry, KeptBackfill

log = get_logger(__name__)
OVER = ("done", "dead", "cancelled")
WHY = "its work failed, or was cancelled"


async def close_abandoned(station: Station) -> None:
    """Close each of them. Where Airflow doesn't take that, it may still start runs: then nothing is given back yet."""
    for kept in await station.store.backfills.abandoned():
        try:
            await _stop(station, kept)
            await _close(station, kept)
        except ServiceError as error:
            log.warning("backfill.not_closed", backfill=kept.id, error=str(error))


async def keep_closed(station: Station, every: float) -> None:
    """Look for such backfills every so many seconds, for ever."""
    await keep(station.jobs, "abandoned backfills", every, lambda _: close_abandoned(station))


async def _stop(station: Station, kept: KeptBackfill) -> None:
    """Airflow starts no more of it, and fails what is queued."""
    if kept.by_airflow:
        with suppress(NotFound):  # somebody removed it there
            await station.orchestrator.cancel_backfill(int(kept.by_airflow))


async def _close(station: Station, kept: KeptBackfill) -> None:
    """What is seen first: once it is closed nobody looks again."""
    plan = Plan.model_validate(kept.plan)
    if kept.card_ts:
        with suppress(ServiceRejected):
            await show(kept, plan, station, why=WHY)
    idle = await _never_begun(station, kept, plan)
    entry = AuditEntry(
        id=f"{kept.id}:backfill:abandoned",
        actor="stationmaster",
        actor_name="Stationmaster",
        action="backfill",
        outcome="abandoned",
        model=kept.model,
        subject=kept.id,
        detail={"given back": len(idle)},
        job_id=kept.id,
    )
    async with station.store.write() as tx:
        for key in idle:
            await release(station, key, kept.model, tx)
        await station.store.backfills.end(kept.id, tx)
        await station.store.audit.append(entry, tx)
    log.info("backfill.abandoned", backfill=kept.id, model=kept.model, given_back=len(idle))


async def _never_begun(station: Station, kept: KeptBackfill, plan: Plan) -> list[str]:
    """Its runs that are not followed, and that no work is about to start. That work gives back what it doesn't need."""
    keys = [key_of(kept.id, number) for number in range(len(plan.moments))]
    followed = await station.store.runs.of_jobs(keys)
    idle = []
    for key in keys:
        job = await station.jobs.get(key)
        if key not in followed and (job is None or job.state in OVER):
            idle.append(key)
    return idle
