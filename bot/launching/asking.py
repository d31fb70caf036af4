"""A run that waits for its model's owners to agree: the card that asks them, their answer, and what comes of it.

What counts is the charge's state in the store: a click changes it in one transaction with the audit trail, and the
waiting work is woken only to look at it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from structlog import get_logger

from bot.access import Right, decide
from bot.catalogue import Model
from bot.conversation.answers import Told
from bot.conversation.asked import Asked
from bot.conversation.commands import Call
from bot.domain import Posted
from bot.errors import NotAllowed, NotFound, NotInChannel, Refusal, ServiceError
from bot.following.finishing import RunEnded
from bot.jobs import JobContext, Permanent, RetryLater
from bot.launching.budget import month_of
from bot.launching.price import UP, said
from bot.messages.markup import Markup, date, escape, mention
from bot.messages.phrases import differing, listed
from bot.messages.render import Message
from bot.settings.config import EVERYONE
from bot.station import Station
from bot.store import AuditEntry, Charge, ChargeState, Transaction

log = get_logger(__name__)
WAITS = 24 * 3_600.0  # seconds that owners have
ASK_AGAIN = 15.0  # seconds between attempts while Slack doesn't answer
GIVE_UP = 24 * 3_600.0  # seconds after the answer, or after nobody could be asked


class RunQuestion(Message):
    """A run that is not started yet: what it is, why somebody has to agree, and who. Answered, it has no buttons."""

    template: ClassVar[str] = "run_question"
    icon: str
    headline: str
    aside: Markup
    why: str = ""
    notes: tuple[str, ...] = ()
    whom: Markup = Markup("")
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """May the run start? `card` is where that was asked, if it was, `since` when it was granted (epoch seconds).

    `agreed_by` and `agreed_id` are the name and the id of who agreed, where somebody had to.
    """

    granted: bool
    since: float
    card: Posted | None = None
    agreed_by: str = ""
    agreed_id: str = ""


async def permission(ctx: JobContext, args: Mapping[str, Any], asked: Asked, station: Station) -> Permission:
    """Whether the accepted run may start; where somebody has to agree, ask, and wait for a day at most."""
    charge = await station.store.charges.get(ctx.id)
    if charge is None or not charge.why:
        return Permission(granted=True, since=ctx.accepted_at)
    try:
        place = await ctx.step("asked", _ask, ctx, args, asked, charge, station)
        if place:
            await ctx.wait("decision:1", WAITS)
        charge = Charge(**await ctx.step("answered", _answered, ctx, args, station))
        card = Posted(**place) if place else None
        await ctx.step("answer told", _tell, ctx, args, asked, charge, card, station)
    except ServiceError as error:
        if ctx.age > WAITS + GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    granted = charge.state in {ChargeState.RESERVED, ChargeState.SETTLED}
    return Permission(
        granted, charge.answered_at or ctx.accepted_at, card, charge.answered_name or "", charge.answered_by or ""
    )


async def _ask(
    ctx: JobContext, args: Mapping[str, Any], asked: Asked, charge: Charge, station: Station
) -> dict[str, str]:
    """Post the question where its owners see it; where it stands, or nothing where nobody could be asked."""
    model = await station.catalogue.find(args["model"])
    members = await whom(station, model, asked.person)
    if not members:
        return {}
    question = question_card(args, asked, charge, model, members, ctx.id)
    people = [member for member in members if not member.startswith("S")]
    shared = [place for place in (asked.channel, model.contract.channel) if place and place.startswith(("C", "G"))]
    at = await station.posting.somewhere(f"{ctx.id}:question", [*shared, *people], question.render())
    if at is None:
        return {}
    if at.channel != asked.channel:
        where = "the owners directly" if at.channel.startswith("D") else Markup(f"in <#{at.channel}>")
        text = Markup(f"Your run of {escape(model.name)} waits for an owner to agree: I asked {where}.")
        await station.posting.try_to_tell(asked, Told(text=text))
    return at.model_dump()


def question_card(
    args: Mapping[str, Any], asked: Asked, charge: Charge, model: Model, members: list[str], job_id: str
) -> RunQuestion:
    """What is asked of these people and user groups."""
    until = date(datetime.fromtimestamp(time.time() + WAITS, UTC), "{date_short_pretty} {time}")
    return RunQuestion(
        icon="✋",
        headline=f"{model.name} waits for an owner to agree",
        aside=Markup(f"asked by {escape(asked.name)}"),
        why=f"{charge.why[:1].upper()}{charge.why[1:]}.",
        notes=_notes(args, model, charge),
        whom=Markup(f"{listed([mention(member) for member in members])}, may it start? Until {until}."),
        job_id=job_id,
    )


def _notes(args: Mapping[str, Any], model: Model, charge: Charge | None = None) -> tuple[str, ...]:
    """What is asked for; with its charge, also what it may cost, unless that is why it is asked."""
    machine = (args.get("compute") or {}).get("name")
    parts = [*differing(model.pipeline, args["conf"]), *([f"on {machine}"] if machine else [])]
    parts += [f"code {args['ref']}"] if args.get("ref") else []
    parts += [f"“{args['reason']}”"] if args["reason"] else []
    if charge and charge.amount and "cost" not in charge.why:
        parts.append(f"may cost {said(charge.amount, charge.currency, UP)}")
    return (" · ".join(parts),) if parts else ()


async def whom(station: Station, model: Model, asker: str) -> list[str]:
    """Who is asked: the owners, or where the asker is the only one, the admins; people and user groups."""
    admins = station.config.current().access.admins
    for members in (model.contract.owners, admins):
        if others := [member for member in members if member not in {asker, EVERYONE}]:
            return others
    return []


async def _answered(ctx: JobContext, args: Mapping[str, Any], station: Station) -> dict[str, Any]:
    """The charge as it was answered. Where it still waits, its time is up."""
    async with station.store.write() as tx:
        if await station.store.charges.expire(ctx.id, tx):
            entry = _entry(ctx.id, "stationmaster", "Stationmaster", ChargeState.EXPIRED, args["model"])
            await station.store.audit.append(entry, tx)
        charge = await station.store.charges.get(ctx.id, tx)
    if charge is None:
        raise Permanent("the charge of this work is gone")
    return vars(charge)


async def _tell(
    ctx: JobContext, args: Mapping[str, Any], asked: Asked, charge: Charge, card: Posted | None, station: Station
) -> bool:
    """Tell the asker how it was answered; unless it starts, put the card right."""
    words = _outcome(charge, args["model"], card)
    if card is None:
        await station.posting.tell(asked, Told(text=words))
        return True
    if charge.state != ChargeState.RESERVED or card.channel.startswith("D"):
        await close_card(station, card, args, asked, words)
    place, thread = (asked.person, "") if card.channel.startswith("D") else (card.channel, card.ts)
    reply = RunEnded(person=asked.person, words=words).render()
    await station.posting.once(f"{ctx.id}:answer", place, reply, thread=thread)
    return True


async def close_card(station: Station, card: Posted, args: Mapping[str, Any], asked: Asked, words: str) -> None:
    """Let the card say that nothing is asked any more, and why. One that was deleted is left alone."""
    model = await station.catalogue.find(args["model"])
    headline = f"{words[:1].upper()}{words[1:]}"
    closed = RunQuestion(
        icon="⚪", headline=headline, aside=Markup(f"asked by {escape(asked.name)}"), notes=_notes(args, model)
    )
    try:
        await station.chat.update(card, closed.render())
    except (NotFound, NotInChannel) as error:
        log.info("card.unreachable", card=card.ts, reason=str(error))


def _outcome(charge: Charge, model: str, card: Posted | None) -> str:
    match charge.state:
        case ChargeState.RESERVED:
            return f"{charge.answered_name} agreed: the run of {model} starts."
        case ChargeState.DECLINED:
            return f"{charge.answered_name} declined: the run of {model} was not started."
        case _ if card is None:
            return f"Your run of {model} needs an owner to agree, and there is nobody whom I could ask."
        case _:
            return f"nobody agreed within a day: the run of {model} was not started."


async def answer(call: Call, job_id: str, *, agreed: bool) -> Told:
    """An owner's click: agree or decline; whoever asked may decline too. Refusal where it is decided already."""
    station, job = call.station, await call.station.jobs.get(job_id)
    if job is None or not isinstance(job.args, dict):
        raise Refusal("I don't know this request any more.")
    model = await station.catalogue.find(job.args["model"])
    own = job.args["asked"]["person"] == call.person.id
    await _authorise(call, model, job_id, agreed=agreed, own=own)
    month = month_of(datetime.now(UTC), ZoneInfo(station.config.current().zone))
    outcome = ChargeState.RESERVED if agreed else ChargeState.DECLINED

    async def check(tx: Transaction) -> None:
        charges, who = station.store.charges, (call.person.id, call.person.name)
        done = await (charges.agree(job_id, *who, month, tx) if agreed else charges.decline(job_id, *who, tx))
        if not done:
            raise Refusal("This is decided already.")
        await station.store.audit.append(_entry(job_id, *who, outcome, model.name), tx)

    verdict = "agreed" if agreed else "declined"
    if await station.jobs.decide(job_id, call.person.id, verdict, "", check=check) == "closed":
        raise Refusal("This is decided already.")
    return Told(text=f"You {verdict}: the run of {model.name} {'starts' if agreed else 'is not started'}.")


