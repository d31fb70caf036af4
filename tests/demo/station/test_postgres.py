"""When PostgreSQL counts as ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.station.postgres import Postgres
from demo.station.workspace import Workspace


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    return Postgres(Workspace(tmp_path))


def says(postgres: Postgres, port: int, state: str) -> None:
    """Write what a server on this port writes of itself."""
    folder = postgres.workspace.root / "postgres"
    folder.mkdir(exist_ok=True)
    lines = ["4711", str(folder), "1700000000", str(port), "", "127.0.0.1", "  1 2", f"{state}   "]
    (folder / "postmaster.pid").write_text("\n".join(lines))


async def test_it_is_ready_when_it_says_so(postgres: Postgres) -> None:
    """Not before it has written anything, and not while it starts."""
    assert not await postgres._is_ready()
    says(postgres, postgres.port, "starting")
    assert not await postgres._is_ready()
    says(postgres, postgres.port, "ready")
    assert await postgres._is_ready()


async def test_the_word_of_a_killed_server_does_not_count(postgres: Postgres) -> None:
    """It left its file behind; the new one still recovers."""
    says(postgres, postgres.port + 1, "ready")
    assert not await postgres._is_ready()
