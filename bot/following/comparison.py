"""A candidate's metrics beside the champion's. Pure.

They are compared only on the same evaluation data: either the training code re-scored the champion on the candidate's
holdout (metrics `champion.<name>` and the tag `stationmaster.champion_version`), or both runs logged the same one
evaluation data set (equal digests). Otherwise they are not comparable, and it is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Training

CHAMPION_METRIC = "champion."
CHAMPION_VERSION = "stationmaster.champion_version"
REPOSITORY = "mlflow.source.git.repoURL"
COMMIT = "mlflow.source.git.commit"
MOST_METRICS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One metric. `champion` is None where there is nothing to compare with; `better` where that makes it unknown."""

    metric: str
    higher_is_better: bool | None
    candidate: float
    champion: float | None

    @property
    def change(self) -> float | None:
        """Candidate minus champion."""
        return None if self.champion is None else self.candidate - self.champion

    @property
    def better(self) -> bool | None:
        """Is the candidate better? None where it is equal, or nobody can tell."""
        if self.change is None or self.higher_is_better is None or not math.isfinite(self.change):
            return None
        return None if self.change == 0 else (self.change > 0) == self.higher_is_better


def lines(
    candidate: Training, champion: Training | None, champion_version: str, directions: Mapping[str, str]
) -> list[Line]:
    """The metrics that the configuration names, in its order; else the first few that were logged."""
    return side_by_side(candidate.metrics, champions_metrics(candidate, champion, champion_version), directions)


def side_by_side(
    metrics: Mapping[str, float], beside: Mapping[str, float], directions: Mapping[str, str]
) -> list[Line]:
    """A line for each metric, as `lines` has them; `beside` are the champion's, on the same evaluation data."""
    scored = {name: value for name, value in metrics.items() if not name.startswith(CHAMPION_METRIC)}
    names = [name for name in directions if name in scored] or sorted(scored)[:MOST_METRICS]
    return [
        Line(name, {"higher": True, "lower": False}.get(directions.get(name, "")), scored[name], beside.get(name))
        for name in names[:MOST_METRICS]
    ]


def comparable(candidate: Training, champion: Training | None, champion_version: str) -> bool:
    """Were both scored on the same evaluation data?"""
    return bool(champions_metrics(candidate, champion, champion_version))


def champions_metrics(candidate: Training, champion: Training | None, version: str) -> Mapping[str, float]:
    """The champion's metrics on the candidate's evaluation data; empty where they are not comparable."""
    rescored = {
        name.removeprefix(CHAMPION_METRIC): value
        for name, value in candidate.metrics.items()
        if name.startswith(CHAMPION_METRIC)
    }
    if rescored and version and candidate.tags.get(CHAMPION_VERSION) == version:
        return rescored
    digest = candidate.digest("evaluation")
    if champion and digest and champion.digest("evaluation") == digest:
        return champion.metrics
    return {}


def code_url(candidate: Training | None, champion: Training | None) -> str:
    """Where the commits of both are compared; empty where their MLflow runs don't name a repository on the web."""
    where = candidate.tags.get(REPOSITORY, "") if candidate else ""
    commits = [each.tags.get(COMMIT, "") if each else "" for each in (champion, candidate)]
    if not where.startswith(("https://", "http://")) or not all(commits):
        return ""
    return f"{where.removesuffix('/').removesuffix('.git')}/compare/{'...'.join(commits)}"
