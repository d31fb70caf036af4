"""The DAG `train_delays`: features, checks, training, evaluation, registration.

Each task may run again at any time. Each leaves a short result for people in the XCom `summary`, and fails
with a sentence for people in the first line of its error: docs/training-code.md says who reads them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from airflow.sdk import Context, Param, dag, get_current_context, task
from delays.tasks import data, summarise

# What is heavy to import is imported by the task that needs it: Airflow reads this file again and again.

AIRPORTS = ["JFK", "LGA", "EWR"]

PARAMS = {
    "months": Param(
        "1-9",
        type="string",
        pattern="^[1-9](-[1-9])?$",
        description="Months of 2013 to learn from, such as 1-9 or 4; 10 to 12 are kept to judge the model",
        section="Data",
    ),
    "airports": Param(
        AIRPORTS,
        type="array",
        items={"type": "string", "enum": AIRPORTS},
        examples=AIRPORTS,
        minItems=1,
        uniqueItems=True,
        description="Airports whose departures to learn from and to predict",
        section="Data",
    ),
    "lead_hours": Param(
        2,
        type="integer",
        minimum=0,
        maximum=48,
        description="Hours before departure at which the prediction is made",
        section="Data",
    ),
    "max_missing_percent": Param(
        15.0,
        type="number",
        minimum=0,
        maximum=100,
        description="Fail if more of any weather column than this is missing, in percent",
        section="Data",
    ),
    "learning_rate": Param(
        0.05,
        type="number",
        minimum=0.001,
        maximum=1,
        description="How much each tree corrects the ones before it",
        section="Model",
    ),
    "max_iter": Param(
        100,
        type="integer",
        minimum=1,
        maximum=1000,
        description="Number of trees",
        section="Model",
    ),
    "max_leaf_nodes": Param(
        31,
        type="integer",
        minimum=2,
        maximum=255,
        description="Leaves of each tree, at most",
        section="Model",
    ),
    "max_depth": Param(
        None,
        type=["integer", "null"],
        minimum=1,
        maximum=50,
        description="Depth of each tree, at most; empty for no limit",
        section="Model",
    ),
    "early_stopping": Param(
        False,
        type="boolean",
        description="Stop when more trees no longer help on a tenth of the training rows",
        section="Model",
    ),
    "class_weight": Param(
        "none",
        type="string",
        enum=["none", "balanced"],
        description="Whether to weigh the rarer late flights up, which makes probabilities too high",
        section="Model",
    ),
    "pace": Param(
        0,
        type="integer",
        minimum=0,
        maximum=600,
        description="Seconds to spread the training over, so that a person can watch it",
        section="Demo",
    ),
}


@dag(
    dag_id="train_delays",
    dag_display_name="delays",
    description="Which flights from New York will leave more than 30 minutes late",
    tags=["stationmaster"],
    schedule=None,
    params=PARAMS,
)
def train_delays() -> None:
    """Take features, validate them, train, validate the model, register it."""
    table = take_features()
    candidate = train(validate_features(table))
    register(validate_model(table, candidate))


@task(task_display_name="take features")
def take_features() -> str:
    """Write the feature table of this DAG run; its path."""
    from delays import features, source

    context = get_current_context()
    path = _folder(context) / "features.parquet"
    selection = features.Selection.of(context["params"])
    rows = features.join(source.flights(), source.weather(), selection, path)
    summarise(context, f"{rows:,} flights")
    return str(path)


@task(task_display_name="validate features")
def validate_features(table: str) -> str:
    """Fail unless the feature table is fit to learn from; its path."""
    from delays import checks

    context = get_current_context()
    held = checks.validate(Path(table), context["params"]["max_missing_percent"])
    summarise(context, f"all {held} checks passed")
    return table


@task(task_display_name="train")
def train(table: str) -> dict[str, str]:
    """Fit a model in an MLflow run of this try; that run's id and the model's URI."""
    import mlflow
    from delays import features, machine, tracking, training

    context = get_current_context()
    params, threads = context["params"], machine.threads(context["dag_run"].conf)
    rows = features.training_rows(Path(table))
    with tracking.start_run(_lineage(context)) as run:
        mlflow.log_params(params)
        tracking.log_dataset(rows, Path(table), "training")
        model = training.fit(rows, training.Settings.of(params), tracking.log_progress, threads)
        uri = tracking.log_model(model, rows)
    summary = f"{training.trees(model)} trees from {len(rows):,} flights{machine.in_words(threads)}"
    summarise(context, summary)
    return {"run_id": run.info.run_id, "uri": uri}


@task(task_display_name="validate model")
def validate_model(table: str, candidate: dict[str, str]) -> dict[str, str]:
    """Score the candidate and the champion on the same flights; fail unless the gates pass; the candidate."""
    import mlflow
    from delays import evaluation, features, gates, tracking

    context = get_current_context()
    rows, rescored = features.holdout_rows(Path(table)), None
    with mlflow.start_run(candidate["run_id"]):
        dataset = tracking.log_dataset(rows, Path(table), "evaluation")
        metrics = evaluation.score(tracking.load_model(candidate["uri"]), rows)
        mlflow.log_metrics(metrics, dataset=dataset, model_id=tracking.model_id(candidate["uri"]))
        if champion := tracking.champion():
            rescored = evaluation.score(tracking.load_model(tracking.version_uri(champion)), rows)
            tracking.log_champion(champion, rescored, dataset)
        asked = gates.of_conf(context["dag_run"].conf)
        passed = gates.require(asked, gates.Result(metrics, len(rows), rescored))
    summarise(context, f"auc {metrics['auc']:.3f} on {len(rows):,} flights, {passed}")
    return candidate


@task(task_display_name="register")
def register(candidate: dict[str, str]) -> str:
    """Make the candidate a version of the registered model, without an alias; the version."""
    from delays import tracking

    context = get_current_context()
    version = tracking.register(candidate["run_id"], candidate["uri"], _lineage(context)).version
    summarise(context, f"version {version}")
    return str(version)


def _folder(context: Context) -> Path:
    """Of this DAG run's files: its name is a digest, as a DAG run's id may be longer than a name may be."""
    folder = data() / "delays" / hashlib.sha256(context["run_id"].encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lineage(context: Context) -> dict[str, str]:
    """The tags that say which task of which DAG run this is."""
    ti = context["ti"]
    return {
        "airflow.dag_id": ti.dag_id,
        "airflow.run_id": ti.run_id,
        "airflow.task_id": ti.task_id,
        "airflow.map_index": str(ti.map_index),
        "airflow.try_number": str(ti.try_number),
    }


train_delays_dag = train_delays()
