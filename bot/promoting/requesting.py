"""A request to promote, before anybody is asked: the evidence is read, and what can't be is refused in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from structlog import get_logger

from bot.access import Right, decide
from bot.catalogue import Model
from bot.conversation.asked import Asked
from bot.domain import Person
from bot.errors import NotAllowed, NotFound, Refusal, ServiceDenied, ServiceRejected
from bot.jobs import JobContext
from bot.messages.phrases import listed
from bot.promoting.entries import entry
from bot.promoting.evidence import Evidence, digest
from bot.promoting.gathering import gather
from bot.station import Station
from bot.store import Promotion

log = get_logger(__name__)
NOBODY_ASKED = "Nobody was asked."
BOT = "Stationmaster"  # who asks where a run that nobody started is proposed by itself
_ALIAS = re.compile(r"[\w-]{1,255}")
_NUMBERED = re.compile(r"[vV]\d+")


def check_alias(alias: str) -> None:
    """Refusal for a name that MLflow takes for no alias, by its own rules."""
    if not _ALIAS.fullmatch(alias):
        hint = "An alias has letters, digits, - and _ only, and at most 255 of them."
        raise Refusal(f"“{alias[:60]}” can't be an alias.", hint=hint)
    if alias.lower() == "latest" or _NUMBERED.fullmatch(alias):
        raise Refusal(f"“{alias}” is a word of MLflow's own, so it can't be an alias.", hint="Use --to production.")


async def request(ctx: JobContext, args: Mapping[str, Any], asked: Asked, station: Station) -> dict[str, str]:
    """Write the request down, with its evidence. Empty where it waits for people now; else why not, and a hint."""
    try:
        await _write_down(ctx, args, asked, station)
    except (Refusal, ServiceDenied, ServiceRejected, NotFound) as error:
        log.info("promotion.refused", job=ctx.id, reason=str(error))
        hint = error.hint if isinstance(error, Refusal) else ""
        return {"sentence": error.sentence, "hint": hint or NOBODY_ASKED}
    return {}


async def _write_down(ctx: JobContext, args: Mapping[str, Any], asked: Asked, station: Station) -> None:
    model = await station.catalogue.find(args["model"])
    person = await station.people.person(asked.person) if asked.person else None
    if person:
        await may_ask(station, model, person)
    evidence = await gather(station, model, args["version"], args["alias"], person)
    override = await _past_gates(station, model, evidence, person, args["override"])
    _check(evidence, model)
    new = Promotion(
        id=ctx.id,
        model=model.name,
        registered_model=model.registered_model,
        alias=evidence.alias,
        version=evidence.version,
        requested_by=asked.person,
        requested_by_name=asked.name or BOT,
        evidence=evidence.model_dump(mode="json"),
        digest=digest(evidence),
        expires=ctx.now + model.contract.promotion.expires,
        needed=evidence.needed,
        reason=args["reason"],
        override=override,
    )
    await _add(station, new)


async def may_ask(station: Station, model: Model, person: Person) -> None:
    """NotAllowed where this person may not ask for promotions of the model."""
    decision = decide(Right.PROPOSE, await station.people.roles(person, model), model.name)
    if not decision.allowed:
        raise NotAllowed(decision.why)


async def may_override(station: Station, model: Model, person: Person | None) -> bool:
    """Does the configuration let this person promote past a failed gate?"""
    roles = await station.people.roles(person, model) if person else frozenset()
    return any(role in model.contract.promotion.override for role in roles)


async def _past_gates(station: Station, model: Model, evidence: Evidence, person: Person | None, reason: str) -> str:
    """The reason for going past failed gates; empty where none failed. Refusal where that can't be."""
    if not evidence.failed:
        return ""
    failed = listed([f"{each.gate.subject} ({each.words})" for each in evidence.failed])
    able = await may_override(station, model, person)
    if reason and able:
        return reason
    roles = listed([f"{role}s" for role in model.contract.promotion.override])
    hint = f"Only {roles} may promote it nevertheless, with --override and a reason." if roles else ""
    if able:
        hint = 'You may promote it nevertheless: add --override "why".'
    raise Refusal(f"{model.name} v{evidence.version} doesn't pass {failed}.", hint=hint)


def _check(evidence: Evidence, model: Model) -> None:
    champion = evidence.champion
    if champion and champion.version == evidence.version:
        raise Refusal(f"{model.name} v{evidence.version} is in {evidence.alias} already.", hint="Nothing to do.")
    if not evidence.approvers:
        hint = "An admin can name them in my configuration: promotion.approvers of the model, or access.approvers."
        raise Refusal(f"{model.name} has no approvers, so nobody could decide.", hint=hint)


async def _add(station: Station, new: Promotion) -> None:
    """Keep the request with its audit rows. Refusal where the same is asked already."""
    by = (new.requested_by or "stationmaster", new.requested_by_name)
    async with station.store.write() as tx:
        if await station.store.promotions.add(new, tx):
            await station.store.audit.append(entry(new, "requested", "requested", by, reason=new.reason), tx)
            if new.override:
                await station.store.audit.append(entry(new, "override", "overridden", by, reason=new.override), tx)
            return
        if await station.store.promotions.get(new.id, tx):
            return  # an earlier attempt kept it
        other = await station.store.promotions.asking(new.registered_model, new.alias, new.version, tx)
    raise await _twin(station, new, other)


async def _twin(station: Station, new: Promotion, other: Promotion | None) -> Refusal:
    """Why there can't be two, and what can be done about the other one."""
    name = other.requested_by_name if other else "Somebody"
    asked = f"{name} has asked to put {new.model} v{new.version} into {new.alias} already"
    work = await station.jobs.get(other.id) if other else None
    if work and work.state == "dead":
        hint = f"An admin can set it going again: stationmaster jobs replay {work.id}"
        return Refusal(f"{asked}, and that work has failed for good.", hint=hint)
    hint = "Its card has the buttons; my home tab lists what waits for you."
    return Refusal(f"{asked}, and it is not decided yet.", hint=hint)
