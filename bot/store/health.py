"""What `stationmaster check` says of the database, which it neither makes nor migrates."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bot.migrations import NEWEST, stamped
from bot.store.database import Database


async def examine(url: str) -> tuple[bool, str]:
    """Whether the bot could work with the database at `url`, and how it stands, in words."""
    try:
        target = sa.make_url(url)
    except sa.exc.ArgumentError:
        return (
            False,
            "DATABASE_URL can't be read; a SQLite file is sqlite:////an/absolute/path.db, PostgreSQL postgresql://…",
        )
    path = Path(target.database or "") if target.get_backend_name() == "sqlite" else None
    if path and not path.exists():
        return _new(path)
    try:
        return await _opened(url)
    except (sa.exc.SQLAlchemyError, OSError, ValueError, ImportError) as error:
        return False, f"can't be opened and written: {getattr(error, 'orig', None) or error}"


def absent(url: str) -> Path | None:
    """Where the SQLite file should be that isn't there; None where it is, or is no file."""
    try:
        target = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None
    path = Path(target.database or "") if target.get_backend_name() == "sqlite" else None
    return path if path and not path.exists() else None


def _new(path: Path) -> tuple[bool, str]:
    """A SQLite file that is still to be made, with the folders above it."""
    folder = next(each for each in path.absolute().parents if each.exists())
    try:
        probe = folder / f".{path.name}.check"
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        return False, f"{path} can't be made: {error.strerror}; give the bot's user the right to write in {folder}"
    return True, f"{path} will be made at the first start"


async def _opened(url: str) -> tuple[bool, str]:
    database = Database(url, busy_timeout=5.0)
    try:
        async with database.write() as tx:  # takes the lock that a read-only file refuses
            stamp = await stamped(tx)
            encoding = "UTF8" if database.is_sqlite else str(await tx.scalar(sa.text("SHOW server_encoding")))
    finally:
        await database.close()
    if encoding != "UTF8":
        return False, f"its encoding is {encoding}, which can't keep every name; make it with ENCODING 'UTF8'"
    if stamp is None:
        return True, "writable and empty; its tables will be made at the first start"
    if stamp < NEWEST:
        return True, f"writable; its tables are of version {stamp}, and will be migrated to {NEWEST} at the next start"
    newer = f", newer than this bot's {NEWEST}" if stamp > NEWEST else ""
    return True, f"writable; its tables are of version {stamp}{newer}"
