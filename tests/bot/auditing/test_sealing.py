"""The trail is sealed, by one process at a time, and its head is published; on both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.auditing.heads import FileOfHeads, Head
from bot.auditing.seals import Seals
from bot.errors import ConfigError, ServiceDown
from bot.jobs import Fenced, Jobs
from bot.store import Store
from tests.bot.auditing.kit import KEY, entry, looked, sealed, sealing, written
from tests.bot.jobs_kit import execute, opened
from tests.until import until


class Away:
    """A place for heads that can be switched off."""

    def __init__(self) -> None:
        self.published: list[Head] = []
        self.away = True

    async def publish(self, head: Head) -> None:
        if self.away:
            raise ServiceDown("AWS", "away")
        self.published.append(head)

    async def heads(self) -> Sequence[Head]:
        return self.published


async def test_rows_are_sealed_in_order_behind_one_another(database: str) -> None:
    """Each seal is of the row, its place and the seal before; places have no gaps; a second round adds to the end."""
    async with opened(database) as store:
        await written(store, 3)
        seals = sealing(store)
        await seals.round()
        await written(store, 2, first=4)
        await seals.round()
        rows = await store.audit.after()
        assert [row.place for row in rows] == [1, 2, 3, 4, 5]
        assert [row.prev for row in rows] == ["", *(row.seal for row in rows[:-1])]
        assert len({row.seal for row in rows}) == 5
        assert all(row.sealed is not None and row.sealed >= row.at for row in rows)
        assert await store.chain.head() == (5, rows[-1].seal)


async def test_a_batch_is_no_limit(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One round seals all there is."""
    monkeypatch.setattr("bot.auditing.sealing.BATCH", 4)
    async with opened(database) as store:
        await sealed(store, 11)
        report = await looked(store)
        assert (report.sealed, report.bad, report.unsealed) == (11, "", 0)


async def undone(store: Store) -> None:
    """A row that takes a number, and comes to nothing."""
    with suppress(RuntimeError):
        async with store.write() as tx:
            await store.audit.append(entry(3), tx)
            raise RuntimeError("undone")


async def test_numbers_that_were_never_used_are_no_removal(database: str) -> None:
    """A transaction that was undone takes its number with it on PostgreSQL; so does an id that is there already."""
    async with opened(database) as store:
        await written(store, 2)
        await undone(store)
        assert not await store.audit.append(entry(2)), "the same id again"
        await written(store, 2, first=5)
        await sealing(store).round()
        report = await looked(store)
        assert (report.sealed, report.bad) == (4, "")


async def test_a_row_that_commits_late_is_sealed_late(postgresql: str) -> None:
    """On PostgreSQL a lower number may appear after a higher one was sealed; it takes the next place."""
    async with opened(postgresql) as store, opened(postgresql) as other:
        async with store.write() as tx:
            await store.audit.append(entry(1), tx)  # takes its number
            await other.audit.append(entry(2))
            await sealing(other).round()
        await sealing(other, jobs=Jobs(other)).round()
        await execute(store, sa.text("UPDATE hold SET until = 0"))
        await sealing(store).round()
        rows = {row.id: row for row in await store.audit.after()}
        assert rows["e1"].seq < rows["e2"].seq
        assert (rows["e2"].place, rows["e1"].place) == (1, 2)
        assert (await looked(store)).bad == ""


async def test_two_replicas_make_one_chain(database: str) -> None:
    """One holds; the other waits for its lease to end, or takes over where it has ended."""
    async with opened(database) as store, opened(database) as other:
        mine, theirs = sealing(store), sealing(other)
        for number in range(1, 11):
            await written(store, 1, first=number)
            await asyncio.gather(mine.round(), theirs.round())
            if number == 5:
                await execute(store, sa.text("UPDATE hold SET until = 0"))
        assert (await looked(store)).sealed == 10
        assert (await looked(store)).bad == ""


