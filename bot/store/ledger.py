"""The ledger: which version held which alias, since when, by whose doing. MLflow keeps no history of aliases.

A move that the bot makes is written down as intended before MLflow hears of it, and as done after. At most one move
of an alias is intended at a time: the row is the hold on the alias, and it belongs to durable work, so that it needs
no lease and survives a crash together with the work.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import LIVE, job, ledger


class How(StrEnum):
    """By whose doing an alias moved."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    OUTSIDE = "outside"  # in MLflow itself
    ADOPTED = "adopted"  # it stood there when the bot first looked


class MoveState(StrEnum):
    """Where a move stands."""

    INTENDED = "intended"
    DONE = "done"
    ABANDONED = "abandoned"


@dataclass(frozen=True, kw_only=True)
class Move:
    """An alias of a registered model goes from the version `before` to `after`; None: nothing held it, or holds it.

    `digest` is that of the artifacts of `after`. `promotion` is the request by which `after` came to hold the alias:
    for a rollback, the earlier one. `at` is in epoch seconds; the store sets it, and `seq`, which counts up.
    """

    id: str
    registered_model: str
    alias: str
    before: str | None
    after: str | None
    how: str
    state: str = MoveState.DONE
    promotion: str | None = None
    digest: str = ""
    by: str = ""
    by_name: str = ""
    reason: str = ""
    job_id: str | None = None
    seq: int = 0
    at: float = 0.0


