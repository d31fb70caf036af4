"""Requests to promote: one at a time for the same version and alias, each decided once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import PENDING, promotion


class PromotionState(StrEnum):
    """Where a request stands. The first three are pending; the others are final."""

    WAITING = "waiting"  # for people to decide
    APPROVED = "approved"  # by as many as are needed: the evidence is read again
    MOVING = "moving"  # the alias is about to move, or has, and something is left to be done
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"  # what was approved is not what there is now
    FAILED = "failed"  # MLflow refused, or the alias was moved by somebody else at that moment

    @property
    def pending(self) -> bool:
        """Is something still to come of it?"""
        return self.value in PENDING


_DECISIONS = {
    PromotionState.APPROVED,
    PromotionState.REJECTED,
    PromotionState.WITHDRAWN,
    PromotionState.EXPIRED,
    PromotionState.VOID,
}


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A request that `version` of `registered_model` gets `alias`; `id` is that of the job which carries it out.

    `evidence` is a `bot.promoting.evidence.Evidence` as JSON, `digest` its digest: an approval holds for exactly this.
    `override` is the reason for going past failed gates, empty where none failed. `needed` counts approvals; the votes
    are in `Store.decisions` under this id, and `voided` says by person why an approval counts no more. `why` says why
    it ended without the alias moving. `moved` and `deploy` tell what was carried out, for its card. Times are epoch
    seconds; the store sets `created` and `decided`.
    """

    id: str
    model: str
    registered_model: str
    alias: str
    version: str
    requested_by: str
    requested_by_name: str
    evidence: dict[str, Any]
    digest: str
    expires: float
    needed: int = 1
    state: str = PromotionState.WAITING
    reason: str = ""
    override: str = ""
    voided: dict[str, str] = field(default_factory=dict)
    why: str = ""
    moved: dict[str, Any] = field(default_factory=dict)
    deploy: dict[str, Any] = field(default_factory=dict)
    card_channel: str | None = None
    card_ts: str | None = None
    created: float = 0.0
    decided: float | None = None

    @property
    def pending(self) -> bool:
        """Is something still to come of it?"""
        return self.state in PENDING


class Promotions:
    """Adds, changes and finds requests to promote."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Promotion, tx: Transaction) -> bool:
        """Write a new request; False where it is known, or the same version is asked for this alias already."""
        row = self._database.insert(promotion).values(vars(new) | {"created": self._database.now})
        added = await tx.execute(row.on_conflict_do_nothing().returning(promotion.c.id))
        return added.first() is not None

    async def advance(
        self, promotion_id: str, be: PromotionState, tx: Transaction, *, was: Collection[PromotionState], **changes: Any
    ) -> bool:
        """Change its state, and with it what `changes` names; False, and nothing changed, where it was in none of
        `was`. An approval, and what ends it without one, is its decision.
        """
        at: dict[str, Any] = {}
        if be in _DECISIONS:
            at = {"decided": self._database.now}
        elif be == PromotionState.WAITING:
            at = {"decided": None}
        update = promotion.update().where(promotion.c.id == promotion_id, promotion.c.state.in_(list(was)))
        return bool((await tx.execute(update.values(state=be, **at, **changes))).rowcount)

    async def change(self, promotion_id: str, tx: Transaction | None = None, **changes: Any) -> None:
        """Note where its card stands, or what is told on it."""
        async with self._database.within(tx) as connection:
            await connection.execute(promotion.update().where(promotion.c.id == promotion_id).values(changes))

    async def get(self, promotion_id: str, tx: Transaction | None = None) -> Promotion | None:
        """One request."""
        found = await self._select(sa.select(promotion).where(promotion.c.id == promotion_id), tx)
        return found[0] if found else None

    async def of_card(self, channel: str, ts: str) -> Promotion | None:
        """The request whose card stands there."""
        where = (promotion.c.card_channel == channel, promotion.c.card_ts == ts)
        found = await self._select(sa.select(promotion).where(*where))
        return found[0] if found else None

    async def pending(self) -> Sequence[Promotion]:
        """Every request of which something is still to come, oldest first."""
        query = sa.select(promotion).where(promotion.c.state.in_(PENDING)).order_by(promotion.c.created)
        return await self._select(query)

    async def asking(
        self, registered_model: str, alias: str, version: str, tx: Transaction | None = None
    ) -> Promotion | None:
        """The pending request that this version gets this alias."""
        same = sa.and_(
            promotion.c.registered_model == registered_model,
            promotion.c.alias == alias,
            promotion.c.version == version,
        )
        found = await self._select(sa.select(promotion).where(same, promotion.c.state.in_(PENDING)), tx)
        return found[0] if found else None

    async def of_model(self, model: str, *, version: str = "", limit: int = 100) -> Sequence[Promotion]:
        """The last requests of a model of the catalogue, newest first; those of one version if it is given."""
        query = sa.select(promotion).where(promotion.c.model == model).order_by(promotion.c.created.desc()).limit(limit)
        return await self._select(query.where(promotion.c.version == version) if version else query)

    async def _select(self, query: sa.Select[Any], tx: Transaction | None = None) -> Sequence[Promotion]:
        async with self._database.read(tx) as connection:
            return [Promotion(**row._asdict()) for row in await connection.execute(query)]
