"""Rights are asked for twice, what only reads is no work, and what failed for good is told to who can mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import commands.run
from bot.access import Right
from bot.app import running
from bot.conversation.commands import discover
from bot.errors import ServiceDown
from bot.jobs import Permanent
from tests.app.conftest import ADA, DANA, OMAR, TRAINING, World, settings_for
from tests.bot.jobs_kit import execute


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a service that is away again at once."""
    monkeypatch.setattr(commands.run, "ASK_AGAIN", 0.1)


def change(world: World, old: str, new: str) -> None:
    text = world.config.read_text(encoding="utf-8")
    assert old in text
    world.config.write_text(text.replace(old, new), encoding="utf-8")


async def jobs(world: World) -> set[str]:
    return {row.id for row in await world.station.jobs.list(limit=10_000)}


async def test_who_agreed_to_a_run_must_still_be_able_to_when_it_starts(world: World) -> None:
    """An owner who agreed and is one no longer hasn't agreed; the run is not started, and its card says why."""
    change(world, "everyone: 25", "everyone: 0.5")
    await world.type(DANA, "run delays --yes")
    card = await world.card("waits for an owner to agree")
    world.airflow.fail_with(ServiceDown("Airflow", "away"), times=1_000, on="run")
    await world.slack.as_user(OMAR).click(TRAINING, card.ts, "agree")
    await world.told(DANA, "I keep your run")
    change(world, "owners: [U0OMAR]", "owners: [U0ADA]")
    world.airflow.recover()
    assert (await world.card("Omar agreed, and may no longer")).ts == card.ts
    assert world.started() == []
    assert [row.outcome for row in await world.audit("run")] == ["accepted", "refused"]


async def test_who_lost_the_right_to_run_starts_nothing_after_a_restart(world: World, tmp_path: Path) -> None:
    """Accepted while it was theirs, kept while Airflow was away, refused by the process that goes on with it."""
    world.airflow.fail_with(ServiceDown("Airflow", "away"), times=1_000, on="run")
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I keep your run")
    await world.station.jobs.stop()
    change(world, "runners: [S0DATASCI]", "runners: []")
    world.airflow.recover()
    async with running(settings_for(world.slack, tmp_path, world.config), world.airflow, world.mlflow):
        await world.told(DANA, "may start runs")
    assert world.started() == []


async def test_a_run_that_was_kept_for_an_hour_asks_again_after_a_restart(world: World, tmp_path: Path) -> None:
    """It is not started by itself; one click starts it anew."""
    world.airflow.fail_with(ServiceDown("Airflow", "away"), times=1_000, on="run")
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I keep your run")
    await world.station.jobs.stop()
    await execute(world.station.store, sa.text("UPDATE job SET created = created - 3700"))
    world.airflow.recover()
    async with running(settings_for(world.slack, tmp_path, world.config), world.airflow, world.mlflow):
        asked = await world.told(DANA, "over an hour ago, so I didn't start it")
        assert world.started() == []
        await world.slack.as_user(DANA).click(TRAINING, asked.ts, "settle:1")
        await world.run_key()
    assert len(world.started()) == 1


READS = {Right.READ, Right.AUDIT, Right.LOGS}


async def test_what_only_reads_is_never_work(world: World) -> None:
    """Every command that declares a right to read, with a model and with a run where it takes one: no job is made."""
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.has_card(key)
    before = await jobs(world)
    reading = [each for each in discover().commands.values() if each.right in READS]
    assert {"status", "models", "model", "logs", "audit", "help"} <= {each.name for each in reading}
    for each in reading:
        takes = each.arguments.positional()
        words = {"run": key.run_id, "model": "delays"}
        typed = f"{each.name} {words.get(takes[0], '') if takes else ''}".strip()
        await world.type(ADA, typed)
    assert await jobs(world) == before


async def test_work_that_failed_for_good_is_told_to_the_admins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directly, with what to type; once, and without what may be a secret."""

    async def broken(*_: object, **__: object) -> None:
        raise Permanent("token=abcdefgh12345678 is wrong")

    monkeypatch.setattr(world.station.orchestrator, "run", broken)
    await world.type(DANA, "run delays --yes")
    await world.told(DANA, "I could not finish “run delays --yes”")
    (dead,) = await world.station.jobs.list("dead")

    def direct() -> list[str]:
        return [each.text for each in world.slack.messages(ADA) if "failed for good" in each.text]

    told = await world.slack.wait_for(direct)
    assert len(told) == 1
    assert f"stationmaster jobs replay {dead.id}" in told[0]
    assert "abcdefgh12345678" not in told[0]
    assert await world.station.jobs.replay(dead.id)


@pytest.mark.parametrize(("error", "resent"), [("missing_scope", True), ("not_in_channel", True), (None, False)])
async def test_a_post_of_unknown_outcome_without_the_scope_to_look_is_marked(
    world: World, error: str | None, resent: bool
) -> None:
    """Where history can't be read the card comes again, and says so; where it can, it is found."""
    world.slack.faults.lose("chat.postMessage")
    if error:
        world.slack.faults.fail("conversations.history", times=10, error=error)
    await world.type(DANA, "run delays --yes")
    await world.followed_card()
    messages = world.slack.messages(TRAINING)
    assert len(messages) == 1 + resent
    assert ("resent" in messages[-1].text) == resent
