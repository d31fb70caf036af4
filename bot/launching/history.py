"""How long past runs took, kept in the store: learned from Airflow in bulk, and read for a price without asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from bot.domain import Run, RunState
from bot.duties import keep
from bot.launching import compute
from bot.launching.price import Estimate, Past, Quote, estimate, millionths
from bot.station import Station
from bot.store import Duration

LOOKED_AT = 100  # the last successful runs of a model that its price is made from
OVERLAP = timedelta(minutes=2)  # clocks that differ, and changes that commit late
AT_ONCE = 8  # DAGs that are asked for the first time


async def estimate_of(station: Station, dag_id: str, profile: str) -> Estimate | None:
    """How long a run of this DAG takes on this profile, from what is kept."""
    kept = await station.store.durations.last(dag_id, LOOKED_AT)
    return estimate([Past(each.seconds, each.profile) for each in kept], profile)


async def quote_of(station: Station, dag_id: str, profile: str) -> Quote | None:
    """What a run of this DAG will cost on this profile; None without a profile, which has the price."""
    config = station.config.current()
    if profile not in config.compute:
        return None
    machine = config.compute[profile]
    return Quote(
        profile=profile,
        price=millionths(machine.price),
        currency=config.currency,
        estimate=await estimate_of(station, dag_id, profile),
        time_limit=machine.time_limit,
    )


def durations(runs: Iterable[Run]) -> list[Duration]:
    """What there is to keep of these runs: the successful ones, each with the profile that its conf names."""
    return [
        Duration(
            dag_id=run.dag_id,
            dag_run_id=run.run_id,
            profile=compute.named_in(run.conf),
            seconds=run.seconds,
            ended=run.ended.timestamp(),
        )
        for run in runs
        if run.state is RunState.SUCCESS and run.seconds is not None and run.ended
    ]


async def learn(station: Station, dag_id: str) -> None:
    """Ask Airflow for this DAG's last runs, and keep how long they took."""
    await station.store.durations.put(durations(await station.orchestrator.recent_runs([dag_id], LOOKED_AT)))


class History:
    """Keeps what is kept up to date: each DAG's last runs once, then whatever has changed, all DAGs together."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._known: set[str] = set()
        self._asked: datetime | None = None

    async def refresh(self) -> None:
        """Learn of the runs that ended since the last time. ServiceError where Airflow doesn't answer."""
        dags = {model.dag_id for model in await self._station.catalogue.models() if model.pipeline}
        now = datetime.now(UTC)
        if self._asked and (old := dags & self._known):
            changed = await self._station.orchestrator.changed_runs(old, self._asked - OVERLAP)
            await self._station.store.durations.put(durations(changed))
        await self._learn(dags - self._known)
        self._asked = now

    async def _learn(self, dag_ids: Collection[str]) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(dag_id: str) -> None:
            async with room:
                await learn(self._station, dag_id)
            self._known.add(dag_id)

        await asyncio.gather(*(one(dag_id) for dag_id in sorted(dag_ids)))

    async def keep_fresh(self, every: float) -> None:
        """Refresh every so many seconds, for ever. What is kept twice, by two replicas, is kept once."""
        await keep(self._station.jobs, "history", every, lambda _: self.refresh())
