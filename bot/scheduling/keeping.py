"""Schedules held against today's policy: by one process, at every change of configuration or spending, and often.

What has to be said or done of a schedule becomes work of its own, whose id says what for, so that it is done once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import Run, RunState
from bot.duties import keep
from bot.launching import budget
from bot.scheduling.changing import kept_as
from bot.scheduling.coming import Coming
from bot.scheduling.policy import Kind, misfit
from bot.scheduling.seeing import Seen, dag_of, see_all
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.standing import standing
from bot.settings.config import Config
from bot.station import Station
from bot.store import KeptSchedule

HOLD = "schedules"
CHECK_EVERY = 300.0  # seconds: roles are Slack's, and nobody tells when they change
OVERLAP = timedelta(minutes=2)  # clocks that differ, and changes that commit late
GOING = 10  # runs of one schedule that may go on, or were cancelled, beside those that failed
SOMEBODY = "somebody, not through me"


class Keeper:
    """Looks while this process has the hold."""

    def __init__(self, station: Station, *, every: float = 15.0) -> None:
        self._station, self._every = station, every
        self._config: Config | None = None
        self._spent: Mapping[str, int] = {}
        self._checked = 0.0
        self._looked: datetime | None = None
        self._coming = Coming(station)

    async def keep(self) -> None:
        """Look for ever."""
        await keep(self._station.jobs, HOLD, self._every, lambda _: self.look())

    async def look(self) -> None:
        """Check everything, if it is time to or anything has changed."""
        config, spent = self._station.config.current(), await self._spending()
        due = time.monotonic() - self._checked >= CHECK_EVERY
        if config is self._config and spent == self._spent and not due:
            return
        await self._coming.check()
        if config.schedules is not None:
            await self.check()
        self._config, self._spent, self._checked = config, spent, time.monotonic()

    async def check(self) -> None:
        """What is kept is what the bot knows of; who no longer fits is paused; what fails is pointed out."""
        await self._station.specs.install()
        for kept in await self._known():
            spec, seen = ScheduleSpec.model_validate(kept.spec), Seen.of(kept.seen) or Seen()
            if seen.there and not seen.paused:
                await self._hold_against_policy(kept, spec)
            await self._failures(kept, spec)
        await self._missed()

    async def _spending(self) -> Mapping[str, int]:
        """What the accounts that have a limit have spent this month."""
        config = self._station.config.current()
        budgets = config.budgets
        accounts = [f"group:{each}" for each in budgets.groups] + [f"model:{each}" for each in budgets.models]
        owners = {each.owner for each in await self._station.store.schedules.all()}
        accounts += [f"person:{each}" for each in sorted(owners)]
        month = budget.month_of(datetime.now(UTC), ZoneInfo(config.zone))
        return await self._station.store.charges.spent(accounts, month, config.currency)

    async def _known(self) -> Sequence[KeptSchedule]:
        """What is kept now, written down with what Airflow makes of it; also what somebody else has put there."""
        store, rows = self._station.store.schedules, {}
        specs, seen = await self._station.specs.all(), await see_all(self._station)
        rows = {each.id: each for each in await store.all()}
        for schedule_id, spec in specs.items():
            row = rows.get(schedule_id)
            if isinstance(spec, ScheduleSpec) and (row is None or row.spec != spec.model_dump(mode="json")):
                await store.put(kept_as(spec, SOMEBODY, self._station))
            now = seen.get(dag_of(self._station, schedule_id), Seen(at=time.time()))
            if row is None or _changed(Seen.of(row.seen), now):
                await store.saw(schedule_id, now.as_json())
        return [each for each in await store.all() if isinstance(specs.get(each.id), ScheduleSpec)]

    async def _hold_against_policy(self, kept: KeptSchedule, spec: ScheduleSpec) -> None:
        model = await self._station.catalogue.of_dag(spec.dag_id)
        if model is None:
            return  # its DAG is in the catalogue no longer: the list says so
        machine = str((spec.compute or {}).get("name") or "")
        unfit = misfit(spec.conf, machine, await standing(self._station, model, spec.owner.id, machine))
        if unfit is None:
            return
        what = "left" if unfit.kind is Kind.LEFT else "misfit"
        day = f"{datetime.now(UTC):%Y-%m-%d}"  # resumed in Airflow itself, it is paused again, and told once a day
        job_id = f"{what}:{kept.id}:{spec.revision}:{unfit.kind}" + (f":{day}" if what == "misfit" else "")
        args = {"id": kept.id, "model": kept.model, "kind": unfit.kind, "why": unfit.why}
        await self._station.jobs.submit(job_id, f"schedule.{what}", args)

    async def _failures(self, kept: KeptSchedule, spec: ScheduleSpec) -> None:
        """So many failures in a row are pointed out once, until one succeeds."""
        section, told = self._station.config.current().schedules, (kept.told or {}).get("failing")
        many = section.failures if section else 0
        runs = await self._station.store.runs.begun_by(spec.dag_id, f"{kept.schedule_dag}__", many + GOING)
        over = [each for each in runs if each.ended and not (each.shown or {}).get("cancelled")]
        if told and over and over[0].state == RunState.SUCCESS:
            await self._station.store.schedules.tell(kept.id, "failing", "")
        if told or len(over) < many or any(each.state != RunState.FAILED for each in over[:many]):
            return
        last = over[0]
        args = {"id": kept.id, "model": kept.model, "many": many, "run": f"{last.dag_id}/{last.dag_run_id}"}
        job_id = f"failing:{kept.id}:{last.dag_run_id}"
        await self._station.jobs.submit(
            job_id,
            "schedule.failing",
            args,
            also=lambda tx: self._station.store.schedules.tell(kept.id, "failing", last.dag_run_id, tx),
        )

    async def _missed(self) -> None:
        """Runs of the schedules' own DAGs that failed started nothing: most likely the model's DAG is paused."""
        now = datetime.now(UTC)
        rows = {each.schedule_dag: each for each in await self._station.store.schedules.all()}
        since = (self._looked or now) - OVERLAP
        changed = await self._station.orchestrator.changed_runs(list(rows), since) if rows else []
        for run in changed:
            await self._miss(rows[run.dag_id], run)
        self._looked = now

    async def _miss(self, kept: KeptSchedule, run: Run) -> None:
        told = (kept.told or {}).get("missed", "")
        if run.state is RunState.SUCCESS and told:
            await self._station.store.schedules.tell(kept.id, "missed", "")
        if run.state is not RunState.FAILED or told:
            return
        due = run.run_after or run.queued or datetime.now(UTC)
        args = {"id": kept.id, "model": kept.model, "due": due.timestamp()}
        await self._station.jobs.submit(
            f"missed:{kept.id}:{run.run_id}",
            "schedule.missed",
            args,
            also=lambda tx: self._station.store.schedules.tell(kept.id, "missed", run.run_id, tx),
        )


def _changed(before: Seen | None, now: Seen) -> bool:
    """Has anything but the time of the look?"""
    return before is None or before._replace(at=now.at) != now
