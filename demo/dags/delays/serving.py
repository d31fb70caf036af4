"""The low-latency store: a version's predictions by key, in one SQLite file for each alias.

A new file takes the old one's place in one step. Whoever has the old one open reads it to the end, and nobody ever
sees half of either. It needs nothing but Python:

    python -m delays.serving FOLDER delays production "UA1545 EWR 2013-10-01T09:15Z"
"""

from __future__ import annotations

import sqlite3
import sys
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote


class Prediction(NamedTuple):
    """What the version that is deployed says of a flight."""

    chance: float
    version: str


def place(store: Path, model: str, alias: str) -> Path:
    """The file of what holds `alias`."""
    return store / "serving" / quote(model, safe="") / f"{quote(alias, safe='')}.sqlite"


def publish(chances: Iterable[tuple[str, float]], version: str, at: Path) -> None:
    """Let `at` hold these chances by key, all of `version`, instead of what it held."""
    at.parent.mkdir(parents=True, exist_ok=True)
    beside = at.with_name(f".{at.name}.{uuid.uuid4().hex}")
    try:
        _write(chances, version, beside)
        beside.replace(at)
    finally:
        beside.unlink(missing_ok=True)


def look_up(at: Path, key: str) -> Prediction | None:
    """The prediction of a flight; None for one that is not known, or where nothing is deployed."""
    if not at.exists():
        return None
    with closing(sqlite3.connect(f"{at.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as store:
        row = store.execute("SELECT chance, version FROM prediction, deployed WHERE key = ?", (key,)).fetchone()
    return Prediction(*row) if row else None


def deployed(at: Path) -> str:
    """The version whose predictions are there; empty where there are none."""
    if not at.exists():
        return ""
    with closing(sqlite3.connect(f"{at.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as store:
        return str(store.execute("SELECT version FROM deployed").fetchone()[0])


def _write(chances: Iterable[tuple[str, float]], version: str, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.execute("PRAGMA synchronous = FULL")  # on disk before it takes its place
        store.execute("BEGIN")
        store.execute("CREATE TABLE deployed (version TEXT NOT NULL)")
        store.execute("CREATE TABLE prediction (key TEXT PRIMARY KEY, chance REAL NOT NULL) WITHOUT ROWID")
        store.execute("INSERT INTO deployed VALUES (?)", (version,))
        store.executemany("INSERT INTO prediction VALUES (?, ?)", chances)
        store.execute("COMMIT")


def main(arguments: Sequence[str]) -> int:
    """The command line: one flight's chance, and the version that says so."""
    folder, model, alias, key = arguments
    found = look_up(place(Path(folder), model, alias), key)
    print(f"{found.chance:.1%} by {model} v{found.version}" if found else f"nothing is known of {key}")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
