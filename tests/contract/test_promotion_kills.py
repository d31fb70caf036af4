"""A promotion that dies between any two of its steps ends as one that does not: once, and everything agrees."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bot.app
from bot.domain import Pipeline, Run, RunKey, TaskSpec, TaskState
from bot.jobs import Jobs
from bot.station import Station
from bot.store import How, Promotion
from demo.slack.messages import Message
from demo.slack.standin import StandIn
from tests.app.conftest import ADA, DANA, OMAR, TRAINING, settings_for
from tests.app.promoting import hurry
from tests.contract.registries import FakeStage, RegistryStage
from tests.fakes.orchestrator import FakeOrchestrator
from tests.kills import Kills, arm, proxy

pytestmark = pytest.mark.timeout(600)
CONFIG = """
access:
  viewers: [everyone]
  runners: [U0DANA]
  approvers: [U0OMAR, U0ADA]
  admins: [U0OMAR]
models:
  tiny:
    registered_model: "{model}"
    promotion: {{deploy: deploy_tiny, copy_to: "{copy}"}}
"""
AT_ONCE = 20  # requests that go on beside each other
LEASE = 1.0


class QuickAirflow(FakeOrchestrator):
    """In memory; a deployment is over as soon as it is started."""

    async def start(
        self, key: RunKey, conf: Mapping[str, Any], *, note: str = "", run_after: datetime | None = None
    ) -> Run:
        """See Orchestrator."""
        run = await super().start(key, conf, note=note, run_after=run_after)
        if not run.state.over:
            self.set_task(key, "deploy", TaskState.SUCCESS, summary="scored 12,040 rows")
            self.finish(key)
        return run


@dataclass
class Yard:
    """A bot over a registry, an Airflow in memory that ends every deployment at once, and what may kill its work."""

    slack: StandIn
    station: Station
    airflow: FakeOrchestrator
    shelf: RegistryStage
    kills: Kills
    model: str
    copy: str
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def type(self, person: str, text: str) -> str:
        """Type it; the id of the work that it became."""
        known = {job.id for job in await self.station.jobs.list(limit=1_000)}
        await self.slack.as_user(person).slash(TRAINING, f"/train {text}")
        return next(job.id for job in await self.station.jobs.list(limit=1_000) if job.id not in known)

    async def over(self, job_id: str) -> None:
        """Returns once this work is done; fails where it died for good."""
        for _ in range(1_200):
            job = await self.station.jobs.get(job_id)
            assert job
            assert job.state not in {"dead", "cancelled"}, job.error
            if job.state == "done":
                return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{job_id} is {job}")

    async def promote(self, alias: str, kill_at: int = 0) -> Promotion:
        """A version of its own, asked for this alias, approved by two, carried out, dying at that point."""
        async with self.room:
            version = await self.shelf.publish(self.model, {"MLmodel": alias.encode(), "trees": b"\x00" * 64})
            job_id = await self._ask(version, alias, kill_at)
            await self._approved(job_id)
            await self.over(job_id)
        found = await self.station.store.promotions.get(job_id)
        assert found
        return found

    async def _ask(self, version: str, alias: str, kill_at: int) -> str:
        job_id = f"kill:{alias}:{version}"
        asked = {"request_id": job_id, "person": DANA, "name": "Dana", "channel": TRAINING, "text": "promote"}
        args = {"model": "tiny", "version": version, "alias": alias, "reason": f"for {alias}", "override": ""}
        self.kills.at[job_id] = kill_at
        await self.station.jobs.submit(job_id, "promotion", {"asked": asked, **args})
        return job_id

    async def _approved(self, job_id: str) -> None:
        card = await self._card(job_id)
        for person in (OMAR, ADA):
            await self.slack.as_user(person).click(card.channel, card.ts, "approve")

    async def _card(self, job_id: str) -> Message:
        for _ in range(600):
            found = await self.station.store.promotions.get(job_id)
            if found and found.card_ts:
                return next(each for each in self.slack.messages(TRAINING) if each.ts == found.card_ts)
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{job_id} has no card: {await self.station.jobs.get(job_id)}")


@pytest.fixture
async def yard(tmp_path: Path, shelf: RegistryStage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    """The bot, with leases that run out soon and a Slack without budgets."""
    kills, airflow, name = Kills(), QuickAirflow(), f"tiny 100% {uuid.uuid4().hex[:8]}"
    arm(monkeypatch, kills)
    hurry(monkeypatch)
    monkeypatch.setattr(bot.app, "Jobs", partial(Jobs, lease=LEASE, poll=0.1))
    airflow.add_dag(Pipeline(dag_id="tiny", tasks=()))
    airflow.add_dag(Pipeline(dag_id="deploy_tiny", tasks=(TaskSpec(task_id="deploy", title="deploy"),)), tags=())
    config = tmp_path / "stationmaster.yaml"
    config.write_text(CONFIG.format(model=name, copy=f"prod.{name}"), encoding="utf-8")
    registry = proxy(shelf.registry, kills, "set_alias", "tag_version", "tag_model", "copy_version")
    async with StandIn(rate_limits=False) as slack:
        settings = settings_for(slack, tmp_path, config)
        async with bot.app.running(settings, proxy(airflow, kills, "start"), registry) as station:
            await station.catalogue.refresh()
            yield Yard(slack, station, airflow, shelf, kills, name, f"prod.{name}")


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
