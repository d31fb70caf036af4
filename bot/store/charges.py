"""What runs are charged for, and to whom: reserved when they are accepted, settled when they end.

A charge belongs to the work that starts a run, and counts against each of its accounts (a person, user groups, a
model) in one calendar month. Amounts are whole millionths of its currency.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import account, charge, charge_account, job, run


class ChargeState(StrEnum):
    """Where a charge stands. Only what is reserved or settled counts against a budget."""

    ASKING = "asking"  # waits for somebody to agree
    RESERVED = "reserved"
    SETTLED = "settled"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One run's. `price` is an hour's, `amount` what is reserved, `cost` what it came to, None until it is settled.

    `words` say what is reserved, for people. `why` says why somebody has to agree, and is empty where nobody has;
    `answered_by` is who has answered that, at `answered_at` in epoch seconds.
    """

    job_id: str
    state: str
    profile: str
    month: str
    currency: str
    price: int
    amount: int
    words: str = ""
    why: str = ""
    cost: int | None = None
    settled_by: str | None = None
    answered_by: str | None = None
    answered_name: str | None = None
    answered_at: float | None = None
    at: float = 0.0


_COUNTS = charge.c.state.in_((ChargeState.RESERVED, ChargeState.SETTLED))


_SPENT = (
    sa.select(charge_account.c.account, sa.func.sum(sa.func.coalesce(charge.c.cost, charge.c.amount)))
    .join(charge, charge.c.job_id == charge_account.c.job_id)
    .where(charge_account.c.account.in_(sa.bindparam("accounts", expanding=True)), _COUNTS)
    .where(charge.c.month == sa.bindparam("month"), charge.c.currency == sa.bindparam("currency"))
    .group_by(charge_account.c.account)
)


class Charges:
    """Adds, answers, settles and sums charges."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._new = charge.insert().values(at=database.now)
        locked = database.insert(account)
        self._lock = locked.on_conflict_do_update(index_elements=["name"], set_={"name": locked.excluded.name})

    async def add(self, new: Charge, accounts: Collection[str], tx: Transaction) -> None:
        """Write a new charge to these accounts."""
        await tx.execute(self._new, {name: value for name, value in vars(new).items() if name != "at"})
        if accounts:
            await tx.execute(
                charge_account.insert(), [{"job_id": new.job_id, "account": name} for name in sorted(set(accounts))]
            )

    async def lock(self, accounts: Collection[str], tx: Transaction) -> None:
        """Let nobody else reserve on these accounts until `tx` ends. In one order, so that no two wait in a ring."""
        if accounts:
            await tx.execute(self._lock, [{"name": name} for name in sorted(set(accounts))])

    async def spent(
        self, accounts: Collection[str], month: str, currency: str, tx: Transaction | None = None
    ) -> Mapping[str, int]:
        """What is reserved or settled on each of these accounts in the month; 0 where nothing is."""
        if not accounts:
            return {}
        which = {"accounts": list(accounts), "month": month, "currency": currency}
        async with self._database.read(tx) as connection:
            found = {name: int(total) for name, total in await connection.execute(_SPENT, which)}
        return {name: found.get(name, 0) for name in accounts}

    async def get(self, job_id: str, tx: Transaction | None = None) -> Charge | None:
        """The charge of this work."""
        async with self._database.read(tx) as connection:
            row = (await connection.execute(sa.select(charge).where(charge.c.job_id == job_id))).first()
        return Charge(**row._asdict()) if row else None

    async def agree(self, job_id: str, person: str, name: str, month: str, tx: Transaction) -> bool:
        """Somebody agrees: the amount is reserved, in this month. False where it waits for nobody (any more)."""
        return await self._answer(tx, job_id, ChargeState.RESERVED, person, name, month=month)

    async def decline(self, job_id: str, person: str, name: str, tx: Transaction) -> bool:
        """Somebody says no. False where it waits for nobody (any more)."""
        return await self._answer(tx, job_id, ChargeState.DECLINED, person, name)

    async def expire(self, job_id: str, tx: Transaction) -> bool:
        """Nobody has answered in time. False where it waits for nobody (any more)."""
        return await self._answer(tx, job_id, ChargeState.EXPIRED, None, None)

    async def settle(self, job_id: str, by: str, cost: int, tx: Transaction) -> bool:
        """The run has ended, and this end cost so much; a run that is set going again adds to it.

        `by` names the end: the same end again changes nothing and returns False, as does a charge that doesn't count.
        """
        update = (
            charge.update()
            .where(charge.c.job_id == job_id, _COUNTS, charge.c.settled_by.is_distinct_from(by))
            .values(state=ChargeState.SETTLED, cost=sa.func.coalesce(charge.c.cost, 0) + cost, settled_by=by)
        )
        return bool((await tx.execute(update)).rowcount)

    async def stranded(self) -> Sequence[str]:
        """The open charges of work that has ended without a run that is followed."""
        query = (
            sa.select(charge.c.job_id)
            .join(job, job.c.id == charge.c.job_id)
            .where(
                charge.c.state.in_((ChargeState.RESERVED, ChargeState.ASKING)), job.c.state.in_(("dead", "cancelled"))
            )
            .where(~sa.exists().where(run.c.job_id == charge.c.job_id))
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def _answer(
        self, tx: Transaction, job_id: str, state: ChargeState, person: str | None, name: str | None, **more: Any
    ) -> bool:
        who = {"answered_by": person, "answered_name": name, "answered_at": self._database.now}
        waiting = charge.update().where(charge.c.job_id == job_id, charge.c.state == ChargeState.ASKING)
        return bool((await tx.execute(waiting.values(state=state, **who, **more))).rowcount)
