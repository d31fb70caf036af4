"""One person's word on a request: approve, reject, withdraw. Counted once, by who may, while it is still open."""

from __future__ import annotations

from collections.abc import Sequence

from structlog import get_logger

from bot.access import Right, decide
from bot.conversation.answers import Told
from bot.conversation.commands import Call
from bot.errors import Refusal, ServiceError
from bot.messages.markup import Markup, escape
from bot.promoting.card import APPROVED, REJECTED, WITHDRAWN
from bot.promoting.entries import entry
from bot.promoting.evidence import Evidence
from bot.promoting.foureyes import may_decide, members
from bot.promoting.showing import put_right
from bot.station import Station
from bot.store import Decision, Promotion, PromotionState, Transaction

log = get_logger(__name__)
_WAITING = (PromotionState.WAITING,)
_ENDS = {REJECTED: PromotionState.REJECTED, WITHDRAWN: PromotionState.WITHDRAWN}
_TOLD = {
    APPROVED: "You approved {what} for {alias}.",
    REJECTED: "You rejected {what} for {alias}.",
    WITHDRAWN: "You withdrew {what}.",
}


async def vote(call: Call, promotion_id: str, verdict: str, reason: str = "") -> Told:
    """Count it, with its audit row, and wake the work; or say why this person can't. Refusal where it is over."""
    promotion = await open_request(call.station, promotion_id)
    if refused := await refused_to(call, promotion, verdict):
        return refused
    station, me = call.station, (call.person.id, call.person.name)

    async def check(tx: Transaction) -> None:
        now = await station.store.promotions.get(promotion_id, tx)
        if now is None or now.state != PromotionState.WAITING:
            raise Refusal(over(now))
        votes = await station.store.decisions.on(promotion_id, tx)
        if any(each.person == call.person.id for each in votes):
            raise Refusal("You have decided on this already.")
        row = entry(now, f"{verdict}:{call.person.id}", verdict, me, reason=reason)
        await station.store.audit.append(row, tx)
        if be := _what_becomes(now, votes, verdict):
            await station.store.promotions.advance(promotion_id, be, tx, was=_WAITING, why=reason)

    outcome = await station.jobs.decide(promotion_id, me[0], verdict, reason, check=check, name=me[1])
    if outcome != "counted":
        raise Refusal(over(promotion))
    what = f"{promotion.model} v{promotion.version}"
    return Told(text=_TOLD[verdict].format(what=what, alias=promotion.alias))


def _what_becomes(promotion: Promotion, votes: Sequence[Decision], verdict: str) -> PromotionState | None:
    """The request's next state with this verdict; None where it goes on waiting."""
    if verdict != APPROVED:
        return _ENDS[verdict]
    counted = [each for each in votes if each.verdict == APPROVED and each.person not in promotion.voided]
    return PromotionState.APPROVED if len(counted) + 1 >= promotion.needed else None


async def open_request(station: Station, promotion_id: str) -> Promotion:
    """The request, which still waits. Refusal where it doesn't; then its card is put right."""
    promotion = await station.store.promotions.get(promotion_id)
    if promotion and promotion.state == PromotionState.WAITING:
        return promotion
    await _put_right(station, promotion_id)
    raise Refusal(over(promotion))


async def refused_to(call: Call, promotion: Promotion, verdict: str) -> Told | None:
    """Why this person may not say that on the request, audited; None where they may."""
    if why := await why_not(call, promotion, verdict):
        me = (call.person.id, call.person.name)
        row = entry(promotion, f"refused:{verdict}:{call.person.id}", "refused", me, why=why)
        await call.station.store.audit.append(row)
        return Told(text=why)
    return None


async def why_not(call: Call, promotion: Promotion, verdict: str) -> Markup:
    """Why this person may not say that on the request; empty where they may. Groups are read now."""
    if verdict == WITHDRAWN:
        return Markup(escape(await _why_not_withdraw(call, promotion)))
    evidence = Evidence.model_validate(promotion.evidence)
    memberships = await call.station.people.among(call.person.id, members(evidence))
    found = may_decide(evidence, call.person, memberships)
    return Markup("") if found.allowed else found.why


async def _why_not_withdraw(call: Call, promotion: Promotion) -> str:
    """Who asked may take it back; where that was the bot itself, the model's owners."""
    if promotion.requested_by:
        own = promotion.requested_by == call.person.id
        return "" if own else f"Only {promotion.requested_by_name} can withdraw this; you can reject it."
    model = await call.station.catalogue.find(promotion.model)
    decision = decide(Right.STEER, await call.station.people.roles(call.person, model), model.name)
    return "" if decision.allowed else f"Only owners of {model.name} can withdraw this."


async def _put_right(station: Station, promotion_id: str) -> None:
    try:
        await put_right(station, promotion_id)
    except ServiceError as error:
        log.info("card.not_put_right", promotion=promotion_id, reason=str(error))


def over(promotion: Promotion | None) -> str:
    """Why nothing can be said on a request any more."""
    if promotion is None:
        return "I don't know this request any more."
    what = f"{promotion.model} v{promotion.version}"
    match promotion.state:
        case "rejected":
            return f"This is decided already: {what} was rejected."
        case "withdrawn":
            return f"This is over: {promotion.requested_by_name} withdrew it."
        case "expired":
            return "This is over: nobody decided in time."
        case "void":
            return f"This is over: {promotion.why}."
        case "failed":
            return f"This is over: {promotion.why}"
        case _:
            return f"This is decided already: {what} was approved."
