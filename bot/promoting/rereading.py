"""An approved request, before anything moves: is all of it still as it was approved, and may everybody still?"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.catalogue import Model
from bot.errors import NotFound, Refusal
from bot.messages.phrases import listed
from bot.promoting.card import APPROVED
from bot.promoting.evidence import Evidence, digest
from bot.promoting.foureyes import may_decide, members
from bot.promoting.gathering import gather
from bot.promoting.moves import moved
from bot.promoting.requesting import may_ask, may_override
from bot.station import Station
from bot.store import Decision, Promotion


@dataclass(frozen=True, slots=True)
class Reading:
    """`moved` says why the request is void, empty where it is not; `voided` by person why an approval counts no more.

    `made` is how many moves of the alias the ledger had before anything was read.
    """

    made: int
    moved: str = ""
    voided: dict[str, str] = field(default_factory=dict)


async def read_again(station: Station, promotion: Promotion) -> Reading:
    """Everything that the approval holds for, as it is now. ServiceError where it can't be read: then nobody knows."""
    made = await station.store.ledger.made(promotion.registered_model, promotion.alias)
    try:
        model = await station.catalogue.find(promotion.model)
        if why := await _why_gone(station, model, promotion):
            return Reading(made, moved=why)
        asker = await station.people.person(promotion.requested_by) if promotion.requested_by else None
        now = await gather(station, model, promotion.version, promotion.alias, asker)
        if digest(now) != promotion.digest:
            changes = moved(Evidence.model_validate(promotion.evidence), now)
            return Reading(made, moved=listed(list(changes)) or "the evidence is no longer the same")
        return Reading(made, voided=await _voided(station, promotion, now))
    except (Refusal, NotFound) as error:
        return Reading(made, moved=error.sentence.removesuffix("."))


async def _why_gone(station: Station, model: Model, promotion: Promotion) -> str:
    """What is no longer there, or who may no longer ask, in words."""
    if model.registered_model != promotion.registered_model:
        return f"{model.name} is registered as {model.registered_model} now"
    if await station.registry.version(promotion.registered_model, promotion.version) is None:
        return f"v{promotion.version} was deleted in MLflow"
    if promotion.requested_by:
        person = await station.people.person(promotion.requested_by)
        await may_ask(station, model, person)
        if promotion.override and not await may_override(station, model, person):
            return f"{promotion.requested_by_name} may no longer override gates"
    return ""


async def _voided(station: Station, promotion: Promotion, evidence: Evidence) -> dict[str, str]:
    """The approvals that count no more, by person, with why as everyone may read it."""
    votes = [each for each in await station.store.decisions.on(promotion.id) if each.verdict == APPROVED]
    found = {}
    for each in votes:
        person = await station.people.person(each.person)
        memberships = await station.people.among(person.id, members(evidence))
        if not may_decide(evidence, person, memberships).allowed:
            found[each.person] = _no_more(each)
    return found


def _no_more(vote: Decision) -> str:
    return f"{vote.name or 'Somebody'}'s approval counts no more: they may not decide on this any longer"
