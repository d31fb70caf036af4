"""The DAG `deploy_delays`: the version behind an alias scores the flights, and its scores are put where they are read.

Its conf is what the bot gives every deploy DAG: the registered `model`, the `version`, and the `alias` that it got.
Each task may run again at any time. Where the alias has moved on meanwhile nothing is deployed: the version that holds
it now has a run of its own.
"""

from __future__ import annotations

from airflow.sdk import Param, dag, get_current_context, task
from delays.tasks import data, summarise

# What is heavy to import is imported by the task that needs it: Airflow reads this file again and again.

PARAMS = {
    "model": Param(type="string", minLength=1, description="The registered model"),
    "version": Param(type="string", pattern="^[1-9][0-9]*$", description="Its version that was promoted"),
    "alias": Param(type="string", minLength=1, description="The alias that the version holds"),
}


@dag(
    dag_id="deploy_delays",
    dag_display_name="deploy delays",
    description="Score the flights with the version behind an alias, and let them be looked up",
    schedule=None,
    params=PARAMS,
    max_active_runs=1,
)
def deploy_delays() -> None:
    """Load the version, score what it has not scored, publish its scores."""
    scored = score_flights()
    load_version() >> scored
    publish(scored)


@task(task_display_name="load version")
def load_version() -> None:
    """Fail unless the alias points at the version, and the version can be loaded."""
    from delays import tracking

    context = get_current_context()
    version = tracking.holder(**_asked())
    tracking.load_model(tracking.version_uri(version))
    summarise(context, f"v{version.version} of {version.name}")


@task(task_display_name="score flights")
def score_flights() -> int:
    """Score the months that this version has not scored yet, into the batch store; how many flights those were."""
    from delays import features, scoring, source, tracking

    context, asked = get_current_context(), _asked()
    version = tracking.holder(**asked)
    rows = features.upcoming(source.flights(), source.weather(), tracking.lead_hours(version))
    into = scoring.folder(data(), asked["model"], asked["version"])
    scored = scoring.score(tracking.load_model(tracking.version_uri(version)), rows, into)
    summarise(context, f"{scored.rows:,} of {scored.total:,} flights")
    return scored.rows


@task(task_display_name="publish")
def publish(scored: int) -> None:
    """Let what this version has scored be looked up, instead of what was there."""
    from delays import scoring, serving, tracking

    context, asked = get_current_context(), _asked()
    rows = scoring.predictions(scoring.folder(data(), asked["model"], asked["version"]))
    chances = zip(rows["key"], rows["chance"].astype(float), strict=True)
    tracking.holder(**asked)  # again, as late as can be
    serving.publish(chances, asked["version"], serving.place(data(), asked["model"], asked["alias"]))
    summarise(context, f"scored {scored:,} rows" if scored else f"{len(rows):,} rows, scored before")


def _asked() -> dict[str, str]:
    """The model, version and alias of this run."""
    params = get_current_context()["params"]
    return {name: str(params[name]) for name in PARAMS}


deploy_delays_dag = deploy_delays()
