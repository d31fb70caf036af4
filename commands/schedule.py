"""`schedule MODEL [WHEN…]`: periodic retraining, shown first and made on a click."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.access import Right
from bot.conversation.answers import Told
from bot.conversation.commands import Call, FieldErrors, Submitted, Work, action, command, form, work
from bot.conversation.words import Arguments
from bot.jobs import JobContext
from bot.parameters.params import read_values
from bot.scheduling.changing import put
from bot.scheduling.moment import read_day
from bot.scheduling.proposing import ScheduleQuestion, confirmed, propose, reopened
from bot.scheduling.scheduleform import SchedulePage, choices, filled_in, new_form
from bot.scheduling.wanted import Wanted
from bot.scheduling.when import read_when
from bot.scheduling.zones import read_zone
from bot.station import Station


class ScheduleArguments(Arguments):
    """MODEL, WHEN in words or as cron, its parameters, by which zone's clock, on which machine, until when, and why."""

    model: str
    when: tuple[str, ...] = ()
    values: dict[str, str] = {}
    tz: str = ""
    compute: str = ""
    until: str = ""
    reason: str = ""

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"tz", "compute", "until", "reason"})


@command(
    "schedule",
    summary="train periodically",
    example="schedule MODEL every monday at 06:00",
    right=Right.SCHEDULE,
)
async def schedule(call: Call, arguments: ScheduleArguments) -> ScheduleQuestion | SchedulePage:
    """Told when, the question whether to make it so; else the form."""
    model, given = call.about, arguments
    zone = read_zone(given.tz) if given.tz else call.person.zone
    conf = read_values(model.name, model.trainable, given.values)
    if not given.when:
        return await new_form(call, None)
    wanted = Wanted(
        when=read_when(" ".join(given.when)),
        zone=zone,
        conf=conf,
        compute=given.compute,
        until=read_day(given.until, zone, datetime.now(UTC)) if given.until else None,
        reason=given.reason,
    )
    return await propose(call, wanted)


@action("schedule_create", right=Right.READ, settles=True)
async def create(call: Call, draft_id: str) -> Work:
    """Make what was shown. Whether this person may depends on the model, which the draft names."""
    return await confirmed(call, draft_id)


@action("schedule_edit", right=Right.READ)
async def edit(call: Call, draft_id: str) -> SchedulePage:
    """The same as a form."""
    return await new_form(*await reopened(call, draft_id), instead_of=draft_id)


@action("schedule_drop", right=Right.READ, settles=True)
async def drop(call: Call, draft_id: str) -> Told:
    """Nothing is made; what was shown can't be made later either."""
    await call.station.store.drafts.forget(draft_id, call.person.id)
    return Told(text="Nothing was scheduled.")


@form("schedule_form", right=Right.SCHEDULE, suggest=choices)
async def schedule_form(call: Call, submitted: Submitted) -> SchedulePage | FieldErrors | ScheduleQuestion:
    """Another page, errors at their fields, or the question."""
    return await filled_in(call, submitted)


@work("schedule.put")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Make or change a schedule, whatever of it was asked for."""
    await put(ctx, args, station)
