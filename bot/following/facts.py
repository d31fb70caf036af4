"""What is known of a followed run, gathered for its card: by the tracker, at its end, and for `status`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.domain import Run, RunState, Task, TaskState, Training, Version
from bot.errors import ServiceError
from bot.following.cards import Facts, Outcome
from bot.following.comparison import comparable, lines
from bot.following.lineage import chosen
from bot.station import Station
from bot.store import FollowedRun


async def facts(
    station: Station, followed: FollowedRun, run: Run, tasks: Sequence[Task], outcome: Outcome | None = None
) -> Facts:
    """Everything that the card of this run is made of."""
    model = await station.catalogue.of_dag(followed.dag_id)
    kept: dict[str, Any] = followed.shown or {}
    typical = kept.get("typical")
    return Facts(
        followed=followed,
        run=run,
        pipeline=model.pipeline if model else None,
        tasks=tasks,
        summaries=kept.get("summaries", {}),
        typical=(typical[0], typical[1]) if typical else None,
        terms=tuple(kept.get("terms", ())),
        price=kept.get("price", ""),
        cost=kept.get("cost", ""),
        agreed_by=kept.get("agreed_by", ""),
        run_url=station.orchestrator.run_url(run.key),
        outcome=outcome or Outcome(),
    )


async def new_summaries(station: Station, run: Run, tasks: Sequence[Task], known: dict[str, str]) -> dict[str, str]:
    """`known`, and the summaries of tasks that have succeeded since: one call for each of those, once."""
    due = [
        task for task in tasks if task.state is TaskState.SUCCESS and task.map_index < 0 and task.task_id not in known
    ]
    said = await asyncio.gather(*(station.orchestrator.summary(run.key, task) for task in due))
    return known | {task.task_id: summary for task, summary in zip(due, said, strict=True)}


async def outcome_of(station: Station, followed: FollowedRun, run: Run, tasks: Sequence[Task]) -> Outcome:
    """What a run that is over gave. An MLflow that doesn't answer becomes the outcome's `trouble`."""
    failed_task, failure = await _failure(station, run, tasks)
    model = await station.catalogue.of_dag(followed.dag_id)
    alias = model.contract.alias if model else "production"
    try:
        training, verified = chosen(await station.registry.trainings(run.key), tasks)
        version = await _version(station, model.registered_model if model else "", training)
        champion = await station.registry.holder(model.registered_model, alias) if model else None
        if champion and version and champion.version == version.version:
            champion = None  # it is the champion itself
        beside = await station.registry.training(champion.run_id) if champion and champion.run_id else None
    except ServiceError as error:
        return Outcome(failed_task, failure, trouble=f"{error.sentence} The metrics follow.", alias=alias)
    directions = model.contract.metrics if model else {}
    number = champion.version if champion else ""
    return Outcome(
        failed_task=failed_task,
        failure=failure,
        training=training,
        verified=verified,
        version=version,
        champion=champion,
        alias=alias,
        lines=lines(training, beside, number, directions) if training else (),
        same_data=comparable(training, beside, number) if training else False,
    )


async def _failure(station: Station, run: Run, tasks: Sequence[Task]) -> tuple[str, str]:
    """The title of the task that failed first, and the kind of its error with its first line."""
    failed = [task for task in tasks if task.state is TaskState.FAILED and task.started]
    if run.state is not RunState.FAILED or not failed:
        return "", ""
    first = min(failed, key=lambda task: (task.ended or task.started, task.task_id))
    return first.title, await station.orchestrator.failure(run.key, first)


async def _version(station: Station, registered_model: str, training: Training | None) -> Version | None:
    """The version that this run registered, of the model it is configured to be."""
    if training is None:
        return None
    versions = await station.registry.versions_of(training.run_id)
    return next((version for version in versions if not registered_model or version.model == registered_model), None)
