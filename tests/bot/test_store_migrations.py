"""The tables' history: what the migrations make is what the code expects."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot import migrations
from bot.store import AuditEntry, Database, Store
from bot.store.schema import metadata
from tests.bot.jobs_kit import execute, opened
from tests.databases import BOTH

STAMP = sa.text("SELECT version_num FROM alembic_version")


async def test_the_migrations_make_the_schema(database: str) -> None:
    """Every table, column, index and constraint of the code is in a migrated database, and nothing else is."""
    async with opened(database) as store, store.database.read() as connection:

        def differences(sync: sa.Connection) -> list[object]:
            return list(compare_metadata(MigrationContext.configure(sync), metadata))

        assert await connection.run_sync(differences) == []


def test_the_newest_revision_is_the_only_head() -> None:
    """Revisions form one line, and their ids are their files' numbers: a start compares just these."""
    script = ScriptDirectory.from_config(_config())
    assert script.get_heads() == [migrations.NEWEST]
    assert all(Path(revision.path).name.startswith(f"{revision.revision}_") for revision in script.walk_revisions())


async def test_opening_again_keeps_everything(database: str) -> None:
    """A migrated database is opened as it is."""
    entry = AuditEntry(id="a", actor="U1", actor_name="Ada", action="run", outcome="accepted")
    async with opened(database) as store:
        await store.audit.append(entry)
    async with opened(database) as store:
        assert [row.id for row in await store.audit.after()] == ["a"]


@pytest.mark.parametrize("kind", BOTH)
async def test_processes_may_start_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """One migrates and the others wait for it: none fails."""
    for attempt in range(8):  # the moment at which they meet is short
        url = f"sqlite:///{tmp_path}/{attempt}.db"
        if kind == "postgresql":
            url = request.getfixturevalue("postgres_server").make("template0")
        stores = await asyncio.gather(*(Store.open(url) for _ in range(4)))
        for store in stores:
            assert await store.audit.after() == []
            await store.close()


REVISIONS = sorted(path.name.split("_")[0] for path in migrations.HERE.glob("versions/[0-9]*.py"))


@pytest.mark.parametrize("revision", REVISIONS)
async def test_every_earlier_version_is_migrated_with_its_data(empty_database: str, revision: str) -> None:
    """Three rows in each table of that version are there afterwards, each column as it was, and are read as before."""
    old = Database(empty_database)
    async with old.write() as tx:
        await tx.run_sync(migrations.upgrade, revision)
        before = await tx.run_sync(_fill)
    await old.close()
    assert len(before) >= 9
    async with opened(empty_database) as store:
        async with store.database.read() as connection:
            assert await connection.scalar(STAMP) == migrations.NEWEST
            after = await connection.run_sync(_rows)
        assert {name: after[name].keys() >= rows.keys() for name, rows in before.items()} == dict.fromkeys(before, True)
        for name, rows in before.items():
            for key, row in rows.items():
                assert after[name][key].items() >= row.items()
        assert len(await store.audit.after()) == len(await store.runs.latest()) == 3
        async with store.write() as tx:
            entry = AuditEntry(id="next", actor="U1", actor_name="Ada", action="run", outcome="accepted")
            assert await store.audit.append(entry, tx)
        assert [row.seq for row in await store.audit.after()] == [1, 2, 3, 4]


SAMPLES = {sa.Double: 1.5, sa.Float: 1.5, sa.Boolean: True, sa.Integer: 7, sa.BigInteger: 7}
JSON_COLUMNS = {"args", "conf", "shown", "detail", "entry", "data", "asked"}
Rows = dict[tuple[object, ...], dict[str, object]]


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """The tables as they are in the database."""
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _fill(connection: sa.Connection) -> dict[str, Rows]:
    """Three rows in each table, with something in every column: what was written, by table and key."""
    for table in _tables(connection):
        for number in range(3):
            connection.execute(table.insert().values({each.name: _sample(each, number) for each in table.columns
                                                      if each.name != "seq"}))  # fmt: skip
    return _rows(connection)


def _sample(column: sa.Column[object], number: int) -> object:
    kind = next((value for type_, value in SAMPLES.items() if isinstance(column.type, type_)), None)
    if kind is not None:
        return kind + number if type(kind) is int else kind  # a number may have to be unique
    return "{}" if column.name in JSON_COLUMNS else f"{column.name} {number} 🚂"


def _rows(connection: sa.Connection) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for table in _tables(connection):
        rows = connection.execute(sa.select(table)).mappings()
        key = [column.name for column in table.primary_key]
        found[table.name] = {tuple(row[name] for name in key): dict(row) for row in rows}
    return found


async def test_a_database_newer_than_the_code_is_left_alone(database: str) -> None:
    """During a rolling upgrade an older bot may start on a database that a newer one has migrated."""
    async with opened(database) as store:
        await execute(store, sa.text("UPDATE alembic_version SET version_num = '9999'"))
    async with opened(database) as store, store.database.read() as connection:
        assert await connection.scalar(STAMP) == "9999"


async def test_a_migration_that_fails_leaves_nothing(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables come all together with their stamp, or not at all; the next start does it."""
    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", _fail)
        with pytest.raises(ZeroDivisionError):
            await Store.open(empty_database)
    async with opened(empty_database) as store:
        assert await store.audit.after() == []


def test_a_usual_start_does_without_alembic(tmp_path: Path) -> None:
    """Importing it takes longer than all the rest of opening a database."""
    code = f"""
import asyncio, sys
from bot.store import Store
async def main():
    await (await Store.open('sqlite:///{tmp_path}/bot.db')).close()
asyncio.run(main())
print('alembic' in sys.modules)
"""
    answers = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    ]
    assert answers == ["True", "False"]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    return config


def _fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError
