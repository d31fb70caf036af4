"""Everything that is looked at, at the same time, each within its own seconds; nothing that fails hides another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.app import airflow, mlflow
from bot.check import people, schedules, services, tokens
from bot.check.findings import Finding, Mark, bad, good
from bot.check.keys import keys
from bot.cloud import AwsCloud
from bot.errors import ConfigError, ServiceError
from bot.log import maskable, masked
from bot.messages.phrases import count
from bot.orchestrator import AirflowOrchestrator
from bot.ports import Cloud
from bot.registry import MlflowRegistry
from bot.scheduling.store import store
from bot.settings.config import Config, Settings, look_at_settings, read_config
from bot.slack.workspace import Workspace
from bot.store.health import examine

WITHIN = 10.0  # seconds for each part


async def check(
    environment: Mapping[str, str] | None = None, cloud: Cloud | None = None, within: float = WITHIN
) -> list[Finding]:
    """Look at the settings, the configuration, and each service that they name. No finding shows a secret."""
    settings, problems = look_at_settings(environment)
    found = [bad("settings", problem.words) for problem in problems]
    unusable = {name for problem in problems for name in problem.names}
    try:
        settings = await settings.fetched(cloud or AwsCloud())
    except ConfigError as error:
        found.append(bad("settings", str(error)))
        unusable |= settings.in_cloud
    found = found or [good("settings", "complete")]
    config, read = _configuration(settings)
    async with _adapters(settings) as (orchestrator, registry):
        looks = _looks(settings, config, unusable, orchestrator, registry)
        parts = await asyncio.gather(*(_bounded(about, look, within) for about, look in looks.items()))
    known = maskable(settings.secrets)
    findings = [*found, *read, *keys(settings), *(finding for part in parts for finding in part)]
    return [replace(finding, words=masked(finding.words, known)) for finding in findings]


def _configuration(settings: Settings) -> tuple[Config | None, list[Finding]]:
    about = "configuration"
    try:
        config = read_config(settings.stationmaster_config)
    except ConfigError as error:
        return None, [bad(about, line) for line in str(error).splitlines()]
    return config, [good(about, f"{settings.stationmaster_config} has {count(len(config.models), 'model')}")]


@asynccontextmanager
async def _adapters(settings: Settings) -> AsyncIterator[tuple[AirflowOrchestrator, MlflowRegistry]]:
    """Both, with their SDKs imported: that takes seconds which are nobody's fault."""
    orchestrator, registry = airflow(settings), mlflow(settings)
    try:
        await asyncio.gather(orchestrator.load(), registry.load())
        yield orchestrator, registry
    finally:
        await orchestrator.close()
        await registry.close()


def _looks(
    settings: Settings,
    config: Config | None,
    unusable: set[str],
    orchestrator: AirflowOrchestrator,
    registry: MlflowRegistry,
) -> dict[str, Awaitable[list[Finding]]]:
    """A look at each part whose settings are usable, in the order in which they are told."""
    looks: dict[str, Awaitable[list[Finding]]] = {}
    if "slack_bot_token" not in unusable:
        looks["Slack"] = _slack(settings, config)
    if not unusable & {"slack_app_token", "slack_signing_secret"}:
        looks["Slack's deliveries"] = _deliveries(settings)
    if not any(name.startswith("airflow") for name in unusable):
        looks["Airflow"] = services.airflow(orchestrator, config)
        if config and config.schedules:
            kept = store(config.schedules, orchestrator=orchestrator, buckets=AwsCloud())
            looks["schedules"] = schedules.look(kept, orchestrator)
    if "mlflow_tracking_uri" not in unusable:
        looks["MLflow"] = services.mlflow(registry)
    looks["database"] = _database(settings)
    return looks


async def _bounded(about: str, look: Awaitable[list[Finding]], within: float) -> list[Finding]:
    try:
        async with asyncio.timeout(within):
            return await look
    except TimeoutError:
        return [bad(about, f"it took more than {within:g} s; try again, or look at the network between")]
    except ServiceError as error:
        return [bad(about, f"{error.sentence} ({error})")]


async def _slack(settings: Settings, config: Config | None) -> list[Finding]:
    token = settings.slack_bot_token.get_secret_value()
    async with Workspace(token, str(settings.slack_api_url)) as workspace:
        found = await tokens.bot_token(token, workspace)
        signed_in = found[0].mark is Mark.GOOD
        return found + (await people.named(config, workspace) if config and signed_in else [])


async def _deliveries(settings: Settings) -> list[Finding]:
    if secret := settings.slack_signing_secret.get_secret_value():
        return tokens.signing_secret(secret, settings.port)
    token = settings.slack_app_token.get_secret_value()
    async with Workspace(token, str(settings.slack_api_url)) as workspace:
        return await tokens.app_token(token, workspace)


async def _database(settings: Settings) -> list[Finding]:
    usable, words = await examine(settings.database_url)
    return [(good if usable else bad)("database", words)]
