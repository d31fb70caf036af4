"""A bot on the stand-in Slack, with fakes behind it, ready to be typed at."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

import bot.app
from bot.app import running
from bot.domain import Dataset, Parameter, Pipeline, RunKey, RunState, TaskSpec, Training, Version
from bot.following.tracker import Tracker
from bot.jobs import Jobs
from bot.settings.config import read_settings
from bot.station import Station
from bot.store import AuditRow, FollowedRun
from demo.slack.messages import Message
from demo.slack.standin import StandIn
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry
from tests.fakes.specs import FakeSpecs
from tests.until import until

ROOT = Path(__file__).resolve().parents[2]
DANA, OMAR, ADA, VERA, AUDREY, NOOR, GUS = "U0DANA", "U0OMAR", "U0ADA", "U0VERA", "U0AUDREY", "U0NOOR", "U0GUS"
TRAINING, DELAYS, GENERAL = "C0TRAINING", "C0DELAYS", "C0GENERAL"
TASKS = ("take_features", "validate_features", "train", "validate_model", "register")

PIPELINE = Pipeline(
    dag_id="train_delays",
    description="Predict late flights",
    parameters=(
        Parameter(name="learning_rate", rule={"type": "number", "minimum": 0.001, "maximum": 1}, default=0.05),
        Parameter(name="max_iter", rule={"type": "integer", "minimum": 10, "maximum": 2000}, default=200),
        Parameter(name="balanced", rule={"type": "boolean"}, default=False),
        Parameter(name="months", rule={"type": "string", "maxLength": 200}, default="1-9"),
    ),
    tasks=tuple(TaskSpec(task_id=name, title=name.replace("_", " ")) for name in TASKS),
)


@dataclass
class World:
    """The parts of a test's world, and shortcuts for what tests do all the time."""

    slack: StandIn
    airflow: FakeOrchestrator
    mlflow: FakeRegistry
    station: Station
    tracker: Tracker
    config: Path
    specs: FakeSpecs = field(default_factory=FakeSpecs)
    database: str = ""

    async def type(self, person: str, text: str, channel: str = TRAINING) -> str:
        """Type `/train text`; the text of what the person alone was then shown, if anything was."""
        before = len(self.slack.ephemerals(person, channel))
        await self.slack.as_user(person).slash(channel, f"/train {text}")
        shown = self.slack.ephemerals(person, channel)[before:]
        return shown[-1].text if shown else ""

    async def card(self, having: str = "", channel: str = TRAINING, timeout: float = 10.0) -> Message:  # noqa: ASYNC109
        """The newest message in the channel whose text has these words, once there is one."""
        return await self.slack.wait_for(
            lambda: next((each for each in reversed(self.slack.messages(channel)) if having in each.text), None),
            timeout,
        )

    async def followed_run(self) -> tuple[Message, RunKey]:
        """The card and the key of the run that was started last, once the bot knows where its card stands."""
        key = await self.run_key()
        await self.has_card(key)
        return await self.card("delays"), key

    async def run_key(self) -> RunKey:
        """The run that was started last, once there is one."""

        def started() -> RunKey | None:
            keys = [call.args[0] for call in self.airflow.calls if call.name == "start"]
            return keys[-1] if keys else None

        return await self.slack.wait_for(started)

    def started(self) -> list[dict[str, Any]]:
        """The confs of the runs that Airflow was told to start."""
        return [call.args[1] for call in self.airflow.calls if call.name == "start"]

    async def told(self, person: str, words: str, channel: str = TRAINING) -> Message:
        """What only this person sees, with these words, once it is there."""
        return await self.slack.wait_for(
            lambda: next((each for each in self.slack.ephemerals(person, channel) if words in each.text), None)
        )

    def blocks(self, person: str, _: str = "") -> str:
        """Everything that this person alone was shown, as JSON."""
        return json.dumps([each.blocks for each in self.slack.ephemerals(person, TRAINING)], ensure_ascii=False)

    async def audit(self, action: str) -> list[AuditRow]:
        """The audit trail's rows of this action, oldest first."""
        return [row for row in await self.station.store.audit.after() if row.action == action]

    async def followed_card(self) -> FollowedRun:
        """The followed run, once its card is known to the store."""

        async def look() -> FollowedRun | None:
            followed = await self.station.store.runs.followed()
            return followed[0] if followed and followed[0].card_ts else None

        return await until(look)

    async def has_card(self, key: RunKey) -> None:
        """Returns once the store knows where this run's card stands."""

        async def look() -> bool:
            followed = await self.station.store.runs.get(key)
            return bool(followed and followed.card_ts)

        await until(look)

    async def ended(self, key: RunKey, state: RunState) -> None:
        """Returns once the run is followed no longer, and ended so."""

        async def look() -> FollowedRun | None:
            followed = await self.station.store.runs.get(key)
            return followed if followed and followed.ended else None

        assert (await until(look)).state == state

    async def delete(self, message: Message) -> None:
        """Delete a message of the bot's, as its admin can."""
        client = AsyncWebClient(self.slack.bot_token, base_url=self.slack.api_url)
        await client.chat_delete(channel=message.channel, ts=message.ts)

    def trained(self, key: RunKey, version: str = "1", **metrics: float) -> Training:
        """What training code leaves in MLflow: a tagged run with metrics and a holdout, and a registered version."""
        training = Training(
            run_id=f"run-{version}",
            experiment_id="1",
            status="FINISHED",
            started=datetime.now(UTC),
            metrics=metrics or {"auc": 0.7},
            tags={"airflow.dag_id": key.dag_id, "airflow.run_id": key.run_id, "airflow.task_id": "train"},
            datasets=(Dataset(name="holdout", digest="7f3a", context="evaluation"),),
            url=f"http://mlflow.test/#/runs/run-{version}",
        )
        self.mlflow.add_training(training)
        self.mlflow.add_version(Version(model="delays", version=version, run_id=training.run_id))
        return training


