"""The requests that wait for one person: what their home tab begins with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from bot.conversation.commands import Call
from bot.messages.markup import Markup, date, escape
from bot.promoting.card import APPROVED, DAY_AND_TIME
from bot.promoting.voting import why_not
from bot.store import Promotion, PromotionState

MOST = 10


class Waiting(NamedTuple):
    """A request in one line, with the id that its buttons carry."""

    line: Markup
    promotion_id: str


async def waiting_for(call: Call) -> tuple[Waiting, ...]:
    """The requests that this person may decide on and has not, the one that expires first at the top."""
    pending = [each for each in await call.station.store.promotions.pending() if each.state == PromotionState.WAITING]
    mine = [each for each in sorted(pending, key=lambda each: each.expires) if await _is_for(call, each)]
    return tuple(Waiting(_line(each), each.id) for each in mine[:MOST])


async def _is_for(call: Call, promotion: Promotion) -> bool:
    votes = await call.station.store.decisions.on(promotion.id)
    return call.person.id not in {each.person for each in votes} and not await why_not(call, promotion, APPROVED)


def _line(promotion: Promotion) -> Markup:
    what = f"*{escape(promotion.model)} v{escape(promotion.version)}* → {escape(promotion.alias)}"
    since = date(datetime.fromtimestamp(promotion.created, UTC), DAY_AND_TIME)
    why = f" “{escape(promotion.reason)}”" if promotion.reason else ""
    return Markup(f"{what}, asked by {escape(promotion.requested_by_name)} {since}{why}")
