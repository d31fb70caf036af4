"""What is known of a version, for people: what it was trained with and by whom, on which machine, at what cost."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import Training, Version
from bot.errors import ServiceError
from bot.launching.compute import named_in
from bot.promoting.gathering import commit_of, cost_of, training_of
from bot.promoting.origin import Origin, origin_of, origin_on_record
from bot.station import Station


@dataclass(frozen=True, slots=True)
class Account:
    """A version, its MLflow run if that is there, and where it comes from as far as anybody confirms."""

    version: Version
    training: Training | None
    origin: Origin

    @property
    def name(self) -> str:
        """The version as people call it."""
        return f"v{self.version.version}"

    @property
    def commit(self) -> str:
        """The commit that its MLflow run names; empty where it names none."""
        return commit_of(self.training)

    @property
    def machine(self) -> str:
        """The compute profile that it was trained on; empty where none is on record."""
        kept = (self.origin.followed.shown if self.origin.followed else None) or {}
        return (named_in(self.origin.run.conf) if self.origin.run else "") or str(kept.get("compute") or "")

    @property
    def seconds(self) -> float | None:
        """How long its DAG run took, else its MLflow run."""
        if self.origin.run and self.origin.run.seconds is not None:
            return self.origin.run.seconds
        begun, ended = (self.training.started, self.training.ended) if self.training else (None, None)
        return (ended - begun).total_seconds() if begun and ended else None

    @property
    def cost(self) -> str:
        """What the run came to, in words; empty where that isn't known."""
        return cost_of(self.origin)


async def account_of(station: Station, version: Version) -> Account:
    """What is known of this version. ServiceError where MLflow doesn't answer; without Airflow, what is on record."""
    training = await training_of(station, version)
    try:
        origin = await origin_of(station, training)
    except ServiceError as error:
        origin = await origin_on_record(station, training, error.sentence.rstrip("."))
    return Account(version, training, origin)
