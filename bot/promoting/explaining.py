"""A version's lineage in words: who, when, from which code and data, on what machine, at what cost. Pure.

What nobody knows is said to be unknown: a part that is missing is never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.domain import Pipeline
from bot.following.comparison import CHAMPION_METRIC, REPOSITORY
from bot.messages.markup import Markup, date, escape, link
from bot.messages.phrases import differing, lasted, listed, number
from bot.promoting.sidebyside import in_words

if TYPE_CHECKING:  # the store is no part of what is pure
    from bot.promoting.account import Account

MOST = 8  # parameters, or metrics
DAY_AND_TIME = "{date_short_pretty} {time}"


def lineage(account: Account, pipeline: Pipeline | None, directions: Mapping[str, str], run_url: str) -> list[Markup]:
    """A line for each part of it. `run_url` is where the DAG run is seen, empty where there is none."""
    return [
        Markup(f"*{label}*  {said}")
        for label, said in (
            ("Trained", _trained(account)),
            ("Origin", _origin(account, run_url)),
            ("Code", _code(account)),
            ("Data", _data(account)),
            ("Parameters", _parameters(account, pipeline)),
            ("Machine", _machine(account)),
            ("Metrics", _metrics(account, directions)),
        )
    ]


def _trained(account: Account) -> str:
    """Who, when, and why."""
    origin = account.origin
    whose = listed([f"{escape(each.name)} {escape(each.why)}" for each in origin.makers])
    begun = account.training.started if account.training else None
    when = f" {date(begun, DAY_AND_TIME)}" if begun else ""
    said = f"{whose or 'by nobody on my record'}{when}"
    kept = (origin.followed.shown if origin.followed else None) or {}
    reason = kept.get("reason")
    return f"{said}: “{escape(str(reason))}”" if reason else said


def _origin(account: Account, run_url: str) -> str:
    """Whether anybody confirms that."""
    origin = account.origin
    run = link(run_url, origin.key.run_id) if origin.key and run_url else "its run"
    if origin.unknown:
        claim = f"; it claims to come from {run}" if origin.key and run_url else ""
        return f"⚠️ unknown: {escape(origin.unknown)}{claim}"
    return f"known: Airflow confirms that {run} made it, and names the same person as my record"


def _code(account: Account) -> str:
    if not account.commit:
        return "unknown: its MLflow run names no commit"
    where = account.training.tags.get(REPOSITORY, "") if account.training else ""
    kept = (account.origin.followed.shown if account.origin.followed else None) or {}
    ref = f", asked for as {escape(str(kept['ref']))}" if kept.get("ref") else ""
    return f"commit {escape(account.commit[:12])}{f' of {escape(where)}' if where else ''}{ref}"


def _data(account: Account) -> str:
    found: dict[str, list[str]] = {}
    for dataset in account.training.datasets if account.training else ():
        found.setdefault(dataset.context or "other", []).append(in_words(dataset))
    verbs = {"training": "trained on", "evaluation": "scored on"}
    said = [f"{verb} {escape(listed(sorted(found.pop(context, ['unknown data']))))}" for context, verb in verbs.items()]
    said += [f"{escape(context)}: {escape(listed(sorted(names)))}" for context, names in found.items()]
    return "; ".join(said)


def _parameters(account: Account, pipeline: Pipeline | None) -> str:
    run = account.origin.run
    if run is not None:
        conf: Mapping[str, Any] = {name: value for name, value in run.conf.items() if name != "stationmaster"}
        return _few(differing(pipeline, conf)) or "the DAG's defaults"
    logged = account.training.params if account.training else {}
    if not logged:
        return "unknown: neither Airflow nor MLflow has any"
    return _few([f"{name} {value}" for name, value in sorted(logged.items())]) + ", as MLflow has them"


def _machine(account: Account) -> str:
    on = f"on {escape(account.machine)}" if account.machine else "on a machine that nobody named"
    took = f"took {lasted(account.seconds)}" if account.seconds is not None else "took nobody knows how long"
    return f"{on}, {took}, {f'cost {escape(account.cost)}' if account.cost else 'at a cost that is not on record'}"


def _metrics(account: Account, directions: Mapping[str, str]) -> str:
    logged = account.training.metrics if account.training else {}
    names = [name for name in directions if name in logged]
    names = names or sorted(name for name in logged if not name.startswith(CHAMPION_METRIC))
    return _few([f"{name} {number(logged[name])}" for name in names]) or "unknown: none are logged"


def _few(said: list[str]) -> str:
    more = [f"{len(said) - MOST} more"] if len(said) > MOST else []
    return escape(" · ".join([*said[:MOST], *more]))
