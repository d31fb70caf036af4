"""A request's card, posted once and put right whenever something changed; replies in its thread."""

from __future__ import annotations

from dataclasses import replace

from structlog import get_logger

from bot.domain import Posted
from bot.errors import NotFound, NotInChannel
from bot.following.finishing import RunEnded
from bot.promoting.card import PromotionCard, Shown, promotion_card
from bot.promoting.evidence import Evidence
from bot.promoting.targets import back_from
from bot.station import Station
from bot.store import Promotion

log = get_logger(__name__)


async def card_of(station: Station, promotion: Promotion) -> PromotionCard:
    """The card of this request as things stand."""
    votes = await station.store.decisions.on(promotion.id)
    back = await back_from(station, promotion) if promotion.moved else ""
    made = await station.store.ledger.made(promotion.registered_model, promotion.alias)
    return promotion_card(Shown(promotion, Evidence.model_validate(promotion.evidence), votes, back, made))


async def put_right(station: Station, promotion_id: str, *, live: bool = False) -> None:
    """Edit the card to what is so now. One that was deleted, or can't be reached, is left alone.

    `live`: on the way to something else that will be shown; left out where Slack takes no more edits this minute, so
    that nothing waits for it.
    """
    promotion = await station.store.promotions.get(promotion_id)
    if promotion is None or not (at := place(promotion)):
        return
    try:
        await station.chat.update(at, (await card_of(station, promotion)).render(), live=live)
    except (NotFound, NotInChannel) as error:
        log.info("card.unreachable", promotion=promotion_id, reason=str(error))


def place(promotion: Promotion) -> Posted | None:
    """Where its card stands."""
    if promotion.card_channel and promotion.card_ts:
        return Posted(channel=promotion.card_channel, ts=promotion.card_ts)
    return None


async def post(station: Station, promotion: Promotion, places: list[str]) -> Posted | None:
    """Post the card in the first of these places that the bot may write in, and note where; None where in none."""
    card = (await card_of(station, promotion)).render()
    at = await station.posting.somewhere(f"{promotion.id}:request", places, card)
    if at:
        await station.store.promotions.change(promotion.id, card_channel=at.channel, card_ts=at.ts)
    return at


async def reply(station: Station, promotion: Promotion, key: str, words: str) -> None:
    """Tell the requester in the card's thread, once for `key`; directly where the card is gone or somebody else's."""
    if not promotion.requested_by:
        return
    message = RunEnded(person=promotion.requested_by, words=words).render()
    at = place(promotion)
    if at and not at.channel.startswith("D"):
        try:
            await station.posting.once(f"{promotion.id}:{key}", at.channel, message, thread=at.ts)
        except (NotFound, NotInChannel) as error:
            log.info("thread.unreachable", promotion=promotion.id, reason=str(error))
        else:
            return
    await station.posting.once(f"{promotion.id}:{key}:direct", promotion.requested_by, message)


async def refreshed(station: Station, promotion: Promotion) -> Promotion:
    """The request as it is kept now."""
    return await station.store.promotions.get(promotion.id) or replace(promotion, state="void", why="it was removed")
