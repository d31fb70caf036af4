"""The evidence of a promotion, read from MLflow, Airflow, the store and the configuration as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.catalogue import Model
from bot.domain import Dataset, Person, Training, Version
from bot.errors import NotFound, ServiceRejected
from bot.following.comparison import COMMIT, champions_metrics, code_url
from bot.promoting.evidence import Approver, Barred, Champion, Data, Evidence, digest_of
from bot.promoting.foureyes import PROPOSED, barred, holds, needed
from bot.promoting.gates import Beside, Gate, GateKind, Shown, judge, resolve
from bot.promoting.origin import Origin, origin_of
from bot.promoting.versions import resolve as resolve_version
from bot.station import Station

EVALUATION = "evaluation"


async def gather(station: Station, model: Model, word: str, alias: str, proposer: Person | None) -> Evidence:
    """The evidence for giving `alias` to the version that the word names; `proposer` asks for it, if anybody does.

    Every file of the version and of the champion is read. Refusal where there is no such version, ServiceError where
    MLflow or Airflow doesn't answer: half of the evidence is none.
    """
    version = await resolve_version(station.registry, model.name, model.registered_model, word)
    return await evidence_of(station, model, version, alias, proposer)


async def evidence_of(
    station: Station, model: Model, version: Version, alias: str, proposer: Person | None
) -> Evidence:
    """The evidence for giving `alias` to this version."""
    training, artifacts = await asyncio.gather(training_of(station, version), station.registry.artifacts(version))
    origin, (champion, beside) = await asyncio.gather(
        origin_of(station, training), _champion(station, model.registered_model, alias, training)
    )
    gates = resolve(model.contract)
    terms, tags = model.contract.promotion, _tags(gates, version, training)
    shown = Shown(training.metrics if training else {}, tags, rows_of(training))
    proposed = [Barred(person=proposer.id, name=proposer.name, why=PROPOSED)] if proposer else []
    return Evidence(
        model=model.name,
        registered_model=model.registered_model,
        alias=alias,
        version=version.version,
        run_id=version.run_id,
        dag_id=origin.key.dag_id if origin.key else "",
        dag_run_id=origin.key.run_id if origin.key else "",
        confirmed=origin.confirmed,
        unknown=origin.unknown,
        artifacts=dict(artifacts),
        metrics=training.metrics if training else {},
        params=training.params if training else {},
        datasets=_datasets(training),
        commit=commit_of(training),
        tags=tags,
        champion=champion,
        directions=dict(model.contract.metrics),
        gates=judge(gates, shown, _beside(champion, alias)),
        approvers=_approvers(station, model),
        needed=needed(terms.approvals, origin.unknown),
        four_eyes=holds(terms.four_eyes, origin.unknown),
        barred=barred([*origin.makers, *proposed]),
        trained_by=origin.trained_by,
        trained=training.started if training else None,
        cost=cost_of(origin),
        url=version.url,
        code_url=code_url(training, beside),
    )


async def training_of(station: Station, version: Version) -> Training | None:
    """The MLflow run that the version was registered from, if it is there."""
    return await station.registry.training(version.run_id) if version.run_id else None


def commit_of(training: Training | None) -> str:
    """The commit that the MLflow run names; empty where it names none."""
    return training.tags.get(COMMIT, "") if training else ""


def rows_of(training: Training | None) -> int | None:
    """The rows of the one evaluation data set; None where there is none, or several, or it doesn't say."""
    found = {each.digest: each.rows for each in training.datasets if each.context == EVALUATION} if training else {}
    return next(iter(found.values())) if len(found) == 1 else None


def cost_of(origin: Origin) -> str:
    """What the run came to, in words; empty where that isn't known."""
    return str(((origin.followed.shown if origin.followed else None) or {}).get("cost") or "")


async def _champion(
    station: Station, registered_model: str, alias: str, candidate: Training | None
) -> tuple[Champion | None, Training | None]:
    """What holds the alias, and its MLflow run."""
    holder = await station.registry.holder(registered_model, alias)
    if holder is None:
        return None, None
    training, files = await asyncio.gather(training_of(station, holder), _files(station, holder))
    metrics = champions_metrics(candidate, training, holder.version) if candidate else {}
    champion = Champion(
        version=holder.version,
        run_id=holder.run_id,
        metrics=dict(metrics),
        comparable=bool(metrics),
        datasets=_datasets(training),
        artifacts=files,
        commit=commit_of(training),
    )
    return champion, training


async def _files(station: Station, holder: Version) -> str:
    """One digest of all files of the champion; empty where they can't be read, which is no reason to keep it."""
    try:
        return digest_of(dict(await station.registry.artifacts(holder)))
    except (NotFound, ServiceRejected):
        return ""


def _beside(champion: Champion | None, alias: str) -> Beside | None:
    if champion is None:
        return None
    return Beside(f"{alias} (v{champion.version})", champion.metrics if champion.comparable else None)


def _tags(gates: Sequence[Gate], version: Version, training: Training | None) -> dict[str, str]:
    """The tags that gates ask for: the version's, else its MLflow run's."""
    found: Mapping[str, str] = (training.tags if training else {}) | version.tags
    return {gate.name: found[gate.name] for gate in gates if gate.kind is GateKind.REQUIRED_TAG and gate.name in found}


def _datasets(training: Training | None) -> tuple[Data, ...]:
    return tuple(_data(each) for each in training.datasets) if training else ()


def _data(dataset: Dataset) -> Data:
    return Data(name=dataset.name, digest=dataset.digest, context=dataset.context, rows=dataset.rows)


def _approvers(station: Station, model: Model) -> tuple[Approver, ...]:
    own = model.contract.promotion.approvers
    listed = station.config.current().access.approvers if own is None else own
    return tuple(Approver(member=member, own=own is not None) for member in listed)
