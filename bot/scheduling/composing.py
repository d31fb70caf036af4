"""From what is asked for, and the spec that is there, to the spec that is to be there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from bot.domain import Person
from bot.errors import Refusal
from bot.scheduling.moment import end_of
from bot.scheduling.spec import ScheduleSpec, Who
from bot.scheduling.wanted import Wanted

if TYPE_CHECKING:  # what carries requests is no part of what is pure
    from bot.conversation.asked import Asked


class Doing(StrEnum):
    """What is done to a schedule; also what the audit trail calls it."""

    CREATE = "scheduled"
    EDIT = "edited"
    RESUME = "resumed"
    PAUSE = "paused until"
    HAND_OVER = "handed over"


class Found(NamedTuple):
    """What a change begins with: the schedule's id, its spec as it is, who asks, to whom it goes, when it was accepted
    (epoch seconds) and what time it is."""

    id: str
    there: ScheduleSpec | None
    asked: Asked
    to: Person | None
    accepted_at: float
    now: datetime


def compose(args: Mapping[str, Any], doing: Doing, found: Found) -> ScheduleSpec:
    """The spec that is to be there. It begins now, so that no time before it is made up for."""
    try:
        changes = {**_changes(args, doing, found), "start": found.now}
        if found.there is not None and doing is not Doing.CREATE:
            return ScheduleSpec.model_validate({**dict(found.there), **changes})
        me = Who(id=found.asked.person, name=found.asked.name[:250])
        begun = {"id": found.id, "model": args["model"], "dag_id": args["dag_id"], "channel": found.asked.channel}
        return ScheduleSpec.model_validate({**begun, "maker": me, "owner": me, "created": found.now, **changes})
    except ValidationError as error:
        said = error.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise Refusal(f"This can't be scheduled: {said}.") from error


def _changes(args: Mapping[str, Any], doing: Doing, found: Found) -> dict[str, Any]:
    match doing:
        case Doing.RESUME:
            return {"paused_until": None}
        case Doing.PAUSE:
            return {"paused_until": datetime.fromtimestamp(args["until"], UTC)}
        case Doing.HAND_OVER:
            to = found.to
            return {"owner": Who(id=to.id, name=to.name[:250])} if to else {}
        case _:
            wanted = Wanted.model_validate(args["wanted"])
            return {
                "when": wanted.when,
                "zone": wanted.zone,
                "conf": wanted.conf,
                "compute": args["compute"],
                "until": end_of(wanted.until, wanted.zone) if wanted.until else None,
                "reason": wanted.reason,
            }


def done(there: ScheduleSpec, new: ScheduleSpec, doing: Doing, found: Found) -> bool:
    """Was this change made already, by an attempt that couldn't say so?"""
    same = there.model_copy(update={"start": new.start, "created": new.created, "revision": new.revision}) == new
    return same and (doing is not Doing.RESUME or there.start.timestamp() >= found.accepted_at)
