"""Where a version comes from, and who made it: the bot's own record, cross-checked with the orchestrator.

The tags of an MLflow run are a claim by training code. They count where Airflow knows that run, and the MLflow run
began within the task that they name. Who started it is in the audit trail; Airflow's run carries the same person in its
conf. Where either is missing, or they differ, the origin is unknown. What is only claimed bars people, and clears none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain import Run, RunKey, Task, Training
from bot.following.lineage import MAP_INDEX, TASK_ID, confirmed, key_of
from bot.promoting.evidence import Barred
from bot.promoting.foureyes import barred
from bot.station import Station
from bot.store import AuditRow, FollowedRun

RETRIED = "retried"


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of it. `unknown` says why that is not enough; `makers` are those whom it bars."""

    unknown: str = ""
    key: RunKey | None = None
    run: Run | None = None
    confirmed: bool = False
    makers: tuple[Barred, ...] = ()
    followed: FollowedRun | None = None

    @property
    def trained_by(self) -> str:
        """The name of who is on record for it; empty where nobody is."""
        return self.makers[0].name if self.makers else ""


async def origin_of(station: Station, training: Training | None) -> Origin:
    """Where this MLflow run comes from, as far as the orchestrator and the store confirm. ServiceError where Airflow
    doesn't answer: then nobody can tell.
    """
    key = key_of(training) if training else None
    if training is None or key is None:
        return _nowhere(training)
    run, tasks, recorded = await asyncio.gather(
        station.orchestrator.run(key), station.orchestrator.tasks([key]), _record(station, key)
    )
    mine = tasks.get(key, ())
    found = judged(training, run, mine, *recorded)
    if not found.unknown and await _has_a_rival(station, training, key, mine):
        found = replace(found, unknown="another MLflow run claims the same task of Airflow, and has a version too")
    return replace(found, key=key)


async def origin_on_record(station: Station, training: Training | None, why: str) -> Origin:
    """What the store alone has of it, while Airflow doesn't answer; `why` is then what makes it unknown."""
    key = key_of(training) if training else None
    if training is None or key is None:
        return _nowhere(training)
    found = judged(training, None, (), *await _record(station, key))
    return replace(found, key=key, unknown=why)


def _nowhere(training: Training | None) -> Origin:
    if training is None:
        return Origin(unknown="its MLflow run is not there")
    return Origin(unknown="its MLflow run names no run of Airflow")


async def _record(station: Station, key: RunKey) -> tuple[Sequence[AuditRow], FollowedRun | None]:
    """Who set the run going, and what is kept of it."""
    model, followed = await asyncio.gather(station.catalogue.of_dag(key.dag_id), station.store.runs.get(key))
    rows = await station.store.audit.set_going(model.name, key.run_id) if model else ()
    return rows, followed


async def _has_a_rival(station: Station, training: Training, key: RunKey, tasks: Sequence[Task]) -> bool:
    """Does another MLflow run, no less confirmed, claim to be what this task trained? Then one of them is not."""
    rivals = [
        each
        for each in await station.registry.trainings(key)
        if each.run_id != training.run_id
        and each.tags.get(TASK_ID) == training.tags.get(TASK_ID)
        and each.tags.get(MAP_INDEX) == training.tags.get(MAP_INDEX)
        and confirmed(each, tasks)
    ]
    found = await asyncio.gather(*(station.registry.versions_of(each.run_id) for each in rivals))
    return any(found)


def judged(
    training: Training, run: Run | None, tasks: Sequence[Task], rows: Sequence[AuditRow], followed: FollowedRun | None
) -> Origin:
    """The origin that these amount to. Pure."""
    sure = run is not None and confirmed(training, tasks)
    starters = {row.actor for row in rows if row.outcome != RETRIED}
    claimed = claimed_by(run) if run else ("", "")
    makers = [_maker(row) for row in rows]
    if followed and followed.requested_by and followed.requested_by not in starters:
        makers.append(
            _barred(followed.requested_by, followed.requested_by_name or "", "asked for the run that made it")
        )
    if claimed[0] and claimed[0] not in starters:
        makers.append(_barred(*claimed, "started the run that made it, as Airflow has it"))
    why = _unknown(run, sure, starters, claimed[0])
    return Origin(unknown=why, run=run, confirmed=sure, makers=barred(makers), followed=followed)


def claimed_by(run: Run) -> tuple[str, str]:
    """The id and the name of the person whom the run's conf gives; empty where it gives none."""
    mine = run.conf.get("stationmaster")
    said = mine if isinstance(mine, Mapping) else {}
    person, name = said.get("person"), said.get("name")
    return (person, name if isinstance(name, str) else "") if isinstance(person, str) else ("", "")


def _unknown(run: Run | None, sure: bool, starters: set[str], claimed: str) -> str:
    if run is None:
        return "Airflow doesn't have the run that it names"
    if not sure:
        return "Airflow doesn't confirm that the run which it names has made it"
    if not starters:
        return "its run was not started through me"
    if claimed not in starters:
        return "Airflow's run names somebody else than my record" if claimed else "Airflow's run names nobody"
    return ""


def _maker(row: AuditRow) -> Barred:
    detail = row.detail or {}
    if row.outcome == RETRIED:
        why = "retried the run that made it"
    elif detail.get("schedule"):
        why = "made or changed the schedule that ran it"
    else:
        why = "cloned a run to make it" if detail.get("cloned_from") else "started the run that made it"
    return _barred(row.actor, row.actor_name, why)


def _barred(person: str, name: str, why: str) -> Barred:
    return Barred(person=person, name=name or "someone", why=why)
