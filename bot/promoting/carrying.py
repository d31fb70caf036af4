"""An approved request, carried out: read again, the alias moved, tagged, copied, deployed.

What is done is in the store before the next thing is begun, and each thing may be done again without harm, so that a
process may die between any two.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.domain import Version
from bot.errors import NotFound, ServiceDenied, ServiceRejected
from bot.jobs import JobContext, RetryLater
from bot.messages.phrases import listed
from bot.promoting.card import APPROVED
from bot.promoting.deploying import deploy
from bot.promoting.entries import entry
from bot.promoting.evidence import Evidence, digest_of
from bot.promoting.moving import intended, set_alias, settle
from bot.promoting.rereading import Reading, read_again
from bot.promoting.showing import put_right, refreshed, reply
from bot.settings.promotion import Promotion as Terms
from bot.station import Station
from bot.store import Decision, How, Move, Promotion, PromotionState

log = get_logger(__name__)
IN_TURN = 1.0  # seconds between looks whether another move of the alias is over
LONGEST_TAG = 4_000  # characters; MLflow takes 5,000
TAGS, COPY = "its tags in MLflow", "the copy"


async def carry_out(ctx: JobContext, promotion: Promotion, station: Station) -> Promotion:
    """Do what is left to do; the request as it then stands: final, or waiting again where an approval was lost."""
    if promotion.state == PromotionState.APPROVED:
        await _begin(promotion, station)
        promotion = await refreshed(station, promotion)
    if promotion.state == PromotionState.MOVING:
        await _move(ctx, promotion, station)
        promotion = await refreshed(station, promotion)
    if promotion.state == PromotionState.DONE:
        await _deploy(ctx, promotion, station)
        promotion = await refreshed(station, promotion)
    return promotion


async def _begin(promotion: Promotion, station: Station) -> None:
    """From approved to moving, void, or back to waiting, in one transaction with the hold on the alias."""
    found = await read_again(station, promotion)
    was = [PromotionState.APPROVED]
    if found.moved:
        async with station.store.write() as tx:
            if await station.store.promotions.advance(
                promotion.id, PromotionState.VOID, tx, was=was, why=found.moved, voided=found.voided
            ):
                await station.store.audit.append(entry(promotion, "void", "void", why=found.moved), tx)
        return
    votes = [each for each in await station.store.decisions.on(promotion.id) if each.verdict == APPROVED]
    if sum(each.person not in found.voided for each in votes) < promotion.needed:
        async with station.store.write() as tx:
            await station.store.promotions.advance(
                promotion.id, PromotionState.WAITING, tx, was=was, voided=found.voided
            )
            for person, why in found.voided.items():
                await station.store.audit.append(entry(promotion, f"vote void:{person}", "vote void", why=why), tx)
        return
    await _hold(promotion, found, station)


async def _hold(promotion: Promotion, found: Reading, station: Station) -> None:
    """Write down what is about to happen. RetryLater while somebody else moves this alias: then all is read anew."""
    move = _move_of(promotion)
    async with station.store.write() as tx:
        if not await station.store.ledger.intend(move, found.made, tx):
            raise RetryLater("another move of this alias goes on", after=IN_TURN)
        was = [PromotionState.APPROVED]
        await station.store.promotions.advance(promotion.id, PromotionState.MOVING, tx, was=was, voided=found.voided)
        await station.store.audit.append(entry(promotion, "intended", "intended", before=move.before), tx)


def _move_of(promotion: Promotion) -> Move:
    evidence = Evidence.model_validate(promotion.evidence)
    return Move(
        id=f"{promotion.id}:move",
        registered_model=promotion.registered_model,
        alias=promotion.alias,
        before=evidence.champion.version if evidence.champion else None,
        after=promotion.version,
        how=How.PROMOTION,
        promotion=promotion.id,
        digest=digest_of(evidence.artifacts),
        by=promotion.requested_by,
        by_name=promotion.requested_by_name,
        reason=promotion.reason,
        job_id=promotion.id,
    )


# ---- the alias, the tags, the copy -----------------------------------------------------------------------------------


async def _move(ctx: JobContext, promotion: Promotion, station: Station) -> None:
    move = await station.store.ledger.get(f"{promotion.id}:move")
    if move is None or move.state == "abandoned":
        await _fail(promotion, station, [], "the hold on the alias was lost")
        return
    if refused := await ctx.step("alias moved", set_alias, station.registry, move):
        await _fail(promotion, station, [move], refused)
        return
    told = {"before": move.before or "", "at": datetime.now(UTC).timestamp(), "pending": TAGS}
    await ctx.step("move told", _tell, station, promotion, told)
    refused = await ctx.step("tagged", _tag, station, promotion)
    copied, moves = None, [move]
    if target := (await _terms(station, promotion)).copy_to:
        await ctx.step("copy told", _tell, station, promotion, {"pending": COPY})
        copied = await ctx.step("copied", _copy, station, promotion, target)
        if copied.get("refused"):
            await _fail(promotion, station, [move], copied["refused"], pending="")
            return
        moves.append(await _copied_move(ctx, promotion, station, copied))
        if why := await ctx.step("copy's alias moved", set_alias, station.registry, moves[-1]):
            await _fail(promotion, station, [move], why, pending="", abandoned=[moves[-1]])
            return
    await _done(promotion, station, moves, copied, refused)


async def _terms(station: Station, promotion: Promotion) -> Terms:
    """What the configuration says of its model now; of one that it no longer has, nothing."""
    models = station.config.current().models
    return models[promotion.model].promotion if promotion.model in models else Terms()


async def _tell(station: Station, promotion: Promotion, told: dict[str, Any]) -> None:
    now = await refreshed(station, promotion)
    await station.store.promotions.change(promotion.id, moved=now.moved | told)
    await put_right(station, promotion.id, live=True)


async def _tag(station: Station, promotion: Promotion) -> str:
    """Tag the version and its model; why MLflow refuses, which stops nothing: the record is the bot's own."""
    tags = tags_of(promotion, await _approvals(station, promotion))
    try:
        await station.registry.tag_version(promotion.registered_model, promotion.version, tags)
        await station.registry.tag_model(promotion.registered_model, tags)
    except (ServiceRejected, ServiceDenied, NotFound) as error:
        return error.sentence
    return ""


