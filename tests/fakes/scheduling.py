"""The part of Airflow in memory that runs by the clock: DAGs made of specs, Variables, backfills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bot.domain import Backfill, BackfillPlan, Run, RunState, Scheduled
from bot.errors import NotFound, ServiceRejected
from bot.ports import Specs
from bot.scheduling.clock import fires, upcoming
from bot.scheduling.dagfile import TAG, dag_id, index_id
from bot.scheduling.revisions import Kept
from bot.scheduling.spec import BrokenSpec, ScheduleSpec
from bot.scheduling.when import When
from tests.fakes.service import FakeService

GONE = "gone from Airflow: no file defines it now"


class FakeScheduling(FakeService):
    """What FakeOrchestrator has of this. While `parsing` is False, files that are to be read again are not."""

    name = "Airflow"
    clock: Callable[[], datetime]

    def __init__(self) -> None:
        super().__init__()
        self.parsing = True
        self.variables: dict[str, str] = {}
        self._specs: Specs | None = None
        self._prefix = ""
        self._by_clock: dict[str, Scheduled] = {}
        self._own_times: dict[str, tuple[When, str]] = {}
        self._backfills: dict[int, Backfill] = {}

    # What tests do to it

    def read_specs(self, specs: Specs) -> None:
        """Let these specs become DAGs whenever a file is read again, as the generic DAG file does it."""
        self._specs, self._prefix = specs, specs.prefix

    def give_schedule(self, name: str, when: When, zone: str = "UTC") -> None:
        """Let a DAG have a schedule of its own, so that it can be backfilled."""
        self._own_times[name] = (when, zone)

    def pause_scheduled(self, name: str, *, paused: bool = True) -> None:
        """Pause a schedule's DAG on Airflow's own page, or resume it."""
        self._by_clock[name] = self._by_clock[name].model_copy(update={"paused": paused})

    def fire(self, spec: ScheduleSpec) -> Run:
        """Let a schedule start its run now, whatever its times; its own run is there too."""
        now, name = self.clock(), dag_id(self._prefix, spec.id)
        parent = f"scheduled__{now.astimezone(UTC).isoformat()}"
        self.add_run(
            Run(dag_id=name, run_id=parent, state=RunState.SUCCESS, kind="scheduled", run_after=now, ended=now)
        )
        run = Run(
            dag_id=spec.dag_id,
            run_id=f"{name}__{parent}",
            state=RunState.QUEUED,
            kind="operator_triggered",
            conf=spec.run_conf,
            queued=now,
            run_after=now,
        )
        self.add_run(run)
        return run

    def add_run(self, run: Run) -> None:
        """See FakeOrchestrator."""
        raise NotImplementedError

    # The port

    async def scheduled(self, dag_id: str) -> Scheduled | None:
        """See Orchestrator."""
        self._called("scheduled", dag_id)
        return self._by_clock.get(dag_id) or self._declared(dag_id)

    async def all_scheduled(self, tag: str) -> Mapping[str, Scheduled]:
        """See Orchestrator."""
        self._called("all_scheduled", tag)
        found = {name: each for name in self._declared_names() if (each := self._declared(name))} | self._by_clock
        return {name: each for name, each in sorted(found.items()) if tag in each.tags}

    async def parse(self, dag_id: str) -> None:
        """See Orchestrator. It is done at once."""
        self._called("parse", dag_id)
        if self._specs is not None and self.parsing:
            self._read(dict(await self._specs.all()))

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        """See Orchestrator."""
        self._called("set_paused", dag_id, paused)
        if dag_id in self._by_clock:
            self.pause_scheduled(dag_id, paused=paused)
        elif self._declared(dag_id):
            self.pause(dag_id, paused=paused)
        else:
            raise NotFound(self.name, f"Dag with id: '{dag_id}' not found", status=404)
        self._answered()

    async def variable(self, key: str) -> str | None:
        """See Orchestrator."""
        self._called("variable", key)
        return self.variables.get(key)

    async def set_variable(self, key: str, value: str) -> None:
        """See Orchestrator."""
        self._called("set_variable", key, value)
        self.variables[key] = value
        self._answered()

    async def backfill_dates(self, plan: BackfillPlan) -> Sequence[datetime]:
        """See Orchestrator. Runs that there are already are left out."""
        self._called("backfill_dates", plan)
        return self._dates(plan)

    async def start_backfill(self, plan: BackfillPlan) -> Backfill:
        """See Orchestrator. Its runs are queued at once."""
        self._called("start_backfill", plan)
        same = (plan.dag_id, plan.since, plan.until, plan.conf)
        for each in self._backfills.values():
            if (each.dag_id, each.since, each.until, each.conf) == same:
                return each
            if each.dag_id == plan.dag_id and each.over is None:
                raise ServiceRejected(self.name, "There is already a running backfill", status=409)
        dates = self._dates(plan)
        if not dates:
            raise ServiceRejected(self.name, "No runs to create", status=422)
        made = Backfill(
            id=len(self._backfills) + 1, dag_id=plan.dag_id, since=plan.since, until=plan.until, conf=plan.conf,
            created=self.clock(),
        )  # fmt: skip
        self._backfills[made.id] = made
        for date in dates:
            self.add_run(
                Run(
                    dag_id=plan.dag_id, run_id=f"backfill__{date.isoformat()}", state=RunState.QUEUED, kind="backfill",
                    conf=plan.conf, queued=self.clock(), run_after=date,
                )
            )  # fmt: skip
        self._answered()
        return made

    async def backfill(self, backfill_id: int) -> Backfill | None:
        """See Orchestrator."""
        self._called("backfill", backfill_id)
        return self._backfills.get(backfill_id)

    async def cancel_backfill(self, backfill_id: int) -> None:
        """See Orchestrator."""
        self._called("cancel_backfill", backfill_id)
        if backfill_id not in self._backfills:
            raise NotFound(self.name, "Backfill not found", status=404)
        kept = self._backfills[backfill_id]
        if kept.over is None:
            self._backfills[backfill_id] = kept.model_copy(update={"over": self.clock(), "paused": True})
            self._fail_queued(kept)
        self._answered()

    def pause(self, dag_id: str, *, paused: bool = True) -> None:
        """See FakeOrchestrator."""
        raise NotImplementedError

    def _declared_names(self) -> list[str]:
        raise NotImplementedError

    def _declared(self, name: str) -> Scheduled | None:
        raise NotImplementedError

    def _fail_queued(self, backfill: Backfill) -> None:
        raise NotImplementedError

    def _exists(self, run: tuple[str, str]) -> bool:
        raise NotImplementedError

    def _dates(self, plan: BackfillPlan) -> list[datetime]:
        if self._declared(plan.dag_id) is None:
            raise NotFound(self.name, f"Could not find dag {plan.dag_id}", status=404)
        if plan.dag_id not in self._own_times:
            raise ServiceRejected(self.name, f"{plan.dag_id} has no schedule", status=422)
        when, zone = self._own_times[plan.dag_id]
        found = []
        for moment in fires(when, zone, plan.since.replace(microsecond=0)):
            if moment > plan.until:
                break
            if not self._exists((plan.dag_id, f"backfill__{moment.isoformat()}")):
                found.append(moment)
        return found

    def _read(self, kept: Mapping[str, Kept]) -> None:
        now = self.clock()
        made = {dag_id(self._prefix, each.id): each for each in kept.values()}
        for name, before in self._by_clock.items():
            if name not in made and name != index_id(self._prefix):
                self._by_clock[name] = before.model_copy(update={"trouble": GONE})
        for name, each in made.items():
            self._by_clock[name] = self._as_dag(name, each, now)
        index = index_id(self._prefix)
        self._by_clock[index] = Scheduled(dag_id=index, description=f"{len(made)} schedules", tags=(TAG,), parsed=now)

    def _as_dag(self, name: str, kept: Kept, now: datetime) -> Scheduled:
        paused = name in self._by_clock and self._by_clock[name].paused
        if isinstance(kept, BrokenSpec):
            why = f"broken: {kept.why}"
            return Scheduled(dag_id=name, description=why, paused=paused, tags=("broken", TAG), parsed=now)
        weekly = When(cron=kept.when.cron)  # what Airflow knows of a cycle
        following = upcoming(weekly, kept.zone, max(kept.begins, now), 1, until=kept.until)
        return Scheduled(
            dag_id=name,
            description=f"{kept.model}: {kept.when.words}",
            paused=paused,
            next_run=following[0] if following else None,
            tags=(f"revision:{kept.revision}", TAG),
            parsed=now,
        )
