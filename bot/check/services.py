"""Airflow and MLflow: do they answer, with these credentials, in a version that the bot speaks with?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.check.findings import Finding, bad, good, odd
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError
from bot.settings.config import Config

if TYPE_CHECKING:
    from bot.orchestrator import AirflowOrchestrator
    from bot.registry import MlflowRegistry

OLDEST = 3  # major version of both
PLUGIN = "stationmaster_lineage"
LOOKED_INTO = 20  # configured DAGs that are asked about one by one


async def airflow(orchestrator: AirflowOrchestrator, config: Config | None) -> list[Finding]:
    """Its address, version, credentials, plugin and DAGs, until one of the first stops the rest."""
    try:
        version = await orchestrator.version()
        if not _new_enough(version):
            return [bad("Airflow", f"it is {version or 'of a version that it doesn’t say'}; the bot needs Airflow 3")]
        await orchestrator.check()
    except NotFound:
        return [bad("Airflow", "no /api/v2 at AIRFLOW_URL: that is Airflow 2, or a path too much or too little")]
    except ServiceError as error:
        return [_unusable("Airflow", "AIRFLOW_URL", error)]
    found = [good("Airflow", f"{version} answers, and takes the bot's credentials"), await _plugin(orchestrator)]
    return found + (await _dags(orchestrator, config) if config else [])


async def mlflow(registry: MlflowRegistry) -> list[Finding]:
    """Its address, credentials, registry and version."""
    try:
        await registry.check()
        version = await registry.server_version()
    except ServiceError as error:
        return [_unusable("MLflow", "MLFLOW_TRACKING_URI", error)]
    if not version:
        return [odd("MLflow", "its registry answers; its version it doesn't say, and the bot needs MLflow 3")]
    if not _new_enough(version):
        return [bad("MLflow", f"it is {version}; the bot needs MLflow 3")]
    return [good("MLflow", f"{version} answers, its registry too")]


def _new_enough(version: str) -> bool:
    major = version.split(".")[0]
    return major.isdecimal() and int(major) >= OLDEST


def _unusable(service: str, address: str, error: ServiceError) -> Finding:
    match error:
        case ServiceDenied():
            hint = f"the credentials, or the account's rights, are not right ({error})"
        case ServiceDown():
            hint = f"no answer ({error}): is {address} right, and does it run?"
        case ServiceConfused():
            hint = f"what answers at {address} doesn't speak as {service} does ({error}): a proxy, or a login page?"
        case _:
            hint = f"{error}"
    return bad(service, hint)


async def _plugin(orchestrator: AirflowOrchestrator) -> Finding:
    """Airflow's API server tells what it has loaded; that the workers have it too is likely, not sure."""
    about = "lineage plugin"
    try:
        loaded = await orchestrator.plugins()
    except ServiceError as error:
        return odd(about, f"whether it is there can't be told: the account may not see plugins ({error})")
    if PLUGIN in loaded:
        return good(about, "Airflow has loaded it")
    return odd(about, f"not loaded: copy templates/plugins/{PLUGIN}.py, or cards show no metrics of untagged runs")


async def _dags(orchestrator: AirflowOrchestrator, config: Config) -> list[Finding]:
    try:
        tagged = await orchestrator.pipelines(config.tag)
        found = [_count(tagged, config.tag), *_absent(tagged, config)]
        return found + await _troubled(orchestrator, tagged, config)
    except ServiceError as error:
        return [_unusable("DAGs", "AIRFLOW_URL", error)]


def _count(tagged: Mapping[str, str], tag: str) -> Finding:
    if not tagged:
        return bad("DAGs", f"none has the tag {tag}, or the account may see none: give a DAG tags=[{tag!r}]")
    return good("DAGs", f"{len(tagged)} with the tag {tag}")


def _absent(tagged: Mapping[str, str], config: Config) -> list[Finding]:
    return [
        bad(f"model {name}", f"no DAG {model.dag or name} has the tag {config.tag}: tag it, or correct the model's dag")
        for name, model in config.models.items()
        if (model.dag or name) not in tagged
    ]


async def _troubled(orchestrator: AirflowOrchestrator, tagged: Mapping[str, str], config: Config) -> list[Finding]:
    """Configured models that could not be run now: paused, broken, gone."""
    there = [(name, model.dag or name) for name, model in config.models.items() if (model.dag or name) in tagged]
    pipelines = await asyncio.gather(*(orchestrator.pipeline(dag) for _, dag in there[:LOOKED_INTO]))
    return [
        odd(f"model {name}", f"can't be run now: DAG {dag} is {pipeline.trouble}")
        for (name, dag), pipeline in zip(there, pipelines, strict=False)
        if pipeline.trouble
    ]
