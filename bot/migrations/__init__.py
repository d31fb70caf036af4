"""The database's tables through time: one file in `versions` for each change, applied when the store opens.

Migrations only go forward, and only add what an older bot can ignore: during a rolling upgrade both versions work on
one database. A revision's id is the number that its file name begins with.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

HERE = Path(__file__).parent
LOCK = 0x57A710  # the advisory lock of migrations, among those of whoever else uses the database
PATIENCE = 600  # seconds
NEWEST = max(path.name.split("_")[0] for path in HERE.glob("versions/[0-9]*.py"))


async def migrate(tx: AsyncConnection) -> None:
    """Bring the tables up to date, within the caller's transaction: wholly, or not at all.

    Of several replicas that start at once one migrates, the others wait. A database newer than this code is left as it
    is. Alembic is imported only where there is something to do.
    """
    if await _current(tx):
        return
    if tx.dialect.name == "postgresql":  # SQLite's writers are one at a time anyway
        await _wait_alone(tx)
        if await _current(tx):
            return
    await tx.run_sync(upgrade)


async def _current(tx: AsyncConnection) -> bool:
    return (await stamped(tx) or "") >= NEWEST


async def _wait_alone(tx: AsyncConnection) -> None:
    """Let nobody else migrate until `tx` ends; a migration may take longer than the bot's statements."""
    for limit in ("statement_timeout", "lock_timeout"):
        await tx.execute(sa.text(f"SET LOCAL {limit} = '{PATIENCE}s'"))
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


async def stamped(tx: AsyncConnection) -> str | None:
    """The revision that the tables have; None where there are none."""
    if not await tx.run_sync(lambda connection: sa.inspect(connection).has_table("alembic_version")):
        return None
    stamp: str | None = await tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return stamp


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Apply what is missing up to this revision."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    command.upgrade(config, to)
