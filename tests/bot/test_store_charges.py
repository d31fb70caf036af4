"""Charges: reserved, answered, settled once, and summed by account and month."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.jobs import Jobs
from bot.launching.budget import Balance
from bot.store import Charge, ChargeState, Duration, FollowedRun, Store, Transaction
from tests.bot.jobs_kit import opened

DANA = ["person:U0DANA", "model:delays"]


def charge(job_id: str = "j1", **changes: Any) -> Charge:
    values: dict[str, Any] = {"state": ChargeState.RESERVED, "profile": "gpu", "month": "2026-11", "currency": "USD"}
    return Charge(job_id=job_id, **(values | {"price": 18_000_000, "amount": 1_400_000} | changes))


async def add(store: Store, new: Charge, accounts: list[str] = DANA) -> None:
    async with store.write() as tx:
        await store.charges.add(new, accounts, tx)


async def spent(store: Store, account: str = "person:U0DANA", month: str = "2026-11", currency: str = "USD") -> int:
    return (await store.charges.spent([account], month, currency))[account]


async def test_a_charge_counts_against_each_of_its_accounts_in_its_month(database: str) -> None:
    """Sums are by account, month and currency; another's are another's."""
    async with opened(database) as store:
        await add(store, charge("a"))
        await add(store, charge("b", amount=600_000), ["person:U0OMAR", "model:delays"])
        assert await store.charges.spent([*DANA, "person:U0X"], "2026-11", "USD") == {
            "person:U0DANA": 1_400_000,
            "model:delays": 2_000_000,
            "person:U0X": 0,
        }
        assert (await spent(store, month="2026-12"), await spent(store, currency="EUR")) == (0, 0)


async def test_the_cost_takes_the_place_of_what_was_reserved(database: str) -> None:
    """Once for each end of the run: told again it changes nothing, and a run set going again adds to it."""
    async with opened(database) as store:
        await add(store, charge())
        async with store.write() as tx:
            assert await store.charges.settle("j1", "end 1", 960_000, tx)
            assert not await store.charges.settle("j1", "end 1", 960_000, tx)
        assert await spent(store) == 960_000
        async with store.write() as tx:
            assert await store.charges.settle("j1", "end 2", 40_000, tx)
        assert await spent(store) == 1_000_000
        assert (await store.charges.get("j1") or charge()).cost == 1_000_000


@pytest.mark.parametrize("answer", ["agree", "decline", "expire"])
async def test_a_question_is_answered_once(database: str, answer: str) -> None:
    """While it waits it counts for nothing; the first answer holds, and agreed it counts in the month of the answer."""
    async with opened(database) as store:
        await add(store, charge(state=ChargeState.ASKING, why="it may cost $9"))
        assert await spent(store) == 0

        async def say(what: str, tx: Transaction) -> bool:
            if what == "agree":
                return await store.charges.agree("j1", "U0OMAR", "Omar", "2026-12", tx)
            if what == "decline":
                return await store.charges.decline("j1", "U0OMAR", "Omar", tx)
            return await store.charges.expire("j1", tx)

        async with store.write() as tx:
            assert await say(answer, tx)
            assert [await say(each, tx) for each in ("agree", "decline", "expire")] == [False] * 3
        kept = await store.charges.get("j1")
        assert kept
        assert kept.answered_at
        assert kept.answered_name == (None if answer == "expire" else "Omar")
        assert await spent(store, month="2026-12") == (1_400_000 if answer == "agree" else 0)
        async with store.write() as tx:
            assert await store.charges.settle("j1", "end", 5, tx) == (answer == "agree")


async def test_two_starts_at_one_instant_do_not_both_pass(database: str) -> None:
    """Two processes, twenty requests each, room for seven: seven are reserved, whoever comes first."""
    limit = 7 * 1_400_000

    async def request(store: Store, number: int, name: str) -> bool:
        passed: list[bool] = []

        async def also(tx: Transaction) -> None:
            await store.charges.lock(DANA, tx)
            before = await store.charges.spent(DANA, "2026-11", "USD", tx)
            await asyncio.sleep(0)  # let whoever would come between come now
            passed.append(Balance("person:U0DANA", limit, before["person:U0DANA"], "USD").fits(1_400_000))
            state = ChargeState.RESERVED if passed[0] else ChargeState.ASKING
            await store.charges.add(charge(f"{name}{number}", state=state), DANA, tx)

        await Jobs(store).submit(f"{name}{number}", "run.start", {}, also=also)
        return passed[0]

    async with opened(database) as one, opened(database) as other:
        asked = [request(store, number, name) for store, name in ((one, "a"), (other, "b")) for number in range(20)]
        assert sum(await asyncio.gather(*asked)) == 7
        assert await spent(one) == limit


async def test_what_is_stranded_is_found(database: str) -> None:
    """The open charge of work that was cancelled, unless its run is followed: that one ends by itself."""
    async with opened(database) as store:
        jobs = Jobs(store)
        for name in ("gone", "alive", "followed"):
            await jobs.submit(name, "run.start", {})
            await add(store, charge(name))
        followed = FollowedRun(
            dag_id="d", dag_run_id="r", model="m", origin="command", state="queued", conf={}, job_id="followed"
        )
        await store.runs.add(followed)
        assert await jobs.cancel("gone")
        assert await jobs.cancel("followed")
        assert await store.charges.stranded() == ["gone"]


async def test_durations_are_kept_by_run(database: str) -> None:
    """The last ones of a DAG come newest first; a run that ran again has its new duration."""
    async with opened(database) as store:

        def of(run: str, seconds: float, ended: float, dag: str = "d") -> Duration:
            return Duration(dag_id=dag, dag_run_id=run, profile="gpu", seconds=seconds, ended=ended)

        await store.durations.put([of("a", 1, 1), of("b", 2, 2), of("c", 3, 3), of("a", 9, 9, "other")])
        await store.durations.put([of("a", 5, 10)])
        last = await store.durations.last("d", 2)
        assert [(each.dag_run_id, each.seconds) for each in last] == [("a", 5), ("c", 3)]
