"""A bot over a registry, whose work dies where a test says: for what promotions and rollbacks do outside."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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
from bot.store import Promotion
from demo.slack.messages import Message
from demo.slack.standin import StandIn
from tests.app.conftest import ADA, DANA, OMAR, TRAINING, settings_for
from tests.app.promoting import hurry
from tests.contract.registries import RegistryStage
from tests.fakes.orchestrator import FakeOrchestrator
from tests.kills import Kills, arm, proxy

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
LOOK = 0.25  # seconds


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
        for _ in range(240):
            job = await self.station.jobs.get(job_id)
            assert job
            assert job.state not in {"dead", "cancelled"}, job.error
            if job.state == "done":
                return
            await asyncio.sleep(LOOK)
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

    async def roll_back(self, promotion: Promotion, since: Promotion, kill_at: int = 0) -> str:
        """Back to what this request promoted from what that one did, dying at that point: its work's id."""
        job_id = f"back:{promotion.alias}"
        asked = {"request_id": job_id, "person": OMAR, "name": "Omar", "channel": TRAINING, "text": "rollback"}
        args = {"model": "tiny", "registered_model": self.model, "alias": promotion.alias, "to": promotion.version}
        self.kills.at[job_id] = kill_at
        more = {"from": since.version, "reason": f"back for {promotion.alias}"}
        await self.station.jobs.submit(job_id, "rollback", {"asked": asked, **args, **more})
        await self.over(job_id)
        return job_id

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
        for _ in range(120):
            found = await self.station.store.promotions.get(job_id)
            if found and found.card_ts:
                return next(each for each in self.slack.messages(TRAINING) if each.ts == found.card_ts)
            await asyncio.sleep(LOOK)
        raise TimeoutError(f"{job_id} has no card: {await self.station.jobs.get(job_id)}")


@asynccontextmanager
async def opened(tmp_path: Path, shelf: RegistryStage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    """The bot, with leases that run out soon and a Slack without budgets."""
    kills, airflow, name = Kills(), QuickAirflow(), f"tiny 100% {uuid.uuid4().hex[:8]}"
    arm(monkeypatch, kills)
    hurry(monkeypatch)
    monkeypatch.setattr(bot.app, "Jobs", partial(Jobs, poll=0.1))
    airflow.add_dag(Pipeline(dag_id="tiny", tasks=()))
    airflow.add_dag(Pipeline(dag_id="deploy_tiny", tasks=(TaskSpec(task_id="deploy", title="deploy"),)), tags=())
    config = tmp_path / "stationmaster.yaml"
    config.write_text(CONFIG.format(model=name, copy=f"prod.{name}"), encoding="utf-8")
    registry = proxy(shelf.registry, kills, "set_alias", "tag_version", "tag_model", "copy_version")
    async with StandIn(rate_limits=False) as slack:
        settings = settings_for(slack, tmp_path, config, JOB_LEASE="1")
        async with bot.app.running(settings, proxy(airflow, kills, "start"), registry) as station:
            await station.catalogue.refresh()
            yield Yard(slack, station, airflow, shelf, kills, name, f"prod.{name}")