async def _approvals(station: Station, promotion: Promotion) -> list[Decision]:
    now = await refreshed(station, promotion)
    votes = await station.store.decisions.on(promotion.id)
    return [each for each in votes if each.verdict == APPROVED and each.person not in now.voided]


def tags_of(promotion: Promotion, approvals: list[Decision]) -> dict[str, str]:
    """What MLflow is told: who asked, who approved, why, when, and by which evidence."""
    at = datetime.fromtimestamp(promotion.decided or promotion.created, UTC)
    told = {
        "promoted": f"v{promotion.version} to {promotion.alias}",
        "requested_by": f"{promotion.requested_by_name} ({promotion.requested_by or 'by itself'})",
        "approved_by": ", ".join(f"{each.name} ({each.person})" for each in approvals),
        "reason": promotion.reason,
        "promoted_at": at.isoformat(timespec="seconds"),
        "evidence": promotion.digest,
        "promotion": promotion.id,
        "override": promotion.override,
    }
    return {f"stationmaster.{name}": value[:LONGEST_TAG] for name, value in told.items() if value}


async def _copy(station: Station, promotion: Promotion, target: str) -> dict[str, str]:
    """Copy the version to the other registered model, once; its number there, or why it is `refused`."""
    try:
        version = await station.registry.version(promotion.registered_model, promotion.version)
        if version is None:
            return {"refused": f"v{promotion.version} was deleted in MLflow before it was copied"}
        copy = await station.registry.copy_version(version, target, promotion.id)
        await station.registry.tag_model(target, tags_of(promotion, await _approvals(station, promotion)))
    except (ServiceRejected, ServiceDenied, NotFound) as error:
        return {"refused": f"the copy to {target} failed: {error.sentence.removesuffix('.')}"}
    return {"model": target, "version": copy.version}


async def _copied_move(ctx: JobContext, promotion: Promotion, station: Station, copied: dict[str, str]) -> Move:
    """The hold on the other model's alias. RetryLater while somebody else has it."""
    known = await station.store.ledger.get(f"{promotion.id}:copy")
    if known:
        return known
    made = await station.store.ledger.made(copied["model"], promotion.alias)
    held: Version | None = await station.registry.holder(copied["model"], promotion.alias)
    move = replace(
        _move_of(promotion),
        id=f"{promotion.id}:copy",
        registered_model=copied["model"],
        before=held.version if held else None,
        after=copied["version"],
    )
    kept = await intended(station, move, made)
    if kept is None:
        raise RetryLater("another move of the copy's alias goes on", after=IN_TURN)
    return kept


