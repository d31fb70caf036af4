"""The durable work of a rollback: an alias goes back to a version that held it through an approved promotion.

Nobody has to agree, because an outage can't wait; so it goes nowhere else, and only while those files are unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.access import Right, decide
from bot.catalogue import Model
from bot.conversation.answers import Refused
from bot.conversation.asked import Asked
from bot.domain import Posted
from bot.errors import NotAllowed, NotFound, NotInChannel, Refusal, ServiceDenied, ServiceError, ServiceRejected
from bot.following.finishing import RunEnded
from bot.jobs import JobContext, RetryLater
from bot.messages.markup import Markup, date, escape
from bot.promoting.card import DAY_AND_TIME, PromotionCard, deployment_line
from bot.promoting.deploying import deploy
from bot.promoting.evidence import digest_of
from bot.promoting.leftovers import settle_left_over
from bot.promoting.moving import IN_TURN, carry, settle
from bot.promoting.showing import put_right
from bot.promoting.tagging import LONGEST_TAG
from bot.station import Station
from bot.store import AuditEntry, How, Move, MoveState, Transaction

log = get_logger(__name__)
ASK_AGAIN = 10.0
GIVE_UP = 3_600.0  # seconds; what was kept longer asks its person again
NOTHING = "Nothing was changed."


async def rollback(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "rollback". Every step may be repeated."""
    asked = Asked(**args["asked"])
    try:
        refused = await ctx.step("begun", _begin, ctx, args, asked, station)
        refused = refused or await ctx.step("moved", _move, ctx, args, asked, station)
        if refused:
            await ctx.step("refused", _refuse, ctx, args, asked, refused, station)
            return
        await _afterwards(ctx, args, asked, station)
    except ServiceError as error:
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


# ---- before it moves -------------------------------------------------------------------------------------------------


async def _begin(ctx: JobContext, args: dict[str, Any], asked: Asked, station: Station) -> str:
    """Take hold of the alias, and of the copy's; or why it can't go back, in words."""
    try:
        model = await station.catalogue.find(args["model"])
        made = await station.store.ledger.made(args["registered_model"], args["alias"])
        await _check(ctx, args, asked, model, station)
        moves = await _moves(ctx, args, asked, model, station)
    except (Refusal, ServiceRejected, ServiceDenied, NotFound) as error:
        return error.sentence
    await settle_left_over(station)
    async with station.store.write() as tx:
        for move in moves:
            count = made if move is moves[0] else await station.store.ledger.made(move.registered_model, move.alias, tx)
            if not await station.store.ledger.intend(move, count, tx):
                raise RetryLater("another move of this alias goes on", after=IN_TURN)
        await _note(ctx, args, asked, "intended", station, tx)
    return ""


async def _check(ctx: JobContext, args: dict[str, Any], asked: Asked, model: Model, station: Station) -> None:
    """Is it still wanted, allowed, and from where the person saw the alias? Refusal where not."""
    if ctx.age > GIVE_UP and await station.store.ledger.get(f"{ctx.id}:move") is None:
        raise Refusal(f"You asked to roll {args['model']} back over an hour ago, so I left it.")
    roles = await station.people.roles(await station.people.person(asked.person), model)
    decision = decide(Right.ROLLBACK, roles, model.name, named=model.contract.promotion.rollback)
    if not decision.allowed:
        raise NotAllowed(decision.why)
    holder = await station.registry.holder(args["registered_model"], args["alias"])
    now = holder.version if holder else ""
    if now == args["to"]:
        raise Refusal(f"{args['alias']} of {args['model']} is at v{args['to']} already.")
    if now != args["from"]:
        is_at = f"is at v{now}" if now else "holds nothing"
        raise Refusal(f"{args['alias']} of {args['model']} {is_at} now, not at v{args['from']}. Look again first.")


