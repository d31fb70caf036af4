"""An approved request, carried out: read again, the alias moved, tagged, copied, deployed.

What is done is in the store before the next thing is begun, and each thing may be done again without harm, so that a
process may die between any two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.jobs import JobContext, RetryLater
from bot.promoting.afterwards import deploy_it, terms_of
from bot.promoting.card import APPROVED
from bot.promoting.copying import copied_move, copy
from bot.promoting.entries import entry
from bot.promoting.leftovers import settle_left_over
from bot.promoting.moving import IN_TURN, carry, move_of, settle
from bot.promoting.rereading import Reading, read_again
from bot.promoting.showing import put_right, refreshed
from bot.promoting.tagging import approvals, tag
from bot.station import Station
from bot.store import Move, MoveState, Promotion, PromotionState

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
        await deploy_it(ctx, promotion, station)
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
    move = move_of(promotion)
    await settle_left_over(station)
    async with station.store.write() as tx:
        if not await station.store.ledger.intend(move, found.made, tx):
            raise RetryLater("another move of this alias goes on", after=IN_TURN)
        was = [PromotionState.APPROVED]
        await station.store.promotions.advance(promotion.id, PromotionState.MOVING, tx, was=was, voided=found.voided)
        await station.store.audit.append(entry(promotion, "intended", "intended", before=move.before), tx)


# ---- the alias, the tags, the copy -----------------------------------------------------------------------------------


async def _move(ctx: JobContext, promotion: Promotion, station: Station) -> None:
    move = await station.store.ledger.get(f"{promotion.id}:move") or move_of(promotion)
    if refused := await carry(ctx, station, move):
        await _fail(promotion, station, [move], refused, pending="" if move.state == MoveState.DONE else None)
        return
    told = {"before": move.before or "", "at": datetime.now(UTC).timestamp(), "pending": TAGS}
    await ctx.step("move told", _tell, station, promotion, told)
    refused = await ctx.step("tagged", tag, station, promotion)
    copied, moves = None, [move]
    if target := (await terms_of(station, promotion)).copy_to:
        await ctx.step("copy told", _tell, station, promotion, {"pending": COPY})
        copied = await ctx.step("copied", copy, station, promotion, target)
        if copied.get("refused"):
            await _fail(promotion, station, [move], copied["refused"], pending="")
            return
        moves.append(await copied_move(promotion, station, copied))
        if why := await carry(ctx, station, moves[-1]):
            await _fail(promotion, station, [move], why, pending="", abandoned=[moves[-1]])
            return
    await _done(promotion, station, moves, copied, refused)


async def _tell(station: Station, promotion: Promotion, told: dict[str, Any]) -> None:
    now = await refreshed(station, promotion)
    await station.store.promotions.change(promotion.id, moved=now.moved | told)
    await put_right(station, promotion.id, live=True)


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
    approved = await approvals(station, promotion)
    who: dict[str, Any] = {
        "approved_by": [each.person for each in approved],
        "before": now.moved.get("before"),
        "copied": copied,
    }
    async with station.store.write() as tx:
        await settle(station, moves, tx, done=True)
        await station.store.promotions.advance(
            promotion.id, PromotionState.DONE, tx, was=[PromotionState.MOVING], moved=told
        )
        await station.store.audit.append(entry(promotion, "moved", "promoted", **who), tx)
