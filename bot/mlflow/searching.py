"""MLflow's filter language, and its pages. Its client is given; nothing here talks to anyone else."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.errors import ServiceRejected, shorten
from bot.mlflow.errors import SERVICE

if TYPE_CHECKING:
    from bot.mlflow.sdk import MlflowClient

PAGE = 1000  # what a search may return at once
NAMED_AT_ONCE = 200  # names or ids in one filter

_RUN_ID = re.compile(r"[\w-]+")


def quoted(value: str) -> str:
    """`value` as a string of the filter language, which has two kinds of quotes and no escapes."""
    if "'" in value and '"' in value:
        raise ServiceRejected(SERVICE, f"no search for a name with both kinds of quotes: {shorten(value)}")
    return f'"{value}"' if "'" in value else f"'{value}'"


def all_pages(search: Callable[..., Any]) -> Iterable[Any]:
    """Everything that `search` finds, page by page."""
    page = search(max_results=PAGE)
    yield from page
    while page.token:
        page = search(max_results=PAGE, page_token=page.token)
        yield from page


def runs(client: MlflowClient, experiments: Sequence[str], run_ids: Collection[str]) -> Iterator[Any]:
    """The MLflow runs with these ids that are not deleted, in as few calls as it takes."""
    wanted = [run_id for run_id in dict.fromkeys(run_ids) if _RUN_ID.fullmatch(run_id)]
    for some in _chunks(wanted):
        where = f"attributes.run_id IN ({', '.join(map(quoted, some))})"
        yield from client.search_runs(list(experiments), where, max_results=len(some))


def models(client: MlflowClient, names: Collection[str]) -> Iterator[Any]:
    """The registered models of these names that exist; their aliases are filled in."""
    wanted = set(names)
    for where in _naming(wanted):
        for model in all_pages(partial(client.search_registered_models, where)):
            if model.name in wanted:  # some databases compare without regard to case
                yield model


def version_numbers(client: MlflowClient, names: Collection[str], since: int) -> Iterator[tuple[str, str]]:
    """Model and number of each version of these models, from the number `since` on."""
    for where in _naming(names):
        for version in all_pages(partial(client.search_model_versions, f"{where} AND version_number >= {since}")):
            yield version.name, str(version.version)


def _naming(names: Collection[str]) -> Iterator[str]:
    for some in _chunks(sorted(set(names))):
        yield f"name IN ({', '.join(map(quoted, some))})"


def location(client: MlflowClient, model: str, version: str) -> str:
    """Where the files of a version are: no `models:` or `runs:` address, but what these stand for."""
    uri = client.get_model_version_download_uri(model, version)
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").partition("/")
        return _of_run(client, run_id, path)
    if uri.startswith("models:/m-"):
        return str(client.get_logged_model(uri.removeprefix("models:/")).artifact_location)
    return uri


def _of_run(client: MlflowClient, run_id: str, path: str) -> str:
    """A path of a run: the model that was logged under this name, else the run's own file or folder."""
    run = client.get_run(run_id)
    for output in run.outputs.model_outputs if run.outputs else ():
        logged = client.get_logged_model(output.model_id)
        if logged.name == path:
            return str(logged.artifact_location)
    return f"{run.info.artifact_uri}/{path}"


def quotable(names: Collection[str]) -> tuple[list[str], list[str]]:
    """The names that a filter can hold, and those that it can't: with both kinds of quotes."""
    odd = {name for name in names if "'" in name and '"' in name}
    return sorted(set(names) - odd), sorted(odd)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), NAMED_AT_ONCE):
        yield values[start : start + NAMED_AT_ONCE]