@pytest.fixture
async def world(tmp_path: Path, bots_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The bot, running, with the model `delays` in its catalogue.

    In a hurry: Slack has no limits here (tests/bot/test_edits.py and tests/e2e have them), and work looks often what is
    due.
    """
    monkeypatch.setattr(bot.app, "Jobs", partial(Jobs, poll=0.1))
    airflow, mlflow, specs = FakeOrchestrator(), FakeRegistry(), FakeSpecs()
    airflow.add_dag(PIPELINE)
    airflow.read_specs(specs)
    config = tmp_path / "stationmaster.yaml"
    text = (ROOT / "demo" / "stationmaster.yaml").read_text(encoding="utf-8")
    text = text.partition("    promotion:")[0]  # a test that promotes says how
    text = text.replace("class_weight: {}", "balanced: {}")  # as PIPELINE calls it
    config.write_text(f"schedules: {{store: folder, path: {tmp_path}}}\n{text}", encoding="utf-8")
    async with StandIn(rate_limits=False) as slack:
        settings = settings_for(slack, tmp_path, config, DATABASE_URL=bots_database)
        async with running(settings, airflow, mlflow, specs) as station:
            await station.catalogue.refresh()
            yield World(slack, airflow, mlflow, station, Tracker(station), config, specs, bots_database)


def settings_for(slack: StandIn, folder: Path, config: Path, **more: str) -> Any:
    """Settings as an installer would give them; `more` are variables to set otherwise."""
    return read_settings(
        {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "AIRFLOW_URL": "http://127.0.0.1:9",
            "AIRFLOW_TOKEN": "not-used",
            "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
            "BIND_ADDRESS": "127.0.0.1",
            "PORT": "0",
            "DATABASE_URL": f"sqlite:///{folder}/bot.db",
            "STATIONMASTER_CONFIG": str(config),
        }
        | more
    )
