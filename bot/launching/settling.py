"""What a run did cost, once it is over; and what was reserved for one that never began, given back."""

from __future__ import annotations

import time

from structlog import get_logger

from bot.domain import Run, RunState
from bot.duties import keep
from bot.launching.history import durations
from bot.launching.price import cost, said
from bot.station import Station
from bot.store import AuditEntry, Charge, FollowedRun, Transaction

log = get_logger(__name__)
NOT_BEGUN = {RunState.QUEUED, RunState.SCHEDULED}


async def settle(station: Station, end: str, followed: FollowedRun, run: Run) -> str:
    """Charge the run with what it cost, and keep how long it took; its whole cost in words, empty without a price.

    `end` names this end of the run: doing it again changes nothing, and another end (of a retried run) adds to it.
    """
    async with station.store.write() as tx:
        await station.store.durations.put(durations([run]), tx)
        charge = await station.store.charges.get(followed.job_id, tx) if followed.job_id else None
        if charge is None:
            return ""
        if await station.store.charges.settle(charge.job_id, end, cost_of(charge, run, followed, time.time()), tx):
            charge = await station.store.charges.get(charge.job_id, tx) or charge
            await station.store.audit.append(_entry(end, charge, followed.model), tx)
    return said(charge.cost, charge.currency) if charge.price and charge.cost is not None else ""


def cost_of(charge: Charge, run: Run, followed: FollowedRun, now: float) -> int:
    """What this end of the run comes to. Of a deleted run nobody can tell: what was reserved, if it ran so long."""
    if run.seconds is not None:
        return cost(run.seconds, charge.price)
    if run.state is not RunState.GONE or followed.state in NOT_BEGUN:
        return 0
    most = cost(now - followed.created, charge.price)
    return min(most, charge.amount) if charge.amount else most


async def release(station: Station, job_id: str, model: str, tx: Transaction) -> None:
    """The run will not begin: it costs nothing."""
    charges, end = station.store.charges, f"{job_id}:released"
    if await charges.settle(job_id, end, 0, tx) or await charges.expire(job_id, tx):
        charge = await charges.get(job_id, tx)
        if charge:
            await station.store.audit.append(_entry(end, charge, model), tx)


async def release_stranded(station: Station) -> None:
    """Give back what is reserved for work that died, or was cancelled, before its run was followed."""
    for job_id in await station.store.charges.stranded():
        log.info("charge.released", job=job_id)
        job = await station.jobs.get(job_id)
        model = job.args.get("model", "") if job and isinstance(job.args, dict) else ""
        async with station.store.write() as tx:
            await release(station, job_id, model, tx)


async def keep_released(station: Station, every: float) -> None:
    """Look for such work every so many seconds, for ever. A charge is given back once, however many replicas look."""
    await keep(station.jobs, "releases", every, lambda _: release_stranded(station))


def _entry(end: str, charge: Charge, model: str) -> AuditEntry:
    return AuditEntry(
        id=f"{end}:price",
        actor="stationmaster",
        actor_name="Stationmaster",
        action="price",
        outcome=charge.state,
        model=model or None,
        detail={"cost": (charge.cost or 0) / 1_000_000, "currency": charge.currency},
        job_id=charge.job_id,
    )