async def test_who_lost_the_hold_seals_nothing(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped for longer than its lease finds so when it writes."""
    async with opened(database) as store, opened(database) as other:
        await written(store, 1)
        slow = sealing(store)
        hold = Jobs.hold

        async def taken_over(jobs: Jobs, name: str, ttl: float) -> int | None:
            fence = await hold(jobs, name, ttl)
            monkeypatch.setattr(Jobs, "hold", hold)
            await execute(store, sa.text("UPDATE hold SET until = 0"))
            await sealing(other).round()
            return fence

        monkeypatch.setattr(Jobs, "hold", taken_over)
        await written(store, 1, first=2)
        with pytest.raises(Fenced):
            await slow.round()
        report = await looked(store)
        assert (report.sealed, report.bad) == (2, "")


async def test_the_head_is_told_in_the_log_and_in_a_file(tmp_path: Path, database: str) -> None:
    """Once for each head; the file has a line for each, on disk."""
    path = tmp_path / "heads"
    async with opened(database) as store:
        with capture_logs() as logs:
            await written(store, 2)
            seals = sealing(store, FileOfHeads(path))
            for _ in range(3):
                await seals.round()
            await written(store, 1, first=3)
            await seals.round()
        heads = [(line["place"], line["seal"]) for line in logs if line["event"] == "audit.head"]
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [place for place, _ in heads] == [2, 3]
        assert [(line["place"], line["seal"]) for line in lines] == heads
        assert path.stat().st_mode & 0o007 == 0, "not for everybody"


async def test_a_place_that_is_away_gets_the_head_later(tmp_path: Path, database: str) -> None:
    """It holds up neither the sealing nor the other places."""
    away, file = Away(), FileOfHeads(tmp_path / "heads")
    async with opened(database) as store:
        await written(store, 1)
        seals = sealing(store, away, file)
        with capture_logs() as logs:
            await seals.round()
        assert "audit.head_not_published" in [line["event"] for line in logs]
        assert len(await file.heads()) == 1
        away.away = False
        await seals.round()
        assert [head.place for head in away.published] == [1]
        assert len(await file.heads()) == 1, "told once"


async def test_a_chain_that_is_shorter_than_its_head_is_told_at_the_start(tmp_path: Path, database: str) -> None:
    """By whoever begins to seal, in the log, for an alert."""
    file = FileOfHeads(tmp_path / "heads")
    async with opened(database) as store:
        await sealed(store, 3, file)
        await execute(store, sa.text("DELETE FROM audit WHERE place = 3"))
        await execute(store, sa.text("UPDATE hold SET until = 0"))
        with capture_logs() as logs:
            await sealing(store, file).round()
        assert {"event": "audit.cut", "log_level": "error", "place": 2, "published": 3} in logs


async def test_sealing_goes_on_after_trouble(database: str) -> None:
    """A round that fails is logged, and the next one seals."""
    async with opened(database) as store:
        await written(store, 1)
        await execute(store, sa.text("ALTER TABLE hold RENAME TO elsewhere"))
        with capture_logs() as logs:
            task = asyncio.create_task(sealing(store).keep_sealed(0.05))
            await asyncio.sleep(0.2)
            await execute(store, sa.text("ALTER TABLE elsewhere RENAME TO hold"))
            await until(lambda: _sealed(store))
            task.cancel()
            await asyncio.wait([task])
        assert {line["event"] for line in logs} & {"duty.failed", "database.unavailable"}
        assert (await store.chain.head())[0] == 1


async def _sealed(store: Store) -> bool:
    return (await store.chain.head())[0] > 0


def test_a_short_key_is_refused() -> None:
    """It would keep nobody out; its words are not told."""
    with pytest.raises(ConfigError, match="AUDIT_KEY: it has 10 characters; give 32 or more") as refused:
        Seals("0123456789")
    assert "0123456789" not in str(refused.value)
    assert Seals(KEY).name != Seals(KEY + "x").name
