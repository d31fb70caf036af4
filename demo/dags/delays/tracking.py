"""What MLflow remembers: one run in the experiment `delays` for each try at training, and its registered version.

A try that was ended halfway leaves a run behind, which the next try closes; a run is evidence, so no try goes on
with the run of another.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.data.pandas_dataset import PandasDataset, from_pandas
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from delays.features import INPUTS, TARGET, digest
from delays.training import Progress

NAME = "delays"
"""Of the experiment and of the registered model."""

CHAMPION = "production"
"""The alias of the version that a candidate is compared with."""


def start_run(tags: Mapping[str, str]) -> mlflow.ActiveRun:
    """A new MLflow run, to be used in a `with`, for the try at a task that `tags` names.

    `tags` are those of docs/training-code.md, `airflow.dag_id` and `airflow.run_id` among them.
    """
    experiment = mlflow.set_experiment(NAME)
    # Airflow lets no quote into either id.
    same = " AND ".join(f"tags.`{key}` = '{tags[key]}'" for key in ("airflow.dag_id", "airflow.run_id"))
    running = f"{same} AND attributes.status = 'RUNNING'"
    for left in mlflow.search_runs([experiment.experiment_id], running, output_format="list"):
        mlflow.MlflowClient().set_terminated(left.info.run_id, "KILLED")
    return mlflow.start_run(run_name=tags["airflow.run_id"], tags={**tags, **_commit()})


def log_dataset(rows: pd.DataFrame, path: Path, context: str) -> PandasDataset:
    """Link `rows` of the feature table at `path` to the active run as its "training" or "evaluation" data.

    Its digest is equal for equal rows: metrics can be compared only where it is the same.
    """
    name = f"flights of months {rows['month'].min()}-{rows['month'].max()}"
    columns = rows[[*INPUTS, TARGET]]
    dataset = from_pandas(columns, source=str(path), name=name, targets=TARGET, digest=digest(rows))
    mlflow.log_input(dataset, context=context)
    return dataset


def log_progress(progress: Progress) -> None:
    """A point of the active run's training curve."""
    mlflow.log_metric("training_log_loss", progress.log_loss, step=progress.iterations)


def log_champion(version: ModelVersion, metrics: Mapping[str, float], dataset: PandasDataset) -> None:
    """What the champion reaches on `dataset`, the candidate's evaluation data, and which version it is."""
    mlflow.log_metrics({f"champion.{name}": value for name, value in metrics.items()}, dataset=dataset)
    mlflow.set_tag("stationmaster.champion_version", version.version)


def log_model(model: Pipeline, rows: pd.DataFrame) -> str:
    """Log `model` to the active run; its URI, `models:/m-…`."""
    example = rows[INPUTS].head(100)
    logged = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(example, model.predict_proba(example)),
        pip_requirements=["scikit-learn", "pandas", "cloudpickle"],
        serialization_format="cloudpickle",  # skops, the default, floods a task's log with Airflow's warnings
        pyfunc_predict_fn="predict_proba",
    )
    return str(logged.model_uri)


def load_model(uri: str) -> Pipeline:
    """The model that `log_model` logged; `uri` is its own or that of a version of it."""
    return mlflow.sklearn.load_model(uri)


def champion() -> ModelVersion | None:
    """The registered version that is in production, if any."""
    client = mlflow.MlflowClient()
    registered = client.search_registered_models(f"name = '{NAME}'")
    version = registered[0].aliases.get(CHAMPION) if registered else None
    return client.get_model_version(NAME, version) if version else None


class NotHeld(Exception):
    """The alias doesn't point at the version that was to be deployed; the message says where it points."""


def holder(model: str, version: str, alias: str) -> ModelVersion:
    """The version, which holds the alias. Raises NotHeld where it doesn't (any more)."""
    client = mlflow.MlflowClient()
    registered = client.search_registered_models(f"name = '{model}'")
    held = str(registered[0].aliases.get(alias, "")) if registered else ""
    if held != version:
        now = f"v{held}" if held else "no version"
        raise NotHeld(f"{alias} of {model} is {now} now, not v{version}: nothing was deployed")
    return client.get_model_version(model, version)


def lead_hours(version: ModelVersion) -> int:
    """How long before departure this version predicts."""
    return int(mlflow.get_run(version.run_id).data.params["lead_hours"])


def register(run_id: str, uri: str, tags: Mapping[str, str]) -> ModelVersion:
    """The registered version of `run_id`, made from the model at `uri` unless it exists, with `tags`.

    It gets no alias: to put a model into production is for people.
    """
    client = mlflow.MlflowClient()
    made = client.search_model_versions(f"name = '{NAME}' AND run_id = '{run_id}'")
    version = made[0] if made else mlflow.register_model(uri, NAME)
    for key, value in tags.items():
        client.set_model_version_tag(NAME, version.version, key, value)
    return version


def version_uri(version: ModelVersion) -> str:
    """Such as `models:/delays/3`."""
    return f"models:/{version.name}/{version.version}"


def model_id(uri: str) -> str:
    """Of a logged model: `m-…` of `models:/m-…`."""
    return uri.removeprefix("models:/")


def _commit() -> dict[str, str]:
    """MLflow's own tag for the commit of the code, where it is known."""
    commit = os.environ.get("STATIONMASTER_DEMO_COMMIT") or _checked_out_commit()
    return {"mlflow.source.git.commit": commit} if commit else {}


def _checked_out_commit() -> str:
    """Empty where this file is in no git repository, or git is not installed."""
    folder = Path(__file__).parent
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5, check=False
        )
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
