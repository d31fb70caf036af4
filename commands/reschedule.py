"""`reschedule SCHEDULE [WHEN…]`: a schedule, changed."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.access import Right
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.parameters.params import read_values
from bot.scheduling.moment import read_day
from bot.scheduling.proposing import ScheduleQuestion, propose
from bot.scheduling.scheduleform import SchedulePage, new_form
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.wanted import wanted_of
from bot.scheduling.when import read_when
from bot.scheduling.zones import read_zone


class RescheduleArguments(Arguments):
    """The SCHEDULE, by its id or the end of it; what is not given of the rest stays as it is."""

    schedule: str
    when: tuple[str, ...] = ()
    values: dict[str, str] = {}
    tz: str = ""
    compute: str = ""
    until: str = ""

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"tz", "compute", "until"})


@command("reschedule", summary="change a schedule", example="reschedule SCHEDULE daily at 07:00", right=Right.SCHEDULE)
async def reschedule(call: Call, arguments: RescheduleArguments) -> ScheduleQuestion | SchedulePage:
    """Told what to change, the question whether to; else the form, filled in."""
    given, wanted = arguments, wanted_of(ScheduleSpec.model_validate(call.about_schedule.spec))
    changes: dict[str, object] = {}
    if given.when:
        changes["when"] = read_when(" ".join(given.when))
    if given.tz:
        changes["zone"] = read_zone(given.tz)
    if given.values:
        changes["conf"] = wanted.conf | read_values(call.about.name, call.about.trainable, given.values)
    if given.compute:
        changes["compute"] = given.compute
    if given.until:
        changes["until"] = read_day(given.until, wanted.zone, datetime.now(UTC))
    if not changes:
        return await new_form(call, wanted)
    return await propose(call, wanted.model_copy(update=changes))
