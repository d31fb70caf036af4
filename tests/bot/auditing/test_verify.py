"""Whatever is done to the trail behind the bot's back is found, and the first bad row is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.auditing.heads import FileOfHeads, Head, read_heads
from bot.auditing.verify import Report
from bot.auditing.words import told
from bot.errors import ConfigError
from bot.store import Store
from tests.bot.auditing.kit import KEY, looked, sealed, sealing, written
from tests.bot.jobs_kit import execute, opened

# What somebody may do to a trail of six rows, and what is then said of it.
DAMAGE = {
    "actor": ("UPDATE audit SET actor = 'U0MALLORY' WHERE place = 3", "row 3 (id e3, place 3 of the chain): changed"),
    "outcome": ("UPDATE audit SET outcome = 'refused' WHERE place = 1", "row 1 (id e1, place 1 of the chain): changed"),
    "detail": ("UPDATE audit SET detail = '{}' WHERE place = 6", "row 6 (id e6, place 6 of the chain): changed"),
    "no JSON": ("UPDATE audit SET detail = '{' WHERE place = 6", "row 6 (id e6, place 6 of the chain): changed"),
    "nothing": ("UPDATE audit SET model = NULL WHERE place = 2", "row 2 (id e2, place 2 of the chain): changed"),
    "time": ("UPDATE audit SET at = at - 3600 WHERE place = 4", "row 4 (id e4, place 4 of the chain): changed"),
    "time of the seal": ("UPDATE audit SET sealed = at WHERE place = 4", "place 4 of the chain): changed"),
    "number": ("UPDATE audit SET seq = 60 WHERE place = 4", "row 60 (id e4, place 4 of the chain): changed"),
    "removed": ("DELETE FROM audit WHERE place = 3", "place 3 of the chain: removed; the next is row 4 (id e4"),
    "two removed": (
        "DELETE FROM audit WHERE place IN (3, 4)",
        "places 3 to 4 of the chain: removed; the next is row 5",
    ),
    "the first removed": ("DELETE FROM audit WHERE place = 1", "place 1 of the chain: removed; the next is row 2"),
    "the last removed": ("DELETE FROM audit WHERE place = 6", "place 6 of the chain: removed from its end; line 1 of"),
    "the end removed": ("DELETE FROM audit WHERE place > 2", "places 3 to 6 of the chain: removed from its end"),
    "all removed": ("DELETE FROM audit", "places 1 to 6 of the chain: removed from its end"),
    "swapped": (
        "UPDATE audit SET place = -1 WHERE place = 2; UPDATE audit SET place = 2 WHERE place = 3;"
        "UPDATE audit SET place = 3 WHERE place = -1",
        "row 3 (id e3, place 2 of the chain): changed after it was sealed, or moved here",
    ),
    "the last one unsealed": (
        "UPDATE audit SET place = NULL, prev = NULL, seal = NULL, sealed = NULL, outcome = 'x' WHERE place = 6",
        "place 6 of the chain: removed from its end",
    ),
    "one unsealed": (
        "UPDATE audit SET place = NULL, prev = NULL, seal = NULL, sealed = NULL WHERE place = 4",
        "place 4 of the chain: removed; the next is row 5",
    ),
    "a seal taken": (
        "UPDATE audit SET seal = NULL WHERE place = 5",
        "row 5 (id e5, place 5 of the chain): sealed with",
    ),
    "put in below": (
        "INSERT INTO audit (id, at, actor, actor_name, action, outcome, place, prev, seal, sealed)"
        " VALUES ('x', 1, 'U', 'M', 'run', 'accepted', 0, '', 'x', 1)",
        "(id x, place 0 of the chain): put in",
    ),
    "put in beside": (
        "INSERT INTO audit (id, at, actor, actor_name, action, outcome, seal)"
        " VALUES ('x', 1, 'U', 'M', 'run', 'accepted', 'x')",
        "(id x, place None of the chain): put in with a seal, but no place",
    ),
    "put in at the end": (
        "INSERT INTO audit (id, at, actor, actor_name, action, outcome, place, prev, seal, sealed)"
        " VALUES ('x', 1, 'U', 'M', 'run', 'accepted', 7, '', 'x', 1)",
        "(id x, place 7 of the chain): sealed with another key (x)",
    ),
}


async def damaged(store: Store, statements: str) -> None:
    for statement in statements.split(";"):
        await execute(store, sa.text(statement))


async def test_a_trail_that_nobody_touched_is_as_it_was_written(database: str, tmp_path: Path) -> None:
    """And so it is told, with how many rows, where it ends, and how long a row was unsealed at most."""
    heads = FileOfHeads(tmp_path / "heads")
    async with opened(database) as store:
        await sealed(store, 6, heads)
        await written(store, 2, first=7)
        report = await looked(store, heads)
        assert (report.sealed, report.bad, report.unsealed, report.heads) == (6, "", 2, 1)
        assert 0 <= report.window < 60
        assert 0 <= report.waiting < 60
        lines = list(told(report))
        assert lines[0] == "✓ 6 sealed rows: as they were written, in their order, none missing"
        assert any(line.startswith("! 2 rows unsealed, the oldest for 0 s") for line in lines)
        assert any("The longest that a row waited for its seal: 0." in line for line in lines)


@pytest.mark.parametrize("how", DAMAGE)
async def test_damage_is_found_and_named(how: str, database: str, tmp_path: Path) -> None:
    """The first bad row, by its number, id and place; what is missing, by its places."""
    statements, says = DAMAGE[how]
    heads = FileOfHeads(tmp_path / "heads")
    async with opened(database) as store:
        await sealed(store, 6, heads)
        await damaged(store, statements)
        report = await looked(store, heads)
        assert says in report.bad
        assert next(told(report)) == f"✗ The trail is not what was written. First: {report.bad}"


async def test_what_sqlite_lets_one_write_is_found_too(tmp_path: Path) -> None:
    """A number may become a text there, and a text bytes: nothing of it stops the look."""
    for number, (statement, says) in enumerate(
        (
            ("UPDATE audit SET at = 'never' WHERE place = 2", "row 2 (id e2, place 2 of the chain): changed"),
            ("UPDATE audit SET actor_name = x'ff00' WHERE place = 2", "row 2 (id e2, place 2 of the chain): changed"),
            ("UPDATE audit SET place = 'two' WHERE place = 2", "place 2 of the chain: removed"),
            ("UPDATE audit SET place = 'last' WHERE place = 3", "place last of the chain): put in"),
        )
    ):
        async with opened(f"sqlite:///{tmp_path}/{number}.db") as store:
            await sealed(store, 3)
            await execute(store, sa.text(statement))
            assert says in (await looked(store)).bad


async def test_without_a_published_head_a_missing_end_does_not_show(database: str) -> None:
    """Which the words say, and how to have one."""
    async with opened(database) as store:
        await sealed(store, 6)
        await execute(store, sa.text("DELETE FROM audit WHERE place = 6"))
        report = await looked(store)
        assert report.bad == ""
        assert "! no published head was given" in "\n".join(told(report))


async def test_an_end_that_was_sealed_anew_contradicts_its_head(database: str, tmp_path: Path) -> None:
    """Rows cut off the end, and others in their places: sealed by the bot itself, or with the stolen key."""
    heads = FileOfHeads(tmp_path / "heads")
    async with opened(database) as store:
        await sealed(store, 6, heads)
        await execute(store, sa.text("DELETE FROM audit WHERE place > 4"))
        await written(store, 3, first=7)
        await execute(store, sa.text("UPDATE hold SET until = 0"))
        await sealing(store).round()
        report = await looked(store, heads)
        assert "(id e8, place 6 of the chain): rewritten; line 1 of" in report.bad


async def test_a_chain_that_was_rewritten_with_another_key_is_none_of_ours(database: str) -> None:
    """Its rows fit one another, and that helps nobody."""
    async with opened(database) as store:
        await written(store, 3)
        await sealing(store, key="another " * 5).round()
        assert "sealed with another key" in (await looked(store)).bad


async def test_old_rows_that_were_sealed_late_show_how_late(database: str) -> None:
    """As where a key was given only after a while."""
    async with opened(database) as store:
        await written(store, 3)
        await execute(store, sa.text("UPDATE audit SET at = at - 7200 WHERE seq = 2"))
        await sealing(store).round()
        report = await looked(store)
        assert (report.bad, report.widest) == ("", 2)
        assert 7200 <= report.window < 7300


def test_a_head_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    """But only at the end: elsewhere the file was tampered with."""
    path, line = tmp_path / "heads", json.dumps({"place": 1, "seal": "a:b"})
    path.write_text(f'{line}\n{{"pla')
    assert list(read_heads(path)) == [Head(1, "a:b", f"line 1 of {path}")]
    path.write_text(f"{{x\n{line}\n")
    with pytest.raises(ConfigError, match="line 1: not a head"):
        list(read_heads(path))


def test_the_key_is_in_no_word_of_the_report() -> None:
    """Nor in what the sealing keeps."""
    assert KEY not in "\n".join(told(Report(sealed=1, bad="x", heads=1, widest=1)))
