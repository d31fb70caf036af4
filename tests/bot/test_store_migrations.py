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
from bot.store import AuditEntry, Store
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
