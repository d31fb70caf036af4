"""What Airflow shows of schedules: whether their DAGs are there, paused or broken, and when they run next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bot.domain import Scheduled
from bot.scheduling.dagfile import TAG, dag_id, index_id, revision_shown, trouble_shown
from bot.station import Station


class Seen(NamedTuple):
    """A schedule's DAG in Airflow, when it was looked at (`at`, epoch seconds).

    `revision` is of the spec that it was made of; `broken` why it won't run, in words; `next_run` is None too while it
    is paused.
    """

    there: bool = False
    paused: bool = False
    next_run: datetime | None = None
    revision: int = 0
    broken: str = ""
    at: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        return self._asdict() | {"next_run": self.next_run.isoformat() if self.next_run else ""}

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Seen | None:
        """From what the store keeps; None where it was never looked at."""
        if not kept:
            return None
        moment = kept.get("next_run")
        return cls(**{**kept, "next_run": datetime.fromisoformat(moment) if moment else None})


def set_up(station: Station) -> None:
    """Refusal where the configuration doesn't say where schedules are kept."""
    _prefix(station)


def dag_of(station: Station, schedule_id: str) -> str:
    """The id of a schedule's DAG."""
    return dag_id(_prefix(station), schedule_id)


async def parse(station: Station) -> None:
    """Ask Airflow to read all of them again now."""
    await station.orchestrator.parse(index_id(_prefix(station)))


async def see(station: Station, schedule_id: str) -> Seen:
    """One of them, as Airflow has it this moment."""
    return _seen(await station.orchestrator.scheduled(dag_of(station, schedule_id)))


async def see_all(station: Station) -> Mapping[str, Seen]:
    """All of them, by the ids of their DAGs."""
    return {name: _seen(dag) for name, dag in (await station.orchestrator.all_scheduled(TAG)).items()}


def _seen(dag: Scheduled | None) -> Seen:
    if dag is None:
        return Seen(at=time.time())
    return Seen(
        there=True,
        paused=dag.paused,
        next_run=dag.next_run,
        revision=revision_shown(dag),
        broken=trouble_shown(dag),
        at=time.time(),
    )


def _prefix(station: Station) -> str:
    return station.specs.prefix
