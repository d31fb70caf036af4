"""`pause SCHEDULE [--until DAY]`: a schedule that doesn't run for now."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from bot.access import Right
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments
from bot.errors import Refusal
from bot.jobs import JobContext
from bot.scheduling import stopping
from bot.scheduling.composing import Doing
from bot.scheduling.moment import on_the_clock, read_day
from bot.scheduling.spec import ScheduleSpec
from bot.station import Station


class PauseArguments(Arguments):
    """The SCHEDULE, by its id or the end of it; and from which day on it runs again by itself."""

    schedule: str
    until: str = ""

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"until"})


@command("pause", summary="let a schedule rest", example="pause SCHEDULE --until 2027-01-08", right=Right.SCHEDULE)
async def pause(call: Call, arguments: PauseArguments) -> Work:
    """Until it is resumed, or until that day begins by its own clock."""
    kept = call.about_schedule
    args: dict[str, Any] = {"id": kept.id, "model": kept.model}
    if not arguments.until:
        return Work("schedule.pause", args, subject=kept.id)
    zone, now = ScheduleSpec.model_validate(kept.spec).zone, datetime.now(UTC)
    day = read_day(arguments.until, zone, now)
    moment = on_the_clock(datetime.combine(day, time()), zone).at
    if moment <= now:
        raise Refusal(f"{day:%Y-%m-%d} has begun already.", hint="Give a later day.", example=f"pause {kept.id}")
    return Work("schedule.put", args | {"doing": Doing.PAUSE, "until": moment.timestamp()}, subject=kept.id)


@work("schedule.pause")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Pause it in Airflow, which is where that counts."""
    await stopping.pause(ctx, args, station)
