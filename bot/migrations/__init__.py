"""The database's tables through time: one file in `versions` for each change, applied when the store opens.

Migrations only go forward, and only add what an older bot can ignore: during a rolling upgrade both versions work on
one database. A revision's id is the number that its file name begins with.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

HERE = Path(__file__).parent
NEWEST = max(path.name.split("_")[0] for path in HERE.glob("versions/[0-9]*.py"))


async def migrate(tx: AsyncConnection) -> None:
    """Bring the tables up to date, within the caller's transaction: wholly, or not at all.

    A database newer than this code is left as it is. Alembic is imported only where there is something to do.
    """
    if (await stamped(tx) or "") < NEWEST:
        await tx.run_sync(_upgrade)


async def stamped(tx: AsyncConnection) -> str | None:
    """The revision that the tables have; None where there are none."""
    if not await tx.run_sync(lambda connection: sa.inspect(connection).has_table("alembic_version")):
        return None
    stamp: str | None = await tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return stamp


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    command.upgrade(config, "head")
