"""MLflow's entities as the domain's: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.domain import Dataset, Training, Version


class Web:
    """Addresses of MLflow's pages below `url`."""

    def __init__(self, url: str) -> None:
        self._root = f"{url.rstrip('/')}/#"

    def model(self, name: str) -> str:
        """A registered model's page."""
        return f"{self._root}/models/{quote(name, safe='')}"

    def version(self, name: str, version: str) -> str:
        """A version's page."""
        return f"{self.model(name)}/versions/{version}"

    def training(self, experiment_id: str, run_id: str) -> str:
        """An MLflow run's page."""
        return f"{self._root}/experiments/{experiment_id}/runs/{run_id}"

    def comparison(self, trainings: Sequence[Training]) -> str:
        """The page that shows these runs side by side."""
        runs = json.dumps([training.run_id for training in trainings])
        experiments = json.dumps(sorted({training.experiment_id for training in trainings}))
        return f"{self._root}/compare-runs?runs={quote(runs)}&experiments={quote(experiments)}"


def training(run: Any, web: Web) -> Training:
    """An MLflow run."""
    info, data = run.info, run.data
    return Training(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        status=info.status,
        started=_moment(info.start_time),
        ended=_moment(info.end_time),
        metrics=dict(data.metrics),
        params=dict(data.params),
        tags=dict(data.tags),
        datasets=tuple(_dataset(read) for read in (run.inputs.dataset_inputs if run.inputs else ())),
        url=web.training(info.experiment_id, info.run_id),
    )


def version(found: Any, aliases: Iterable[str], web: Web) -> Version:
    """A model version; `aliases` are given, because a search does not fill them in."""
    return Version(
        model=found.name,
        version=str(found.version),
        run_id=found.run_id or "",
        created=_moment(found.creation_timestamp),
        aliases=tuple(sorted(aliases)),
        tags=dict(found.tags),
        url=web.version(found.name, str(found.version)),
        source=found.source or "",
        status=found.status or "",
        description=found.description or "",
    )


def rows(profile: object) -> int | None:
    """How many rows a data set's profile tells of: `num_rows` of its JSON; None where it doesn't say so."""
    try:
        told = json.loads(profile) if isinstance(profile, str) else None
    except ValueError:
        return None
    count = told.get("num_rows") if isinstance(told, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _dataset(read: Any) -> Dataset:
    context = next((tag.value for tag in read.tags if tag.key == "mlflow.data.context"), "")
    told = read.dataset
    return Dataset(name=told.name, digest=told.digest, context=context, rows=rows(told.profile))


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
