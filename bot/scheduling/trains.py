"""When a model trains next, in the few words of a list; what the bot remembers of schedules is enough for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.messages.markup import Markup, date, escape
from bot.scheduling.lines import WHEN
from bot.scheduling.zones import city

if TYPE_CHECKING:  # what asks services is no part of what is pure
    from bot.catalogue import Model
    from bot.scheduling.listing import Known


def trains(model: Model, schedules: Sequence[Known], zone: str) -> Markup:
    """ "trains Mondays 06:00", with the city of a schedule whose zone is not the reader's `zone`.

    Of several schedules the one that runs first is named, and the rest counted; one that is paused doesn't count.
    Without any it is the time of the DAG's own schedule, or nothing.
    """
    going = sorted((each for each in schedules if each.spec and each.times()), key=lambda each: each.times()[0])
    if going and (first := going[0].spec):
        where = f" ({city(first.zone)})" if first.zone != zone else ""
        more = f" and {len(going) - 1} more" if len(going) > 1 else ""
        return Markup(f"trains {escape(f'{first.when.short}{where}{more}')}")
    own = model.pipeline.next_run if model.pipeline else None
    return Markup(f"trains {date(own, WHEN)}") if own else Markup("")