class Ledger:
    """Adds moves, and tells what held an alias."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, move: Move, tx: Transaction | None = None) -> bool:
        """Enter a move that was made elsewhere.

        False, and nothing changed, where its id is known, or the bot itself is about to move this alias.
        """
        async with self._database.within(tx) as connection:
            if await self.intended(move.registered_model, move.alias, connection):
                return False
            return await self._insert(move, connection)

    async def intend(self, move: Move, made: int, tx: Transaction) -> bool:
        """Take hold of the alias for this move, as intended; True too where this very move has it already.

        `made`: how many moves of the alias there were (see `made`) when it was decided on. False where there were
        others since, or another one is intended: by work that goes on, or that is over and left it (see `left_over`).
        """
        if (known := await self.get(move.id, tx)) is not None:
            return known.state == MoveState.INTENDED
        if await self.made(move.registered_model, move.alias, tx) != made:
            return False
        return await self._insert(move, tx, state=MoveState.INTENDED)

    async def settle(self, move_id: str, be: MoveState, tx: Transaction) -> bool:
        """An intended move is done, or abandoned; False where it is intended no longer."""
        update = ledger.update().where(ledger.c.id == move_id, ledger.c.state == MoveState.INTENDED)
        return bool((await tx.execute(update.values(state=be, at=self._database.now))).rowcount)

    async def left_over(self, quiet: float) -> Sequence[Move]:
        """The intended moves whose work has been over for `quiet` seconds without settling them, oldest first."""
        may_act = sa.or_(job.c.state.in_(LIVE), job.c.updated > self._database.now - quiet)
        theirs = sa.exists().where(job.c.id == ledger.c.job_id, may_act)
        return await self._select(
            sa.select(ledger).where(ledger.c.state == MoveState.INTENDED, ~theirs).order_by(ledger.c.seq)
        )

    async def settle_for(self, move: Move, be: MoveState, tx: Transaction) -> bool:
        """Settle an intended move for its work, which is over; False where that goes on again, or somebody has."""
        state = await tx.scalar(sa.select(job.c.state).where(job.c.id == move.job_id).with_for_update())
        return state not in LIVE and await self.settle(move.id, be, tx)

    async def made(self, registered_model: str, alias: str, tx: Transaction | None = None) -> int:
        """How many moves of this alias are known."""
        query = sa.select(sa.func.count()).where(*_done(registered_model, alias))
        async with self._database.read(tx) as connection:
            return int(await connection.scalar(query) or 0)

    async def get(self, move_id: str, tx: Transaction | None = None) -> Move | None:
        """One move."""
        return _first(await self._select(sa.select(ledger).where(ledger.c.id == move_id), tx))

    async def current(self, registered_model: str, alias: str) -> Move | None:
        """The last move of the alias that was made."""
        query = sa.select(ledger).where(*_done(registered_model, alias)).order_by(ledger.c.seq.desc()).limit(1)
        return _first(await self._select(query))

    async def positions(self, registered_models: Collection[str]) -> Mapping[tuple[str, str], tuple[int, Move]]:
        """How often each alias of these models was moved, and its last move, by model and alias."""
        of_them = (ledger.c.registered_model.in_(registered_models), ledger.c.state == MoveState.DONE)
        last = sa.select(sa.func.count().label("made"), sa.func.max(ledger.c.seq).label("seq")).where(*of_them)
        counted = last.group_by(ledger.c.registered_model, ledger.c.alias).subquery()
        query = sa.select(ledger, counted.c.made).join(counted, counted.c.seq == ledger.c.seq)
        async with self._database.read() as connection:
            rows = [row._asdict() for row in await connection.execute(query)]
        return {(row["registered_model"], row["alias"]): (row.pop("made"), Move(**row)) for row in rows}

    async def promoted(self, registered_models: Collection[str]) -> Mapping[tuple[str, str], str]:
        """The versions of these models that were promoted, by model and number, each with the alias of its last."""
        made = (ledger.c.state == MoveState.DONE, ledger.c.how == How.PROMOTION, ledger.c.after.is_not(None))
        query = sa.select(ledger.c.registered_model, ledger.c.after, ledger.c.alias).where(
            ledger.c.registered_model.in_(registered_models), *made
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(ledger.c.seq))
            return {(row.registered_model, row.after): row.alias for row in rows}

    async def intended(self, registered_model: str, alias: str, tx: Transaction | None = None) -> Move | None:
        """The move of the alias that the bot is about to make, if there is one."""
        query = sa.select(ledger).where(
            ledger.c.registered_model == registered_model,
            ledger.c.alias == alias,
            ledger.c.state == MoveState.INTENDED,
        )
        return _first(await self._select(query, tx))

    async def targets(self, registered_model: str, alias: str) -> Sequence[Move]:
        """The promotions by which versions came to hold the alias: one a version, its last, newest first."""
        promoted = sa.select(ledger).where(*_done(registered_model, alias), ledger.c.how == How.PROMOTION)
        found = await self._select(promoted.order_by(ledger.c.seq.desc()))
        return list({move.after: move for move in reversed(found)}.values())[::-1]

    async def of_model(self, registered_model: str, *, limit: int = 1_000) -> Sequence[Move]:
        """The last moves of a model's aliases that were made, oldest first."""
        made = sa.select(ledger).where(ledger.c.registered_model == registered_model, ledger.c.state == MoveState.DONE)
        return (await self._select(made.order_by(ledger.c.seq.desc()).limit(limit)))[::-1]

    async def of_promotion(self, promotion_id: str) -> Sequence[Move]:
        """The moves that a request led to, rollbacks to it among them, oldest first."""
        query = sa.select(ledger).where(ledger.c.promotion == promotion_id, ledger.c.state == MoveState.DONE)
        return await self._select(query.order_by(ledger.c.seq))

    async def _insert(self, move: Move, tx: Transaction, **changes: Any) -> bool:
        values = {name: value for name, value in vars(move).items() if name != "seq"}
        row = self._database.insert(ledger).values(values | {"at": self._database.now} | changes)
        return (await tx.execute(row.on_conflict_do_nothing().returning(ledger.c.seq))).first() is not None

    async def _select(self, query: sa.Select[Any], tx: Transaction | None = None) -> Sequence[Move]:
        async with self._database.read(tx) as connection:
            return [Move(**row._asdict()) for row in await connection.execute(query)]


def _done(registered_model: str, alias: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ledger.c.registered_model == registered_model,
        ledger.c.alias == alias,
        ledger.c.state == MoveState.DONE,
    )


def _first(moves: Sequence[Move]) -> Move | None:
    return moves[0] if moves else None
