"""Telling runs apart: one that is asked for while one like it goes on, and those of one model that go on together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.answers import Proposal, Told
from bot.commands import Call
from bot.domain import Pipeline
from bot.markup import Markup, date, escape
from bot.station import Station
from bot.store import FollowedRun

TAIL = 8  # characters of a run's id that tell it from others, and by which `status` finds it
COMING = ("ready", "running", "waiting")  # states of work that will start a run, or is about to


async def question(call: Call, conf: Mapping[str, Any]) -> Told | None:
    """What to ask who wants to start a run with these values while one like it goes on, or is about to."""
    model = call.about
    wanted = _whole(model.pipeline, conf)
    for followed in await call.station.store.runs.followed():
        if followed.dag_id == model.dag_id and _whole(model.pipeline, followed.conf) == wanted:
            return _asked(call, followed)
    if name := await _coming(call.station, model.dag_id, model.pipeline, wanted):
        text = f"{_whose(name, call)} run of {model.name} with these values is about to start. Start another?"
        return Told(text=text, proposals=(_another(call), Proposal("What's running", f"status {model.name}")))
    return None


def _asked(call: Call, followed: FollowedRun) -> Told:
    since = date(datetime.fromtimestamp(followed.created, UTC))
    whose = escape(_whose(followed.requested_by_name, call))
    text = (
        f"{whose} run of {escape(followed.model)} with these values goes on since {since}: follow it, or start another?"
    )
    return Told(text=Markup(text), proposals=(Proposal("Open it", f"status {followed.dag_run_id}"), _another(call)))


def _whose(name: str | None, call: Call) -> str:
    return "A" if not name else "Your" if name == call.person.name else f"{name}'s"


def _another(call: Call) -> Proposal:
    return Proposal("Start another", f"{call.text} --yes")


async def _coming(station: Station, dag_id: str, pipeline: Pipeline | None, wanted: Mapping[str, Any]) -> str:
    """Who has asked for such a run that isn't followed yet: Airflow may be away. Empty where nobody has."""
    for state in COMING:
        for job in await station.jobs.list(state):
            args = job.args if job.kind == "run.start" and isinstance(job.args, dict) else {}
            if args.get("dag_id") == dag_id and _whole(pipeline, args.get("conf") or {}) == wanted:
                return str(args["asked"]["name"])
    return ""


def _whole(pipeline: Pipeline | None, conf: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values with the defaults that they leave in place."""
    defaults = {each.name: each.default for each in pipeline.parameters if not each.required} if pipeline else {}
    return {**defaults, **conf}


def called(followed: FollowedRun, others: Sequence[FollowedRun]) -> str:
    """The end of a run's id where another run of its model goes on at the same time, or did: cards then show it."""
    shown = str((followed.shown or {}).get("called") or "")
    beside = any(each.model == followed.model and each.key != followed.key for each in others)
    return shown or (followed.dag_run_id[-TAIL:] if beside else "")