async def _moves(ctx: JobContext, args: dict[str, Any], asked: Asked, model: Model, station: Station) -> list[Move]:
    """The moves to make: the alias's, and where versions are copied elsewhere, the copy's. Refusal where they can't."""
    where = (args["registered_model"], args["alias"])
    target = next((each for each in await station.store.ledger.targets(*where) if each.after == args["to"]), None)
    if target is None:
        raise Refusal(f"v{args['to']} never held {args['alias']} through an approved promotion.")
    targets = [target]
    if copy_to := model.contract.promotion.copy_to:
        moves = await station.store.ledger.of_promotion(target.promotion or "")
        targets += [each for each in moves if each.registered_model == copy_to and each.how == How.PROMOTION][:1]
    return [
        await _move_to(each, f"{ctx.id}:{name}", asked, args["reason"], station)
        for name, each in zip(("move", "copy"), targets, strict=False)
    ]


async def _move_to(target: Move, move_id: str, asked: Asked, reason: str, station: Station) -> Move:
    """The move back to that version, whose files are as they were. Refusal where they are not."""
    called = f"v{target.after} of {target.registered_model}"
    version = await station.registry.version(target.registered_model, target.after or "")
    if version is None:
        raise Refusal(f"{called} was deleted in MLflow.")
    if digest_of(dict(await station.registry.artifacts(version))) != target.digest:
        raise Refusal(f"The files of {called} are not those that were approved.")
    holder = await station.registry.holder(target.registered_model, target.alias)
    return replace(
        target,
        id=move_id,
        before=holder.version if holder else None,
        how=How.ROLLBACK,
        by=asked.person,
        by_name=asked.name,
        reason=reason,
        job_id=asked.request_id,
    )


# ---- the move --------------------------------------------------------------------------------------------------------


async def _held(ctx: JobContext, station: Station) -> list[Move]:
    """The moves that this work holds, or has made."""
    kept = [await station.store.ledger.get(f"{ctx.id}:{name}") for name in ("move", "copy")]
    return [each for each in kept if each]


async def _move(ctx: JobContext, args: dict[str, Any], asked: Asked, station: Station) -> str:
    """Move the aliases, tag, and note it; why one could not be moved, in words."""
    done: list[Move] = []
    moves = await _held(ctx, station)
    why = ""
    for move in moves:
        if why := await carry(ctx, station, move):
            break
        done.append(move)
    if done:
        await _tag(args, asked, done, station)
    async with station.store.write() as tx:
        await settle(station, done, tx, done=True)
        await settle(station, moves[len(done) :], tx, done=False)
        await _note(ctx, args, asked, "failed" if why else "rolled back", station, tx, **({"why": why} if why else {}))
    return f"{why}." if why else ""


async def _tag(args: dict[str, Any], asked: Asked, moves: list[Move], station: Station) -> None:
    """Tell MLflow; what it refuses stops nothing: the record is the bot's own."""
    told = f"{args['alias']} from v{args['from']} to v{args['to']} by {asked.name} ({asked.person})"
    tags = {"stationmaster.rolled_back": told[:LONGEST_TAG], "stationmaster.rollback_reason": args["reason"] or "–"}
    for move in moves:
        try:
            await station.registry.tag_model(move.registered_model, tags)
        except (ServiceRejected, ServiceDenied, NotFound) as error:
            log.warning("rollback.not_tagged", model=move.registered_model, reason=str(error))


async def _note(
    ctx: JobContext, args: dict[str, Any], asked: Asked, outcome: str, station: Station, tx: Transaction, **more: Any
) -> None:
    row = AuditEntry(
        id=f"{ctx.id}:{outcome}",
        actor=asked.person,
        actor_name=asked.name,
        action="rollback",
        outcome=outcome,
        model=args["model"],
        subject=f"{args['registered_model']} v{args['to']}",
        detail={name: args[name] for name in ("alias", "from", "to", "reason")} | more,
        job_id=ctx.id,
    )
    await station.store.audit.append(row, tx)


async def _refuse(ctx: JobContext, args: dict[str, Any], asked: Asked, why: str, station: Station) -> None:
    """Let go of what is held still (work may have died right after it took hold), and say what is so now."""
    moves = await _held(ctx, station)
    async with station.store.write() as tx:
        await settle(station, moves, tx, done=False)
        await _note(ctx, args, asked, "refused", station, tx, why=why)
    how, hint = "was not rolled back", NOTHING
    if back := [each for each in moves if each.state == MoveState.DONE]:
        hint = "Nothing was deployed."
        current = await station.store.ledger.current(back[0].registered_model, back[0].alias)
        if current and current.id == back[0].id:
            how = "was rolled back in part"
            hint = f"{back[0].alias} of {back[0].registered_model} is at v{back[0].after} now. {hint}"
            await _put_others_right(args, station)
    refused = Refused(sentence=f"{args['model']} {how}: {why}", hint=hint)
    await station.posting.tell(asked, refused)