async def still_agreed(station: Station, model: Model, leave: Permission) -> bool:
    """May who agreed still do so? Where nobody had to, there is nothing to ask."""
    if not leave.agreed_id:
        return True
    roles = await station.people.roles(await station.people.person(leave.agreed_id), model)
    return decide(Right.STEER, roles, model.name).allowed


async def _authorise(call: Call, model: Model, job_id: str, *, agreed: bool, own: bool) -> None:
    """Owners and admins answer, but nobody agrees to a run of their own. NotAllowed, which is audited."""
    roles = await call.station.people.roles(call.person, model)
    why = ""
    if not decide(Right.STEER, roles, model.name, own=own).allowed:
        why = f"Only owners of {model.name} may answer this."
    elif agreed and own:
        why = "This is your own run: somebody else has to agree to it."
    if why:
        entry = _entry(job_id, call.person.id, call.person.name, "refused", model.name)
        await call.station.store.audit.append(AuditEntry(**vars(entry) | {"id": f"{entry.id}:{call.person.id}"}))
        raise NotAllowed(why)


def _entry(job_id: str, person: str, name: str, outcome: str, model: str) -> AuditEntry:
    return AuditEntry(
        id=f"{job_id}:price:{outcome}",
        actor=person,
        actor_name=name,
        action="price",
        outcome="agreed" if outcome == ChargeState.RESERVED else outcome,
        model=model,
        job_id=job_id,
    )
