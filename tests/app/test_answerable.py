"""Answers that reach their person after a restart, or from another replica; and the secret that this needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import commands.run
from bot.app import running
from bot.cipher import Cipher
from bot.conversation.answerable import Answerable
from bot.errors import ServiceDown
from demo.slack.standin import StandIn
from tests.app.conftest import DANA, GENERAL, PIPELINE, ROOT, World, settings_for
from tests.bot.jobs_kit import execute, opened
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry

KEY = "0123456789abcdef0123456789abcdef"
REFUSED = "over an hour ago"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.run, "ASK_AGAIN", 0.1)


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn() as one:
        yield one


async def kept_for_an_hour(slack: StandIn, folder: Path, key: str) -> list[str]:
    """Dana asks for a run where the bot is no member; it goes on in another process, an hour later.

    What she is then told in that channel.
    """
    airflow, more = FakeOrchestrator(), {"STORE_KEY": key}
    airflow.add_dag(PIPELINE)
    config = ROOT / "demo" / "stationmaster.yaml"
    async with running(settings_for(slack, folder, config, **more), airflow, FakeRegistry()) as station:
        await station.catalogue.refresh()
        airflow.fail_with(ServiceDown("Airflow", "away"), times=1_000, on="run")
        await slack.as_user(DANA).slash(GENERAL, "/train run delays --yes")
        await slack.wait_for(lambda: slack.ephemerals(DANA, GENERAL))
        await station.jobs.stop()
        await execute(station.store, sa.text("UPDATE job SET created = created - 3700"))
        airflow.recover()
    async with running(settings_for(slack, folder, config, **more), airflow, FakeRegistry()) as station:
        await slack.wait_for(lambda: [each for each in slack.ephemerals(DANA, GENERAL) if REFUSED in each.text], 20)
    assert not [call for call in airflow.calls if call.name == "start"]
    return [each.text for each in slack.ephemerals(DANA, GENERAL)]


def contents(folder: Path) -> bytes:
    """The database's files, whole."""
    return b"".join(path.read_bytes() for path in folder.glob("bot.db*"))


async def test_an_answer_after_a_restart_comes_where_it_was_asked_for(slack: StandIn, tmp_path: Path) -> None:
    """A run that was kept for over an hour asks again; with a key, by its response_url, which is nowhere in clear."""
    assert any(REFUSED in each for each in await kept_for_an_hour(slack, tmp_path, KEY))
    files = contents(tmp_path)
    assert b"/response" not in files
    assert KEY.encode() not in files


async def test_response_urls_die_after_half_an_hour(database: str) -> None:
    """They are given out no longer, and deleted, whoever kept them. Another key reads none."""
    async with opened(database) as store, opened(database) as other:
        mine, theirs = Answerable(store, Cipher(KEY)), Answerable(other, Cipher(KEY))
        async with store.write() as tx:
            await mine.remember("r1", "https://hooks.slack.test/r1", tx)
            await mine.remember("r2", "", tx)
        assert await theirs.of("r1") == "https://hooks.slack.test/r1"
        assert await theirs.of("r2") == ""
        assert await Answerable(other, Cipher(KEY + "x")).of("r1") == ""
        assert await store.answerable.expire() == 0
        await execute(store, sa.text("UPDATE answerable SET at = at - 1800"))
        assert await theirs.of("r1") == ""
        assert await other.answerable.expire() == 1


async def test_without_a_key_they_stay_in_memory(database: str) -> None:
    """Of this process alone, and no row is written."""
    async with opened(database) as store:
        here = Answerable(store)
        async with store.write() as tx:
            await here.remember("r1", "https://hooks.slack.test/r1", tx)
        assert await here.of("r1") == "https://hooks.slack.test/r1"
        assert await Answerable(store).of("r1") == ""
        assert await store.answerable.get("r1") is None


async def test_nothing_is_kept_of_what_was_not_accepted(world: World) -> None:
    """A refused request is answered at once, and needs no secret."""
    await world.type(DANA, "run delays learning_rate=7")
    async with world.station.store.database.read() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM answerable")) == 0