# ---- afterwards ------------------------------------------------------------------------------------------------------


async def _afterwards(ctx: JobContext, args: dict[str, Any], asked: Asked, station: Station) -> None:
    """The card, the cards of the promotions that this concerns, the deployment, and a word to who asked."""
    place = await ctx.step("card", _post, ctx, args, asked, station)
    await ctx.step("others", _put_others_right, args, station)
    terms = (await station.catalogue.find(args["model"])).contract.promotion
    if not terms.deploy:
        return
    deployed = (await _held(ctx, station))[-1]
    conf = {"model": deployed.registered_model, "version": deployed.after or "", "alias": deployed.alias}
    note = f"Deploys {args['model']} v{args['to']} again: rolled back by {asked.name} in Slack"
    shown: dict[str, Any] = {}

    async def report(told: dict[str, Any]) -> None:
        if place and shown.get("told") != told:
            shown["told"] = told
            card = rollback_card(args, asked, ctx.accepted_at, told)
            await _edit(Posted(**place), card, station, live=told["state"] == "running")

    ended = await deploy(ctx, station, terms.deploy, conf, note, report)
    await ctx.step("told", _tell_end, ctx, args, asked, place, ended, station)


def rollback_card(args: dict[str, Any], asked: Asked, at: float, told: dict[str, Any] | None = None) -> PromotionCard:
    """What was rolled back, by whom, when, why; and how its deployment stands."""
    moment = date(datetime.fromtimestamp(at, UTC), DAY_AND_TIME)
    outcome = [Markup(f"Rolled back by {escape(asked.name)} {moment}, from v{escape(args['from'] or '–')}")]
    return PromotionCard(
        icon="⏪",
        headline=f"{args['model']} v{args['to']} is back in {args['alias']}",
        outcome=(*outcome, *([deployment_line(told)] if told else [])),
        said=(f"“{args['reason']}”",) if args["reason"] else (),
    )


async def _post(ctx: JobContext, args: dict[str, Any], asked: Asked, station: Station) -> dict[str, str]:
    model = await station.catalogue.find(args["model"])
    card = rollback_card(args, asked, ctx.accepted_at).render()
    places = [place for place in (asked.channel, model.contract.channel) if place and place.startswith(("C", "G"))]
    at = await station.posting.somewhere(f"{ctx.id}:rollback", [*places, asked.person], card)
    return at.model_dump() if at else {}


async def _edit(at: Posted, card: PromotionCard, station: Station, *, live: bool) -> None:
    try:
        await station.chat.update(at, card.render(), live=live)
    except (NotFound, NotInChannel) as error:
        log.info("card.unreachable", card=at.ts, reason=str(error))


async def _put_others_right(args: dict[str, Any], station: Station) -> None:
    """The cards of the two versions' promotions: what can be gone back to has changed."""
    for move in await station.store.ledger.targets(args["registered_model"], args["alias"]):
        if move.after in {args["from"], args["to"]} and move.promotion:
            await put_right(station, move.promotion)


async def _tell_end(
    ctx: JobContext, args: dict[str, Any], asked: Asked, place: dict[str, str], ended: dict[str, Any], station: Station
) -> None:
    well = ended["state"] == "success"
    outcome = "deployed" if well else "deployment failed"
    async with station.store.write() as tx:
        await _note(ctx, args, asked, outcome, station, tx, words=ended["words"])
    said = f": {ended['words']}" if ended["words"] else ""
    what = f"{args['model']} v{args['to']} is back in {args['alias']}"
    words = f"{what} and deployed{said}." if well else f"{what}, but deploying it failed{said}."
    if place:
        reply = RunEnded(person=asked.person, words=words).render()
        await station.posting.once(f"{ctx.id}:end", place["channel"], reply, thread=place["ts"])
