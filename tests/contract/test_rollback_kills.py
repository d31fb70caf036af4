"""A rollback that dies between any two of its steps ends as one that does not: once, and everything agrees."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NamedTuple

import pytest

from bot.store import How, Promotion
from tests.app.conftest import OMAR, TRAINING
from tests.contract.registries import FakeStage
from tests.contract.yard import Yard

pytestmark = pytest.mark.timeout(600)


class Back(NamedTuple):
    """A rollback that was carried out: from what `newer` put there, to what `older` did before."""

    id: str
    older: Promotion
    newer: Promotion

    @property
    def alias(self) -> str:
        """The alias that went back."""
        return self.older.alias


async def test_a_rollback_dies_between_any_two_steps(yard: Yard) -> None:
    """At each of its points in turn: both aliases back, one deployment, one row and one message of each kind.

    On the real MLflow at those around what it does there.
    """
    whole = await back(yard, "whole")
    passed = yard.kills.passed[whole.id]
    first, last = 1, len(passed)
    if not isinstance(yard.shelf, FakeStage):
        first = passed.index("set_alias")
        last -= passed[::-1].index("tag_model") - 2
    backs = await asyncio.gather(*(back(yard, f"r{at}", at) for at in range(first, last + 1)))
    assert len(backs) > 6
    assert {each.id for each in backs} <= yard.kills.died
    for each in (whole, *backs):
        await agree(yard, each)


async def back(yard: Yard, alias: str, kill_at: int = 0) -> Back:
    """Two versions promoted to this alias one after the other, and back to the first, dying at that point."""
    older = await yard.promote(alias)
    newer = await yard.promote(alias)
    return Back(await yard.roll_back(older, newer, kill_at), older, newer)


async def agree(yard: Yard, rolled: Back) -> None:
    """The store, MLflow, Airflow, Slack and the audit trail tell the same of this rollback, and tell it once."""
    about = f"{rolled.id}, killed at {yard.kills.at[rolled.id]}"
    await _agrees_with_mlflow(yard, rolled, about)
    copied, replaced = (each.moved["copied"]["version"] for each in (rolled.older, rolled.newer))
    moves = [each for each in await yard.station.store.ledger.of_promotion(rolled.older.id) if each.job_id == rolled.id]
    where = [(each.registered_model, each.before, each.after, each.how) for each in moves]
    assert where == [
        (yard.model, rolled.newer.version, rolled.older.version, How.ROLLBACK),
        (yard.copy, replaced, copied, How.ROLLBACK),
    ], about
    runs = await yard.airflow.recent_runs(["deploy_tiny"], 1_000)
    deployed = Counter(each.conf["version"] for each in runs if each.conf["alias"] == rolled.alias)
    assert deployed == {copied: 2, replaced: 1}, about
    rows = Counter(
        row.outcome for row in await yard.station.store.audit.after(limit=100_000) if row.job_id == rolled.id
    )
    assert rows == {"intended": 1, "rolled back": 1, "deployed": 1}, about
    _agrees_with_slack(yard, rolled, about)


async def _agrees_with_mlflow(yard: Yard, rolled: Back, about: str) -> None:
    for model, version in (
        (yard.model, rolled.older.version),
        (yard.copy, rolled.older.moved["copied"]["version"]),
    ):
        holder = await yard.shelf.registry.holder(model, rolled.alias)
        assert holder, about
        assert holder.version == version, about
        assert await yard.station.store.ledger.intended(model, rolled.alias) is None, about


def _agrees_with_slack(yard: Yard, rolled: Back, about: str) -> None:
    cards = [each for each in yard.slack.messages(TRAINING) if f"“back for {rolled.alias}”" in each.text]
    assert len(cards) == 1, about
    assert f"tiny v{rolled.older.version} is back in {rolled.alias}" in cards[0].text, about
    assert "✓ scored 12,040 rows" in cards[0].text, about
    replies = [each.text for each in yard.slack.replies(TRAINING, cards[0].ts)]
    said = f"<@{OMAR}> tiny v{rolled.older.version} is back in {rolled.alias} and deployed: scored 12,040 rows."
    assert replies == [said], about
