"""One reminder, some time before a request expires: in its card's thread, to those who can decide."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.conversation.answers import Told
from bot.errors import NotFound, NotInChannel, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.messages.markup import Markup, date, escape
from bot.promoting.card import DAY_AND_TIME
from bot.promoting.evidence import Evidence
from bot.promoting.foureyes import approvers_in_words
from bot.promoting.showing import place
from bot.station import Station
from bot.store import Promotion, PromotionState

log = get_logger(__name__)
KIND = "promotion.remind"
ASK_AGAIN = 30.0


async def schedule_reminder(station: Station, promotion: Promotion, remind: float) -> None:
    """Remind `remind` seconds before it expires; not at all where that is in the past already."""
    due = promotion.expires - remind
    if remind and due > time.time():
        await station.jobs.submit(f"{promotion.id}:remind", KIND, {"promotion": promotion.id}, start_at=due)


async def remind(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "promotion.remind": nothing where it is decided."""
    promotion = await station.store.promotions.get(args["promotion"])
    if promotion is None or promotion.state != PromotionState.WAITING:
        return
    try:
        await _say(ctx, promotion, station)
    except (NotFound, NotInChannel) as error:
        log.info("reminder.unreachable", promotion=promotion.id, reason=str(error))
    except ServiceError as error:
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


async def _say(ctx: JobContext, promotion: Promotion, station: Station) -> None:
    if not (at := place(promotion)):
        return
    whom = approvers_in_words(Evidence.model_validate(promotion.evidence))
    until = date(datetime.fromtimestamp(promotion.expires, UTC), DAY_AND_TIME)
    what = f"{escape(promotion.model)} v{escape(promotion.version)}"
    text = Markup(f"{whom}: {what} still waits for a decision, and the request expires {until}.")
    await station.posting.once(ctx.key("reminder"), at.channel, Told(text=text).render(), thread=at.ts)
