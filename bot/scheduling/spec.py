"""A schedule as data: what the bot writes, and Airflow's generic DAG file makes a DAG of. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, field_validator, model_validator

from bot.domain import Record
from bot.errors import Refusal, shorten
from bot.scheduling.when import When

LARGEST = 64 * 1024  # bytes of one schedule's JSON
ID = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"  # part of a DAG's id, a run's id, a file's name
_RESERVED = "stationmaster"  # of a conf, for what the bot itself says
_TOLD = ("channel", "reason", "compute", "ref")

SpecId = Annotated[str, StringConstraints(pattern=ID)]
Line = Annotated[str, StringConstraints(max_length=250)]


class Who(Record):
    """A person, by Slack's id and the name that they had when this was written."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: Line = ""


class ScheduleSpec(Record):
    """One schedule. Times are aware; `start` is when it was made or last resumed: nothing before it fires.

    `conf` has the DAG's parameters, `compute` the machine as `bot.launching.compute.as_conf` gives it. Until
    `paused_until` nothing fires. `revision` counts its changes, from 1. Who `made` it first stays; who owns it answers
    for its runs.
    """

    version: Literal[1] = 1
    id: SpecId
    revision: Annotated[int, Field(ge=1)] = 1
    model: Annotated[str, StringConstraints(min_length=1, max_length=250)]
    dag_id: Annotated[str, StringConstraints(pattern=r"^[\w.-]+$", max_length=250)]
    when: When
    zone: Annotated[str, StringConstraints(max_length=64)]
    conf: dict[str, Any] = {}
    compute: dict[str, Any] | None = None
    ref: Line = ""
    reason: Annotated[str, StringConstraints(max_length=1_000)] = ""
    channel: Annotated[str, StringConstraints(max_length=64)] = ""
    maker: Who
    owner: Who
    created: AwareDatetime
    start: AwareDatetime
    until: AwareDatetime | None = None
    paused_until: AwareDatetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_words(cls, given: Any) -> Any:
        """The words are written for readers, and are never read: `when` is what counts."""
        return {name: value for name, value in given.items() if name != "words"} if isinstance(given, dict) else given

    @field_validator("zone")
    @classmethod
    def _there_is(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"“{shorten(zone, 40)}” is not a time zone, such as Europe/Amsterdam") from None
        return zone

    @field_validator("created", "start", "until", "paused_until")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        return moment.astimezone(UTC) if moment else None

    @field_validator("conf")
    @classmethod
    def _own_words(cls, conf: dict[str, Any]) -> dict[str, Any]:
        if _RESERVED in conf:
            raise ValueError(f"“{_RESERVED}” is not a parameter: it is where the bot says who asked")
        return conf

    @model_validator(mode="after")
    def _fits(self) -> ScheduleSpec:
        if self.when.cycle and self.when.cycle.anchor is None:
            raise ValueError("a cycle needs an anchor: the day from which its turns are counted")
        if self.until and self.until <= self.start:
            raise ValueError("it would be over before it begins")
        for found in _leaves(
            [self.conf, self.compute, self.model, self.dag_id, self.ref, self.reason, self.maker.name]
        ):
            _must_travel(found)
        if len(self.to_json().encode()) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 1024} KiB")
        return self

    @property
    def begins(self) -> datetime:
        """Nothing fires before this."""
        return max(self.start, self.paused_until) if self.paused_until else self.start

    @property
    def run_conf(self) -> dict[str, Any]:
        """What the conf of each of its runs is: the parameters, and as `stationmaster` who wants the run, and why."""
        told = self.model_dump(mode="json")
        by = {"person": self.owner.id, "name": self.owner.name} | {name: told[name] for name in _TOLD}
        schedule = {"id": self.id, "revision": self.revision, "words": self.when.words, "maker": told["maker"]}
        return {**told["conf"], _RESERVED: {**by, "schedule": schedule}}

    def to_json(self) -> str:
        """The JSON that `read_spec` reads, of ASCII signs alone, keys in order."""
        return json.dumps(self.model_dump(mode="json") | {"words": self.when.words}, sort_keys=True, indent=1)


class BrokenSpec(Record):
    """What stands under an id and can't be used, as somebody wrote it by hand; `why` says what is wrong with it."""

    id: str
    why: str


class Conflict(Refusal):
    """Somebody changed this schedule since it was read. `newer` is what it is now; None where it was removed."""

    def __init__(self, spec_id: str, newer: ScheduleSpec | BrokenSpec | None) -> None:
        what = "was removed" if newer is None else "was changed"
        super().__init__(
            f"This schedule {what} while you looked at it.", hint="Open it again, and change what is left."
        )
        self.id = spec_id
        self.newer = newer


def read_spec(spec_id: str, text: str | bytes) -> ScheduleSpec | BrokenSpec:
    """The spec that stands under this id, or why it is none."""
    try:
        spec = ScheduleSpec.model_validate_json(text)
    except ValidationError as error:
        return BrokenSpec(id=spec_id, why=_why(error))
    if spec.id != spec_id:
        return BrokenSpec(id=spec_id, why=f"it says that its id is “{shorten(spec.id)}”")
    return spec


def _why(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return shorten(f"{where}: {said}" if where else said, 200)


def _leaves(value: Any) -> Iterator[str | float]:
    """Every text and number in it, keys too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str | float):
        yield value


def _must_travel(value: str | float) -> None:
    """What JSON, or the database behind Airflow, would refuse when a run is to start is refused now."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number must be finite")
    if isinstance(value, str) and any(sign == "\0" or 0xD800 <= ord(sign) < 0xE000 for sign in value):
        raise ValueError(
            f"“{shorten(value.encode('ascii', 'backslashreplace').decode(), 40)}” holds a sign that is no text"
        )
