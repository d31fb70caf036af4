"""Telling runs apart: one that is asked for while one like it goes on, and those of one model that go on together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.conversation.answers import Proposal, Told
from bot.conversation.commands import Call
from bot.domain import Pipeline
from bot.messages.markup import Markup, date, escape
from bot.store import FollowedRun

TAIL = 8  # characters of a run's id that tell it from others, and by which `status` finds it


class Likeness(NamedTuple):
    """What makes two runs of a DAG alike: every parameter's value, the machine, the code."""

    values: Mapping[str, Any]
    compute: str
    ref: str


def likeness(pipeline: Pipeline | None, conf: Mapping[str, Any], compute: str, ref: str) -> Likeness:
    """With the defaults that the conf leaves in place."""
    defaults = {each.name: each.default for each in pipeline.parameters if not each.required} if pipeline else {}
    return Likeness({**defaults, **conf}, compute, ref)


async def question(call: Call, conf: Mapping[str, Any], compute: str, ref: str, command: str) -> Told | None:
    """What to ask who wants such a run of `call.about` while one like it goes on, or is about to start.

    `command` is what starts another all the same.
    """
    model, another = call.about, Proposal("Start another", command, settles=True)
    wanted = likeness(model.pipeline, conf, compute, ref)
    for followed in await call.station.store.runs.followed():
        shown = followed.shown or {}
        told = likeness(model.pipeline, followed.conf, shown.get("compute", ""), shown.get("ref", ""))
        if followed.dag_id == model.dag_id and told == wanted and followed.job_id != call.request_id:
            return _asked(call, followed, another)
    if name := await _coming(call, wanted):
        text = f"{_whose(name, call)} run of {model.name} with these values is about to start. Start another?"
        return Told(text=text, proposals=(another, Proposal("What's running", f"status {model.name}")))
    return None


def _asked(call: Call, followed: FollowedRun, another: Proposal) -> Told:
    since = date(datetime.fromtimestamp(followed.created, UTC))
    run = f"{_whose(followed.requested_by_name, call)} run of {followed.model} with these values"
    text = Markup(f"{escape(run)} goes on since {since}: follow it, or start another?")
    return Told(text=text, proposals=(Proposal("Open it", f"status {followed.dag_run_id}"), another))


def _whose(name: str | None, call: Call) -> str:
    return "A" if not name else "Your" if name == call.person.name else f"{name}'s"


async def _coming(call: Call, wanted: Likeness) -> str:
    """Who has asked for such a run that isn't followed yet: Airflow may be away. Empty where nobody has.

    What is asked by this very request, which was delivered before, is no other run.
    """
    for job in await call.station.jobs.coming("run.start", call.about.dag_id):
        args = job.args if isinstance(job.args, dict) else {}
        machine = (args.get("compute") or {}).get("name", "")
        told = likeness(call.about.pipeline, args.get("conf") or {}, machine, args.get("ref") or "")
        if args.get("dag_id") == call.about.dag_id and told == wanted and job.id != call.request_id:
            return str(args["asked"]["name"])
    return ""


def called(followed: FollowedRun, others: Sequence[FollowedRun]) -> str:
    """The end of a run's id where another run of its model goes on at the same time, or did: cards then show it."""
    shown = str((followed.shown or {}).get("called") or "")
    beside = any(each.model == followed.model and each.key != followed.key for each in others)
    return shown or (followed.dag_run_id[-TAIL:] if beside else "")
