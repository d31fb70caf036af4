"""Requests to promote and the ledger of aliases: one request, one move at a time, and what may be gone back to."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.jobs import Jobs
from bot.store import How, Move, MoveState, Promotion, PromotionState, Store
from tests.bot.jobs_kit import opened

WAITING, APPROVED = PromotionState.WAITING, PromotionState.APPROVED


def request(promotion_id: str = "p1", version: str = "13", **more: Any) -> Promotion:
    values: dict[str, Any] = {
        "model": "delays",
        "registered_model": "delays",
        "alias": "production",
        "requested_by": "U0DANA",
        "requested_by_name": "Dana",
        "evidence": {"version": version},
        "digest": "d",
        "expires": 1e10,
    }
    return Promotion(id=promotion_id, version=version, **(values | more))


def move(move_id: str, before: str | None, after: str | None, how: How = How.PROMOTION, **more: Any) -> Move:
    return Move(id=move_id, registered_model="delays", alias="production", before=before, after=after, how=how, **more)


async def add(store: Store, new: Promotion) -> bool:
    async with store.write() as tx:
        return await store.promotions.add(new, tx)


async def intend(store: Store, new: Move, made: int) -> bool:
    async with store.write() as tx:
        return await store.ledger.intend(new, made, tx)


async def settle(store: Store, move_id: str, be: MoveState = MoveState.DONE) -> bool:
    async with store.write() as tx:
        return await store.ledger.settle(move_id, be, tx)


async def settle_for(store: Store, left: Move) -> bool:
    async with store.write() as tx:
        return await store.ledger.settle_for(left, MoveState.ABANDONED, tx)


async def advance(store: Store, be: PromotionState, *was: PromotionState, **changes: Any) -> bool:
    async with store.write() as tx:
        return await store.promotions.advance("p1", be, tx, was=was, **changes)


async def test_a_version_is_asked_for_an_alias_once_at_a_time(database: str) -> None:
    """A second request is refused while the first is pending, of two at once one; after its end another may come."""
    async with opened(database) as store:
        assert sorted(await asyncio.gather(add(store, request("p1")), add(store, request("p2")))) == [False, True]
        first = await store.promotions.asking("delays", "production", "13")
        assert first is not None
        assert first.evidence == {"version": "13"}
        assert not await add(store, request("p3"))
        assert await add(store, request("p4", version="14"))
        assert await add(store, request("p5", alias="staging"))
        async with store.write() as tx:
            assert await store.promotions.advance(first.id, PromotionState.EXPIRED, tx, was=[WAITING])
        assert await store.promotions.asking("delays", "production", "13") is None
        assert await add(store, request("p6"))
        assert {each.id for each in await store.promotions.pending()} == {"p4", "p5", "p6"}
        assert (await store.promotions.of_model("delays", version="13"))[0].id == "p6"


async def test_a_request_is_decided_once(database: str) -> None:
    """Its state changes only from where it is thought to stand; a decision that is taken back leaves no time."""
    async with opened(database) as store:
        await add(store, request())
        assert await advance(store, APPROVED, WAITING)
        assert not await advance(store, PromotionState.REJECTED, WAITING)
        approved = await store.promotions.get("p1")
        assert approved is not None
        assert (approved.state, approved.pending) == (APPROVED, True)
        assert approved.decided is not None
        assert await advance(store, WAITING, APPROVED, voided={"U0OMAR": "left"})
        again = await store.promotions.get("p1")
        assert again is not None
        assert (again.decided, again.voided) == (None, {"U0OMAR": "left"})


async def test_one_move_of_an_alias_is_intended_at_a_time(database: str) -> None:
    """Of two that were decided on in the same situation one is made, also after the first has ended."""
    async with opened(database) as store:
        jobs = Jobs(store)
        for job_id in ("j1", "j2"):
            await jobs.submit(job_id, "promotion", {})
        first, second = move("m1", None, "13", job_id="j1"), move("m2", None, "14", job_id="j2")
        assert sorted(await asyncio.gather(intend(store, first, 0), intend(store, second, 0))) == [False, True]
        held = await store.ledger.intended("delays", "production")
        assert held is not None
        assert await intend(store, first if held.id == "m1" else second, 0)  # repeated: it has it
        assert not await store.ledger.add(move("o1", None, "15", How.OUTSIDE))  # ours is under way: not outside
        assert await store.ledger.current("delays", "production") is None
        assert await settle(store, held.id)
        assert not await settle(store, held.id)
        assert not await intend(store, second if held.id == "m1" else first, 0)
        assert await store.ledger.made("delays", "production") == 1
        now = await store.ledger.current("delays", "production")
        assert now is not None
        assert (now.id, now.state) == (held.id, MoveState.DONE)


async def test_a_hold_of_work_that_is_over_is_left_over(database: str) -> None:
    """Nobody else gets it before it is settled; that is refused while its work goes on."""
    async with opened(database) as store:
        jobs = Jobs(store)
        for job_id in ("j1", "j2"):
            await jobs.submit(job_id, "promotion", {})
        first, second = move("m1", None, "13", job_id="j1"), move("m2", None, "14", job_id="j2")
        assert await intend(store, first, 0)
        assert await store.ledger.left_over(0.0) == []
        assert not await settle_for(store, first)
        await jobs.cancel("j1")
        assert not await intend(store, second, 0)
        assert await store.ledger.left_over(60.0) == []  # it may still act
        assert [each.id for each in await store.ledger.left_over(0.0)] == ["m1"]
        assert await settle_for(store, first)
        assert not await settle_for(store, first)
        assert await store.ledger.left_over(0.0) == []
        assert await intend(store, second, 0)
        assert not await intend(store, first, 0)


async def test_targets_are_what_was_promoted(database: str) -> None:
    """Newest first, one a version; what was adopted, moved outside or abandoned is none; other models are apart."""
    async with opened(database) as store:
        for each in (
            move("a", None, "9", How.ADOPTED),
            move("b", "9", "11", digest="eleven", promotion="p11"),
            move("c", "11", "12", How.OUTSIDE),
            move("d", "12", "13", digest="thirteen", promotion="p13"),
            move("e", "13", "11", How.ROLLBACK, promotion="p11"),
        ):
            assert await store.ledger.add(each)
        assert not await store.ledger.add(move("a", None, "9", How.ADOPTED))
        assert await intend(store, move("f", "11", "14"), 5)
        assert await settle(store, "f", MoveState.ABANDONED)
        found = await store.ledger.targets("delays", "production")
        assert [(each.after, each.digest) for each in found] == [("13", "thirteen"), ("11", "eleven")]
        assert await store.ledger.targets("delays", "staging") == []
        assert [each.id for each in await store.ledger.of_promotion("p11")] == ["b", "e"]
        assert [each.id for each in await store.ledger.of_model("delays")] == ["a", "b", "c", "d", "e"]
