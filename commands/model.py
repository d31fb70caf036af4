"""`model MODEL`: one model's page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from bot.access import Right
from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.domain import Parameter, RunKey, Task, Training, Version
from bot.errors import ServiceError
from bot.following.cards import Link
from bot.following.lineage import confirmed, key_of
from bot.following.runlines import RunLine, run_line
from bot.launching.compute import in_words
from bot.launching.contract import left_to_others
from bot.launching.history import quote_of
from bot.messages.markup import Markup, escape
from bot.messages.phrases import number
from bot.messages.render import Message
from bot.parameters.paramwords import allowed
from bot.scheduling.lines import line as schedule_line
from bot.scheduling.listing import listing
from bot.station import Station
from commands.models import state_of

VERSIONS = 5
RUNS = 3
METRICS = 4
PARAMETERS = 16
SCHEDULES = 5


class ModelMessage(Message):
    """A model: whose it is, what it takes, its versions and last runs."""

    template: ClassVar[str] = "model"
    shareable: ClassVar[bool] = True
    name: str
    description: str
    state: Markup
    parameters: tuple[Markup, ...] = ()
    machines: tuple[Markup, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    schedules: tuple[Markup, ...] = ()
    runs: tuple[RunLine, ...] = ()
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class ModelArguments(Arguments):
    """The MODEL."""

    model: str


@command("model", summary="one model's page", example="model MODEL", right=Right.READ)
async def model(call: Call, arguments: ModelArguments) -> ModelMessage:
    """Show the page; a service that doesn't answer costs its part only, and is named."""
    station, about = call.station, call.about
    owners = await station.people.names(about.contract.owners)
    (table, versions_note), (runs, runs_note) = await asyncio.gather(_versions(station, about), _runs(station, about))
    return ModelMessage(
        name=about.name,
        description=about.description,
        state=state_of(about, owners),
        parameters=_parameters(about),
        machines=await _machines(station, about),
        table=table,
        schedules=await _schedules(station, about),
        runs=runs,
        notes=tuple(note for note in (versions_note, runs_note) if note),
        links=(Link("Open in MLflow", station.registry.model_url(about.registered_model)),),
        proposals=(
            *([Proposal(f"Train {about.name}", f"run {about.name}")] if not about.trouble else []),
            *([Proposal("History", f"history {about.name}")] if table else []),
        ),
    )


def _parameters(about: Model) -> tuple[Markup, ...]:
    """A line for each of the first parameters: its name, and what it takes."""
    declared = about.pipeline.parameters if about.pipeline else ()
    lines = [_parameter(about, each) for each in declared[:PARAMETERS]]
    more = len(declared) - len(lines)
    return (*lines, *([Markup(f"and {more} more")] if more else ()))


def _parameter(about: Model, declared: Parameter) -> Markup:
    said = [allowed(declared), left_to_others(about.contract, declared.name)]
    return Markup(f"`{escape(declared.name)}`  {escape(' · '.join(filter(None, said)))}")


async def _machines(station: Station, about: Model) -> tuple[Markup, ...]:
    """A line for each compute profile that it may run on, its default first, with what a run there costs."""
    config = station.config.current()
    found = [
        (name, config.compute[name], await quote_of(station, about.dag_id, name)) for name in about.contract.compute
    ]
    return tuple(
        Markup(f"`{escape(name)}`  {escape(' · '.join([in_words(profile, config.currency), quote.words]))}")
        for name, profile, quote in found
        if quote
    )


async def _schedules(station: Station, about: Model) -> tuple[Markup, ...]:
    """A line for each of its schedules, as last seen."""
    found = (await listing(station, model=about.name, ask=False)).schedules
    now = datetime.now(UTC)
    more = [Markup(f"and {len(found) - SCHEDULES} more")] if len(found) > SCHEDULES else []
    return (*(schedule_line(each, now) for each in found[:SCHEDULES]), *more)


async def _versions(station: Station, about: Model) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The last versions as a table; and a note where there are none, or nobody can tell."""
    try:
        versions = await station.registry.versions(about.registered_model, VERSIONS)
        if not versions:
            return (), "no versions yet"
        trainings = await asyncio.gather(*(_training(station, version) for version in versions))
    except ServiceError as error:
        return (), error.sentence
    tasks = await _tasks(station, trainings)
    names = _metrics(about, trainings)
    rows = [_row(version, training, tasks, names) for version, training in zip(versions, trainings, strict=True)]
    return (("version", *names, "lineage"), *rows), ""


async def _training(station: Station, version: Version) -> Training | None:
    return await station.registry.training(version.run_id) if version.run_id else None


async def _tasks(station: Station, trainings: Sequence[Training | None]) -> Mapping[RunKey, Sequence[Task]] | None:
    """The tasks of the runs that the versions claim to come from; None where Airflow doesn't answer."""
    claimed = [key for training in trainings if training and (key := key_of(training))]
    try:
        return await station.orchestrator.tasks(claimed) if claimed else {}
    except ServiceError:
        return None


def _metrics(about: Model, trainings: Sequence[Training | None]) -> list[str]:
    scored = {name for training in trainings if training for name in training.metrics if "." not in name}
    return ([name for name in about.contract.metrics if name in scored] or sorted(scored))[:METRICS]


def _row(
    version: Version, training: Training | None, tasks: Mapping[RunKey, Sequence[Task]] | None, names: Sequence[str]
) -> tuple[str, ...]:
    title = f"v{version.version}" + (f" ({', '.join(version.aliases)})" if version.aliases else "")
    metrics = training.metrics if training else {}
    return (title, *(number(metrics[name]) if name in metrics else "–" for name in names), _lineage(training, tasks))


def _lineage(training: Training | None, tasks: Mapping[RunKey, Sequence[Task]] | None) -> str:
    key = key_of(training) if training else None
    if training is None or key is None:
        return "unknown"
    if tasks is None:
        return "?"
    return "✓ Airflow" if confirmed(training, tasks.get(key, ())) else "unverified"


async def _runs(station: Station, about: Model) -> tuple[tuple[RunLine, ...], str]:
    kept = {each.key: each for each in await station.store.runs.latest(model=about.name, limit=20)}
    try:
        runs = await station.orchestrator.recent_runs([about.dag_id], RUNS)
    except ServiceError as error:
        return (), error.sentence
    return tuple(run_line(about.name, run, kept.get(run.key)) for run in runs), ""
