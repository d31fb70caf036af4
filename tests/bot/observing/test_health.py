"""What probes are told."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import ServiceDown
from bot.observing import health
from bot.observing.health import Health
from bot.observing.kept import Kept


async def fine() -> None:
    pass


async def away() -> None:
    raise ServiceDown("Airflow", "http://user:password@airflow.test refused")


async def test_a_worker_that_stands_still_is_not_alive() -> None:
    """One that looked a moment ago is."""
    assert Health(lambda: 1.0, {}).alive() == ""
    assert "has not come round for 61 s" in Health(lambda: 61.0, {}).alive()


async def test_each_dependency_is_told_by_name() -> None:
    """With a sentence that holds no address; whether it is needed; and how long it took."""
    conditions = await Health(lambda: 0.0, {"database": fine, "airflow": away}).conditions()
    assert (conditions["database"].ok, conditions["database"].needed, conditions["database"].why) == (True, True, "")
    assert (conditions["airflow"].ok, conditions["airflow"].needed) == (False, False)
    assert conditions["airflow"].why == "Airflow doesn't answer right now."


async def test_what_nobody_foresaw_is_an_answer_too() -> None:
    """By its class's name: its words may hold anything."""

    async def breaks() -> None:
        raise RuntimeError("with a secret")

    conditions = await Health(lambda: 0.0, {"database": breaks}).conditions()
    assert (conditions["database"].ok, conditions["database"].why) == (False, "RuntimeError")


async def test_a_hanging_dependency_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds up no probe for longer than it may take, and is not asked anew while it hangs; then it counts again."""
    monkeypatch.setattr(health, "WITHIN", 0.05)
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
    asked, answers = 0, asyncio.Event()

    async def hangs() -> None:
        nonlocal asked
        asked += 1
        await answers.wait()

    looked = Health(lambda: 0.0, {"mlflow": hangs})
    for _ in range(3):
        conditions = (await looked.conditions())["mlflow"]
        assert (conditions.ok, conditions.why) == (False, "no answer within 0.05 s")
    assert asked == 1
    answers.set()
    assert (await looked.conditions())["mlflow"].ok
    await looked.close()


async def test_a_look_under_way_ends_with_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left behind."""
    monkeypatch.setattr(health, "WITHIN", 0.01)
    ended = asyncio.Event()

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    looked = Health(lambda: 0.0, {"slack": hangs})
    await looked.conditions()
    await looked.close()
    assert ended.is_set()


async def test_many_who_ask_at_once_get_one_answer() -> None:
    """And who asks a little later gets it too; an error is not kept."""
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        if asked == 1:
            raise ServiceDown("Airflow")
        return asked

    kept = Kept(ask, 60)
    with pytest.raises(ServiceDown):
        await kept.get()
    assert await asyncio.gather(*(kept.get() for _ in range(20))) == [2] * 20
    assert await kept.get() == 2