async def _fail(
    promotion: Promotion,
    station: Station,
    moves: list[Move],
    why: str,
    *,
    pending: str | None = None,
    abandoned: list[Move] | None = None,
) -> None:
    """The request ends here. Where the alias has moved (`pending` is given) the ledger says so, else it lets go."""
    now = await refreshed(station, promotion)
    moved = now.moved | ({"pending": pending} if pending is not None else {})
    async with station.store.write() as tx:
        await settle(station, moves, tx, done=pending is not None)
        await settle(station, abandoned or [], tx, done=False)
        was, moved = [PromotionState.MOVING], moved if pending is not None else {}
        await station.store.promotions.advance(promotion.id, PromotionState.FAILED, tx, was=was, why=why, moved=moved)
        await station.store.audit.append(entry(promotion, "failed", "failed", why=why), tx)


async def _done(
    promotion: Promotion, station: Station, moves: list[Move], copied: dict[str, str] | None, untagged: str
) -> None:
    """The moves are in the ledger, and the request is done: together."""
    now = await refreshed(station, promotion)
    told = now.moved | {"pending": f"its tags, which MLflow refuses ({untagged})" if untagged else ""}
    if copied:
        told |= {"copy": f"{copied['model']} v{copied['version']}", "copied": copied}
    approvals = await _approvals(station, promotion)
    who: dict[str, Any] = {
        "approved_by": [each.person for each in approvals],
        "before": now.moved.get("before"),
        "copied": copied,
    }
    async with station.store.write() as tx:
        await settle(station, moves, tx, done=True)
        await station.store.promotions.advance(
            promotion.id, PromotionState.DONE, tx, was=[PromotionState.MOVING], moved=told
        )
        await station.store.audit.append(entry(promotion, "moved", "promoted", **who), tx)


# ---- afterwards ------------------------------------------------------------------------------------------------------


async def _deploy(ctx: JobContext, promotion: Promotion, station: Station) -> None:
    """Put the cards right, deploy where the model says by which DAG, and tell the requester how that ended."""
    dag_id = (await _terms(station, promotion)).deploy
    await ctx.step("shown", _show, station, promotion, bool(dag_id))
    what = f"{promotion.model} v{promotion.version}"
    if not dag_id:
        await ctx.step("told", reply, station, promotion, "done", f"{what} is in {promotion.alias}.")
        return
    copied = promotion.moved.get("copied") or {}
    conf = {
        "model": copied.get("model", promotion.registered_model),
        "version": copied.get("version", promotion.version),
        "alias": promotion.alias,
    }
    approved = listed([each.name for each in await _approvals(station, promotion)])
    note = f"Deploys {what}: asked by {promotion.requested_by_name}, approved by {approved}, in Slack"

    async def report(told: dict[str, Any]) -> None:
        now, goes_on = await refreshed(station, promotion), told["state"] == "running"
        if now.deploy == told and goes_on:
            return
        await station.store.promotions.change(promotion.id, deploy=told)
        await put_right(station, promotion.id, live=goes_on)

    ended = await deploy(ctx, station, dag_id, conf, note, report)
    await ctx.step("told", _tell_end, station, promotion, ended)


async def _show(station: Station, promotion: Promotion, goes_on: bool) -> None:
    """This card, and that of the version which held the alias before: its way back is another now."""
    await put_right(station, promotion.id, live=goes_on)
    for move in await station.store.ledger.targets(promotion.registered_model, promotion.alias):
        if move.after == promotion.moved.get("before") and move.promotion:
            await put_right(station, move.promotion)


async def _tell_end(station: Station, promotion: Promotion, ended: dict[str, Any]) -> None:
    well = ended["state"] == "success"
    row = entry(promotion, "deployed", "deployed" if well else "deployment failed", words=ended["words"])
    await station.store.audit.append(row)
    what = f"{promotion.model} v{promotion.version} is in {promotion.alias}"
    said = f": {ended['words']}" if ended["words"] else ""
    words = f"{what} and deployed{said}." if well else f"{what}, but deploying it failed{said}."
    await reply(station, promotion, "done", words)
