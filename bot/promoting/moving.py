"""An alias moved in MLflow, which has no compare-and-set: held in the ledger before, read before and after.

Each function may be repeated after any crash: what an earlier attempt did is found, and not done again.
"""

from __future__ import annotations

from bot.errors import NotFound, ServiceDenied, ServiceRejected
from bot.jobs import JobContext
from bot.ports import Registry
from bot.promoting.evidence import Evidence, digest_of
from bot.station import Station
from bot.store import How, Move, MoveState, Promotion, Transaction

IN_TURN = 1.0  # seconds between looks whether another move of the alias is over


def move_of(promotion: Promotion) -> Move:
    """The move that an approved request asks for."""
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


async def intended(station: Station, move: Move, made: int) -> Move | None:
    """Take hold of the alias for this move: the move as it is kept. None where somebody else is moving it, or has.

    `made`: how many moves of the alias the ledger had when this one was decided on.
    """
    async with station.store.write() as tx:
        if not await station.store.ledger.intend(move, made, tx):
            return None
        return await station.store.ledger.get(move.id, tx)


async def carry(ctx: JobContext, station: Station, move: Move) -> str:
    """Let the alias move as intended, as a step of its own; empty once it has, else why not, in words.

    Work that died may be begun again after a look has settled its moves, and others have moved the alias since.
    """
    ledger, whose = station.store.ledger, f"{move.alias} of {move.registered_model}"
    kept = await ledger.get(move.id)
    if kept is None or kept.state == MoveState.ABANDONED:
        return f"the hold on {whose} was lost"
    if kept.state == MoveState.DONE:
        now = await ledger.current(move.registered_model, move.alias)
        return "" if now and now.id == move.id else f"{whose} has moved on since"
    return str(await ctx.step(step_of(move), set_alias, station.registry, move))


def step_of(move: Move) -> str:
    """The step that moves the alias: work that remembers an empty result of it has moved it."""
    return f"moved {move.id}"


async def set_alias(registry: Registry, move: Move) -> str:
    """Let the alias move as intended; empty once the registry says that it has, else why it did not, in words.

    It moves only from where it was meant to: what somebody did in MLflow itself meanwhile is not undone.
    """
    held = await _held(registry, move)
    if held == move.after:
        return ""  # an earlier attempt moved it
    if held != move.before:
        return _elsewhere(move, held)
    if refused := await _try(registry, move):
        return refused
    held = await _held(registry, move)
    return "" if held == move.after else _elsewhere(move, held)


async def _try(registry: Registry, move: Move) -> str:
    """Set it; why the registry doesn't. Of two that give a new alias at once MLflow may refuse one for no reason."""
    for attempt in (1, 2):
        try:
            await registry.set_alias(move.registered_model, move.alias, move.after or "")
        except ServiceRejected as error:
            if attempt == 2:
                return error.sentence.removesuffix(".")
        except (ServiceDenied, NotFound) as error:
            return error.sentence.removesuffix(".")
        else:
            break
    return ""


async def _held(registry: Registry, move: Move) -> str | None:
    holder = await registry.holder(move.registered_model, move.alias)
    return holder.version if holder else None


def _elsewhere(move: Move, held: str | None) -> str:
    now = f"holds v{held}" if held else "holds nothing"
    return f"{move.alias} of {move.registered_model} {now}, moved in MLflow itself at that moment"


async def settle(station: Station, moves: list[Move], tx: Transaction, *, done: bool) -> None:
    """Note what became of intended moves: this lets go of their aliases."""
    for move in moves:
        await station.store.ledger.settle(move.id, MoveState.DONE if done else MoveState.ABANDONED, tx)
