"""All that is known of schedules: what is kept, what Airflow makes of it, what the bot remembers of who made it.

The truth is Airflow's. Where it, or the place where schedules are kept, doesn't answer, what was seen last is used.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import ServiceError
from bot.scheduling.clock import upcoming
from bot.scheduling.seeing import Seen, dag_of, see_all
from bot.scheduling.spec import BrokenSpec, ScheduleSpec
from bot.station import Station
from bot.store import KeptSchedule


@dataclass(frozen=True, slots=True)
class Known:
    """One schedule. Without a `spec` it can't be read, and `broken` says why; `missing`: it is kept no longer, though
    the bot didn't remove it. `seen` is None where Airflow was never asked.
    """

    id: str
    spec: ScheduleSpec | None
    seen: Seen | None
    kept: KeptSchedule | None
    broken: str = ""
    missing: bool = False

    @property
    def model(self) -> str:
        """The name of the model that it trains, as far as that is known."""
        return self.spec.model if self.spec else self.kept.model if self.kept else ""

    @property
    def owner(self) -> str:
        """Whose it is, by id."""
        return self.spec.owner.id if self.spec else self.kept.owner if self.kept else ""

    @property
    def told(self) -> dict[str, str]:
        """What people were told of it."""
        return dict((self.kept.told if self.kept else None) or {})

    def times(self, count: int = 1) -> list[datetime]:
        """When it runs next, as often as asked for; none while it is paused, or where nobody can tell."""
        stands = (
            self.spec is not None and not self.missing and not (self.seen and (self.seen.paused or not self.seen.there))
        )
        if not stands or self.spec is None:
            return []
        return upcoming(
            self.spec.when, self.spec.zone, max(datetime.now(UTC), self.spec.begins), count, until=self.spec.until
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """Every schedule, by model; `trouble` says what didn't answer, and is empty where all is as of now."""

    schedules: Sequence[Known]
    trouble: str = ""


async def listing(station: Station, *, model: str = "", ask: bool = True) -> Listing:
    """All of them, or those of one model; `ask` no service, and it is what the bot remembers."""
    rows = {each.id: each for each in await station.store.schedules.all()}
    found = [_remembered(row) for row in rows.values()]
    trouble = ""
    if ask and station.config.current().schedules:
        try:
            found = await _asked(station, rows)
        except ServiceError as error:
            trouble = error.sentence
    chosen = [each for each in found if not model or each.model == model]
    return Listing(sorted(chosen, key=lambda each: (each.model, each.id)), trouble)


def _remembered(row: KeptSchedule) -> Known:
    return Known(row.id, ScheduleSpec.model_validate(row.spec), Seen.of(row.seen), row)


async def _asked(station: Station, rows: dict[str, KeptSchedule]) -> list[Known]:
    specs, seen = await station.specs.all(), await see_all(station)
    found = []
    for schedule_id in sorted(specs.keys() | rows.keys()):
        spec, row = specs.get(schedule_id), rows.get(schedule_id)
        old = ScheduleSpec.model_validate(row.spec) if row else None
        found.append(
            Known(
                schedule_id,
                spec if isinstance(spec, ScheduleSpec) else None if isinstance(spec, BrokenSpec) else old,
                seen.get(dag_of(station, schedule_id), Seen(at=time.time())),
                row,
                broken=spec.why if isinstance(spec, BrokenSpec) else "",
                missing=spec is None,
            )
        )
    return found
