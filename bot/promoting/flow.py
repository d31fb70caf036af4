"""The durable work of a request to promote: asked, decided by people, carried out; or ended in words.

What counts is the request's state in the store: a click changes it in one transaction with its vote and audit row, and
this work is woken only to look at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from structlog import get_logger

from bot.catalogue import Model
from bot.conversation.answers import Proposal, Refused, Told
from bot.conversation.asked import Asked
from bot.errors import ServiceError
from bot.jobs import JobContext, RetryLater
from bot.messages.markup import Markup, escape
from bot.promoting.carrying import carry_out
from bot.promoting.entries import entry
from bot.promoting.evidence import Evidence
from bot.promoting.foureyes import members
from bot.promoting.reminding import schedule_reminder
from bot.promoting.requesting import BOT, request
from bot.promoting.showing import post, put_right, reply
from bot.station import Station
from bot.store import AuditEntry, Promotion, PromotionState

log = get_logger(__name__)
ASK_AGAIN = 15.0  # seconds between attempts while a service doesn't answer
GIVE_UP = 24 * 3_600.0  # seconds after it was asked for, or has expired


async def promotion(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "promotion". Every step may be repeated."""
    asked = Asked(**args["asked"]) if "asked" in args else Asked(ctx.id, "", BOT, args["channel"], "")
    try:
        refused = await ctx.step("requested", request, ctx, args, asked, station)
        if refused:
            await ctx.step("refused", _tell_refusal, ctx, args, asked, refused, station)
            return
        if not await ctx.step("asked", _ask, ctx, asked, station):
            return
        await _until_decided(ctx, station)
    except ServiceError as error:
        known = await station.store.promotions.get(ctx.id)
        if ctx.now - (known.expires if known else ctx.accepted_at) > GIVE_UP:
            raise
        await _tell_to_wait(ctx, args, asked, known, error, station)
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


async def _until_decided(ctx: JobContext, station: Station) -> None:
    """Look after each vote what became of the request, until there is nothing left to do."""
    for vote in count(1):
        now = await _found(ctx, station)
        if now.state in {PromotionState.APPROVED, PromotionState.MOVING, PromotionState.DONE}:
            now = await carry_out(ctx, now, station)
        if now.state != PromotionState.WAITING:
            await ctx.step("ended", _tell_end, station, now)
            return
        if vote > 1:  # before the first one it reads as it was posted
            await ctx.step(f"shown before vote {vote}", put_right, station, ctx.id)
        if await ctx.wait(f"decision:{vote}", max(0.0, now.expires - ctx.now)) is None:
            await _expire(now, station)


async def _found(ctx: JobContext, station: Station) -> Promotion:
    found = await station.store.promotions.get(ctx.id)
    if found is None:
        raise RuntimeError("the request of this work is gone")
    return found


async def _expire(now: Promotion, station: Station) -> None:
    """Its time is up, unless it was decided at the last moment."""
    async with station.store.write() as tx:
        was = [PromotionState.WAITING]
        if await station.store.promotions.advance(now.id, PromotionState.EXPIRED, tx, was=was):
            await station.store.audit.append(entry(now, "expired", "expired"), tx)


async def _ask(ctx: JobContext, asked: Asked, station: Station) -> bool:
    """Post the card where those who decide see it; False where there is no such place, which ends the request."""
    now = await _found(ctx, station)
    model = await station.catalogue.find(now.model)
    at = await post(station, now, _places(asked, model, now))
    if at is None:
        async with station.store.write() as tx:
            was, why = [PromotionState.WAITING], "there was no place where I could ask"
            await station.store.promotions.advance(now.id, PromotionState.FAILED, tx, was=was, why=why)
        await _say(station, asked, Told(text="I found no channel and nobody whom I could ask to decide."))
        return False
    await schedule_reminder(station, now, model.contract.promotion.remind)
    if at.channel != asked.channel and asked.channel:
        where = "the approvers directly" if at.channel.startswith("D") else Markup(f"in <#{at.channel}>")
        what = f"{escape(now.model)} v{escape(now.version)}"
        await _say(station, asked, Told(text=Markup(f"I asked {where} whether {what} may be promoted.")))
    return True


def _places(asked: Asked, model: Model, now: Promotion) -> list[str]:
    """Where it was asked, else the model's channel, else those who decide themselves."""
    shared = [place for place in (asked.channel, model.contract.channel) if place and place.startswith(("C", "G"))]
    people = [each for each in members(Evidence.model_validate(now.evidence)) if each.startswith(("U", "W"))]
    return [*shared, *people]


async def _tell_end(station: Station, now: Promotion) -> None:
    """The card says how it ended, and its thread tells who asked."""
    if now.state != PromotionState.DONE:  # that is shown with its deployment
        await put_right(station, now.id)
    what = f"{now.model} v{now.version}"
    words = {
        PromotionState.REJECTED: f"your request to promote {what} was rejected: {now.why}",
        PromotionState.EXPIRED: f"nobody decided on your request to promote {what} in time.",
        PromotionState.VOID: f"your request to promote {what} is void: {now.why}.",
        PromotionState.FAILED: f"{what} could not be promoted as asked: {now.why}.",
    }
    if said := words.get(PromotionState(now.state)):
        await reply(station, now, "ended", said)


async def _tell_refusal(
    ctx: JobContext, args: Mapping[str, Any], asked: Asked, refused: dict[str, str], station: Station
) -> None:
    """Nothing was asked of anybody: say why. What proposed itself says nothing."""
    if args.get("auto"):
        return
    row = AuditEntry(
        id=f"{ctx.id}:refused",
        actor=asked.person,
        actor_name=asked.name,
        action="promote",
        outcome="refused",
        model=args["model"],
        detail={"why": refused["sentence"], "version": args["version"], "alias": args["alias"]},
        job_id=ctx.id,
    )
    await station.store.audit.append(row)
    proposals = (Proposal("See the model", f"model {args['model']}"),)
    message = Refused(sentence=refused["sentence"], hint=refused["hint"], proposals=proposals)
    await station.posting.tell(asked, message)


async def _tell_to_wait(
    ctx: JobContext,
    args: Mapping[str, Any],
    asked: Asked,
    known: Promotion | None,
    error: ServiceError,
    station: Station,
) -> None:
    """A service is away: whoever asked hears it, once before anybody was asked and once after the decision."""
    if error.service == "Slack" or args.get("auto"):
        return
    if known is None:
        text = f"{error.sentence} I keep your request to promote {args['model']} and ask when {error.service} is back."
        await ctx.step("told to wait", _say, station, asked, Told(text=text))
    else:
        text = f"{error.sentence} {known.model} v{known.version} is approved; I go on when {error.service} is back."
        await ctx.step("told of the wait", _say_below, station, known, text)


async def _say_below(station: Station, known: Promotion, words: str) -> None:
    try:
        await reply(station, known, "waits", words)
    except ServiceError as error:
        log.warning("promotion.not_told", error=str(error))


async def _say(station: Station, asked: Asked, message: Told) -> None:
    if asked.person:
        await station.posting.try_to_tell(asked, message)
