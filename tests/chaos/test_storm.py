"""Bots that are killed at random lose nothing that they accepted, and do nothing twice; the harness would see it."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import pytest

from tests.chaos.databases import Place, PostgresDatabase, SqliteFile
from tests.chaos.storm import Plan, Result, storm
from tests.databases import PostgresServer

pytestmark = pytest.mark.timeout(1_200)  # a busy machine takes its time to start bots
KILLS = int(os.environ.get("KILLS", "25"))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return PostgresDatabase(server)


@pytest.mark.parametrize("replicas", [1, 2])
async def test_nothing_is_lost_and_nothing_done_twice(place: Place, replicas: int, tmp_path: Path) -> None:
    """Whatever was acknowledged has its run, its card and its replies, each once, when everything has calmed down."""
    result = await storm(Plan(replicas=replicas, kills=KILLS, seed=secrets.randbelow(10**6)), place, tmp_path)
    print(json.dumps(result.figures))
    assert result.figures["kills"] >= KILLS
    assert result.figures["accepted"] > KILLS / 5, result
    assert result.ok, result


async def test_bugs_are_found(tmp_path: Path) -> None:
    """A bot that acknowledges before it writes loses; one that forgets what it posted or started does it twice."""
    bugs = [f"tests.chaos.bugs.{name}" for name in ("early_ack", "forgotten_posts", "new_run_ids")]
    plan = Plan(kills=15, seed=4, pause=0.5, lease=2.0, trouble=False, calm_within=15.0, rest=1.0, modules=bugs)
    result: Result = await storm(plan, SqliteFile(tmp_path), tmp_path)
    assert any("no run at Airflow" in words for words in result.lost), result
    assert any("runs at Airflow" in words for words in result.twice), result
    assert any("messages" in words or "told" in words for words in result.twice), result
