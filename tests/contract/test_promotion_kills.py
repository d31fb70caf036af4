"""A promotion that dies between any two of its steps ends as one that does not: once, and everything agrees."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from bot.store import How, Promotion
from tests.app.conftest import ADA, DANA, OMAR, TRAINING
from tests.contract.registries import FakeStage
from tests.contract.yard import Yard

pytestmark = pytest.mark.timeout(600)


async def test_a_promotion_dies_between_any_two_steps(yard: Yard) -> None:
    """At each of its points in turn: one alias, one copy, one deployment, one row of each kind, one message of each.

    On the real MLflow at those around what it does there, from the approval on.
    """
    whole = await yard.promote("whole")
    passed = yard.kills.passed[whole.id]
    first, last = 1, len(passed)
    if not isinstance(yard.shelf, FakeStage):
        first = passed.index("set_alias") - 2
        last -= passed[::-1].index("set_alias") - 3
    promotions = await asyncio.gather(*(yard.promote(f"p{at}", at) for at in range(first, last + 1)))
    assert len(promotions) > 10
    assert len(yard.kills.died) > len(promotions) - 5  # two votes that come together are looked at together
    for promotion in (whole, *promotions):
        await agree(yard, promotion)


async def agree(yard: Yard, promotion: Promotion) -> None:
    """The store, MLflow, Airflow, Slack and the audit trail tell the same of this promotion, and tell it once."""
    about = f"{promotion.id}, killed at {yard.kills.at[promotion.id]}"
    assert (promotion.state, promotion.deploy["state"]) == ("done", "success"), about
    moves = await yard.station.store.ledger.of_promotion(promotion.id)
    copied = promotion.moved["copied"]["version"]
    where = [(each.registered_model, each.before, each.after, each.how) for each in moves]
    assert where == [
        (yard.model, None, promotion.version, How.PROMOTION),
        (yard.copy, None, copied, How.PROMOTION),
    ], about
    await _agrees_with_mlflow(yard, promotion, copied, about)
    runs = await yard.airflow.recent_runs(["deploy_tiny"], 1_000)
    conf = {"model": yard.copy, "version": copied, "alias": promotion.alias}
    assert [each.conf for each in runs if each.conf["alias"] == promotion.alias] == [conf], about
    rows = Counter(
        row.outcome for row in await yard.station.store.audit.after(limit=100_000) if row.job_id == promotion.id
    )
    assert rows == {"requested": 1, "approved": 2, "intended": 1, "promoted": 1, "deployed": 1}, about
    _agrees_with_slack(yard, promotion, about)


async def _agrees_with_mlflow(yard: Yard, promotion: Promotion, copied: str, about: str) -> None:
    registry = yard.shelf.registry
    expected: dict[str, Any] = {
        "stationmaster.promotion": promotion.id,
        "stationmaster.evidence": promotion.digest,
        "stationmaster.reason": f"for {promotion.alias}",
        "stationmaster.requested_by": f"Dana ({DANA})",
    }
    for model, version in ((yard.model, promotion.version), (yard.copy, copied)):
        holder = await registry.holder(model, promotion.alias)
        assert holder, about
        assert (holder.version, expected.items() <= holder.tags.items()) == (version, True), about
        approved_by = holder.tags["stationmaster.approved_by"]
        assert {OMAR in approved_by, ADA in approved_by} == {True}, about
    copies = await registry.versions(yard.copy, 1_000)
    mine = [each for each in copies if each.tags.get("stationmaster.promotion") == promotion.id]
    assert [each.version for each in mine] == [copied], about


def _agrees_with_slack(yard: Yard, promotion: Promotion, about: str) -> None:
    here = [each for each in yard.slack.messages(TRAINING) if f"for {promotion.alias}”" in each.text]
    assert [each.ts for each in here] == [promotion.card_ts], about
    assert "✓ scored 12,040 rows" in here[0].text, about
    replies = [each.text for each in yard.slack.replies(TRAINING, here[0].ts)]
    assert replies == [
        f"<@{DANA}> tiny v{promotion.version} is in {promotion.alias} and deployed: scored 12,040 rows."
    ], about
