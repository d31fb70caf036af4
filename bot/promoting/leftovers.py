"""Moves that work intended and left, as it died or was cancelled: settled by what MLflow says.

Until then such a move holds its alias, and hides what others do to it. Work may die after MLflow moved the alias and
before the ledger says so; so none is abandoned unasked: that would lose a version that was promoted.
"""

from __future__ import annotations

from typing import Any

from structlog import get_logger

from bot.errors import NotFound, ServiceError
from bot.promoting.entries import STATIONMASTER, entry
from bot.promoting.moving import step_of
from bot.promoting.showing import put_right
from bot.station import Station
from bot.store import AuditEntry, How, Move, MoveState, Promotion, PromotionState, Transaction

log = get_logger(__name__)
QUIET = 30.0  # seconds after the end of work in which a call that it made may still reach MLflow
CANCELLED = "its work was cancelled"


async def settle_left_over(station: Station) -> None:
    """Settle every such move. One that MLflow says nothing of stays, and is asked for again at the next look."""
    for move in await station.store.ledger.left_over(QUIET):
        try:
            be = await _became(station, move)
        except ServiceError as error:
            log.warning("move.left_over", move=move.id, error=str(error))
        else:
            await _settle(station, move, be)


async def _became(station: Station, move: Move) -> MoveState:
    """Was it made? Its work may remember that; else the version that holds the alias tells."""
    steps = await station.jobs.steps(move.job_id or "")
    if steps.get(f"step:{step_of(move)}") == '""':
        return MoveState.DONE
    try:
        holder = await station.registry.holder(move.registered_model, move.alias)
    except NotFound:  # the model itself
        holder = None
    return MoveState.DONE if holder and holder.version == move.after else MoveState.ABANDONED


async def _settle(station: Station, move: Move, be: MoveState) -> None:
    """In one transaction: the ledger, the audit trail, and the end of a request that nobody carries out any more.

    Dead work can be begun again, and ends its request then; cancelled work can't.
    """
    promotion = await station.store.promotions.get(move.promotion or "")
    job = await station.jobs.get(move.job_id or "")
    async with station.store.write() as tx:
        if not await station.store.ledger.settle_for(move, be, tx):
            return
        await station.store.audit.append(_row(move, be, promotion), tx)
        if promotion and move.how == How.PROMOTION and (job is None or job.state != "dead"):
            await _end(station, promotion, tx)
    log.info("move.settled", move=move.id, state=str(be))
    if promotion:
        await put_right(station, promotion.id)


async def _end(station: Station, promotion: Promotion, tx: Transaction) -> None:
    main = await station.store.ledger.get(f"{promotion.id}:move", tx)
    moved: dict[str, Any] = {}
    if main and main.state == MoveState.DONE:
        moved = {"before": main.before or "", "at": main.at} | promotion.moved | {"pending": ""}
    be, was = PromotionState.FAILED, [PromotionState.MOVING]
    if await station.store.promotions.advance(promotion.id, be, tx, was=was, why=CANCELLED, moved=moved):
        await station.store.audit.append(entry(promotion, "failed", "failed", why=CANCELLED), tx)


def _row(move: Move, be: MoveState, promotion: Promotion | None) -> AuditEntry:
    return AuditEntry(
        id=f"{move.id}:found",
        actor=STATIONMASTER[0],
        actor_name=STATIONMASTER[1],
        action="rollback" if move.how == How.ROLLBACK else "promote",
        outcome="found moved" if be == MoveState.DONE else "found unmoved",
        model=promotion.model if promotion else None,
        subject=f"{move.registered_model} v{move.after}",
        detail={"alias": move.alias, "before": move.before, "by": move.by},
        job_id=move.job_id,
    )
