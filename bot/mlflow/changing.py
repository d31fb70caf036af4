"""What the bot changes in MLflow's registry: each may be repeated without harm. Its client is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.domain import Version
from bot.mlflow.searching import quoted

if TYPE_CHECKING:
    from bot.mlflow.sdk import MlflowClient

COPY_TAG = "stationmaster.copy"
"""On a copied version: the marker by which a repetition finds it."""


def tag_version(client: MlflowClient, model: str, version: str, tags: Mapping[str, str]) -> None:
    """Set these tags, and leave the others."""
    for key, value in tags.items():
        client.set_model_version_tag(model, version, key, value)


def tag_model(client: MlflowClient, model: str, tags: Mapping[str, str]) -> None:
    """Set these tags, and leave the others."""
    for key, value in tags.items():
        client.set_registered_model_tag(model, key, value)


def copied(client: MlflowClient, to_model: str, marker: str) -> Any:
    """The copy that an earlier attempt made, or None."""
    where = f"name = {quoted(to_model)} AND tags.`{COPY_TAG}` = {quoted(marker)}"
    found = [one for one in client.search_model_versions(where) if one.tags.get(COPY_TAG) == marker]
    return min(found, key=lambda one: int(one.version), default=None)


def copy(client: MlflowClient, version: Version, to_model: str, marker: str) -> Any:
    """A new version of `to_model`, marked in the request that makes it.

    MLflow's own copying is not used: it names its source by a URI, in which a model's name ends at a `?` or a `#`.
    """
    logged = version.source.removeprefix("models:/")
    return client.create_model_version(
        to_model,
        version.source,
        run_id=version.run_id or None,
        tags={**version.tags, COPY_TAG: marker},
        description=version.description or None,
        await_creation_for=0,
        model_id=logged if logged.startswith("m-") else None,
    )
