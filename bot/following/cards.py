"""The card of a run: one message, edited in place while the run goes on. Pure: facts in, message out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeAlias

from bot.domain import Pipeline, Run, RunState, Task, TaskSpec, TaskState, Training, Version
from bot.following.comparison import Line
from bot.following.controls import Control, controls, stamp
from bot.messages.markup import Markup, date, escape, fit
from bot.messages.phrases import about, change, count, differing, lasted, number
from bot.messages.render import Message

if TYPE_CHECKING:  # the store is no part of what is pure
    from bot.store import FollowedRun

FOLD_ABOVE = 20  # tasks; above, each task group becomes one line
MOST_LINES = 30

Status: TypeAlias = Literal["pending", "in_progress", "complete", "error"]
_STATUS: dict[TaskState, Status] = {
    TaskState.PENDING: "pending",
    TaskState.RUNNING: "in_progress",
    TaskState.WAITING: "in_progress",
    TaskState.SUCCESS: "complete",
    TaskState.SKIPPED: "complete",
    TaskState.FAILED: "error",
}

_ORIGINS = {
    "scheduled": "by its schedule",
    "backfill": "by a backfill",
    "operator_triggered": "by another DAG",
    "asset_triggered": "by new data",
}


class Link(NamedTuple):
    """A button that opens a page."""

    label: str
    url: str


class TaskLine(NamedTuple):
    """A line of the plan. `waits` tells a task that waits from one that runs, since then."""

    task_id: str
    title: str
    status: Status
    since: datetime | None = None
    waits: bool = False


class RunCard(Message):
    """One run: its state first, then its tasks or its result, then what differs from the defaults, then buttons."""

    template: ClassVar[str] = "run_card"
    shareable: ClassVar[bool] = True
    icon: str
    headline: str
    aside: Markup
    detail: str = ""
    plan_title: str = ""
    plan_id: str = ""
    tasks: tuple[TaskLine, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    stamp: str = ""  # part of the buttons' ids: another after each retry
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run gave. `trouble` is said where MLflow doesn't answer yet."""

    failed_task: str = ""
    failure: str = ""
    training: Training | None = None
    verified: bool = False
    version: Version | None = None
    champion: Version | None = None
    alias: str = "production"
    lines: Sequence[Line] = ()
    same_data: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a card is made of."""

    followed: FollowedRun
    run: Run
    pipeline: Pipeline | None
    tasks: Sequence[Task] = ()
    summaries: Mapping[str, str] = field(default_factory=dict)
    typical: tuple[float, int] | None = None  # the median of past successful durations in seconds, and of how many
    terms: Sequence[str] = ()  # on which machine, from which code
    price: str = ""  # what is reserved, and what is left of the budget, in words
    cost: str = ""  # what it came to, in words, once it is over
    agreed_by: str = ""
    run_url: str = ""
    outcome: Outcome = Outcome()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def run_card(facts: Facts) -> RunCard:
    """The card for these facts."""
    state = facts.run.state
    if state is RunState.SUCCESS:
        return _finished(facts)
    if state is RunState.FAILED:
        return _failed(facts)
    if state is RunState.GONE:
        return _card(facts, "⚪", f"{facts.followed.model}: this run was deleted in Airflow", _asked_by(facts))
    return _going_on(facts)


def _card(facts: Facts, icon: str, headline: str, aside: Markup, **more: Any) -> RunCard:
    parts = [*differing(facts.pipeline, facts.followed.conf), *facts.terms]
    notes = [" · ".join(parts)] if parts else []
    if reason := _kept(facts, "reason"):
        notes.append(f"“{reason}”")
    if facts.agreed_by:
        notes.append(f"{facts.agreed_by} agreed")
    if retried_by := _kept(facts, "retried_by"):
        notes.append(f"retried by {retried_by}")
    links = [Link("Open in Airflow", facts.run_url)] if facts.run_url else []
    if facts.outcome.training and facts.outcome.training.url:
        links.append(Link("Open in MLflow", facts.outcome.training.url))
    said = " · ".join([*more.get("notes", ()), *notes])
    lines = [line for line in (said, "" if facts.run.state.over else facts.price) if line]
    more["notes"] = ("\n".join(lines),) if lines else ()
    offered = controls(facts.followed.model, facts.run, _proposal(facts), _versions(facts))
    more |= {"controls": offered, "stamp": stamp(facts.run)}
    return RunCard(icon=icon, headline=headline, aside=aside, links=tuple(links), **more)


def _proposal(facts: Facts) -> Control | None:
    """The button that proposes the version that this run gave, unless it has the alias already."""
    version, alias = facts.outcome.version, facts.outcome.alias
    if version is None or alias in version.aliases:
        return None
    command = f"promote {facts.followed.model} {version.version} --to {alias}"
    return Control(f"Propose for {alias}", command, "primary")


def cancellation(followed: FollowedRun, run: Run) -> Mapping[str, str]:
    """The `person` and `name` of who cancelled the run, if it ended so; one that was retried since did not."""
    cancelled: Mapping[str, str] = (followed.shown or {}).get("cancelled") or {}
    return cancelled if run.state is RunState.FAILED and cancelled.get("queued") == str(run.queued) else {}


def _versions(facts: Facts) -> tuple[str, ...]:
    """The champion's version and the run's, where there are both."""
    champion, version = facts.outcome.champion, facts.outcome.version
    return (champion.version, version.version) if champion and version else ()


def _kept(facts: Facts, name: str) -> str:
    """What was written down beside the run."""
    return str((facts.followed.shown or {}).get(name) or "")


def _asked_by(facts: Facts) -> Markup:
    return _whose(facts, "asked by", f"started {_origin(facts)}")


def _whose(facts: Facts, before: str, otherwise: str) -> Markup:
    """Who asked for the run; `otherwise` where nobody did. What tells it from others of its model that went on beside
    it is the end of its id.
    """
    name = facts.followed.requested_by_name
    if schedule := (facts.followed.shown or {}).get("schedule"):
        before, name = "by", f"{name}'s schedule, {schedule.get('words')}"
    called = str((facts.followed.shown or {}).get("called") or "")
    told = f" · run {escape(called)}" if called else ""
    return Markup((f"{before} {escape(name)}" if name else otherwise) + told)


def _origin(facts: Facts) -> str:
    """What started a run that nobody asked the bot for."""
    return _ORIGINS.get(facts.run.kind, "in Airflow")


def _going_on(facts: Facts) -> RunCard:
    model, run = facts.followed.model, facts.run
    lines = task_lines(facts.pipeline.tasks if facts.pipeline else (), facts.tasks, facts.summaries)
    plan = {"tasks": tuple(lines), "plan_title": _time_left(facts), "plan_id": _plan_id(lines, facts)}
    if run.state is RunState.SCHEDULED and run.run_after:
        aside = Markup(
            f"{date(run.run_after, '{date_short_pretty} {time}')} {_whose(facts, 'for', '· asked for in Airflow')}"
        )
        return _card(facts, "🗓", f"{model} will train", aside)
    if run.started is None or run.state is RunState.QUEUED:  # one that is retried has its start at once
        whose = _whose(facts, "by", f"· started {_origin(facts)}")
        aside = Markup(f"since {date(run.queued or _created(facts))} {whose}")
        return _card(facts, "🚉", f"{model} waits for its turn in Airflow", aside, **plan)
    aside = Markup(f"started {date(run.started)} {_whose(facts, 'by', _origin(facts))}")
    return _card(facts, "🚂", f"{model} is training", aside, **plan)


def _created(facts: Facts) -> datetime:
    return datetime.fromtimestamp(facts.followed.created, UTC)


def _plan_id(lines: Sequence[TaskLine], facts: Facts) -> str:
    """A block id that changes when the plan does: Slack then redraws it."""
    return f"plan-{facts.followed.revision}-{sum(line.status == 'complete' for line in lines)}"


def _time_left(facts: Facts) -> str:
    """When it ends, as far as the past tells."""
    if facts.typical is None:
        return "first run: no history yet to tell how long it takes"
    median, runs = facts.typical
    of = f"(p50 of {count(runs, 'run')})"
    if facts.run.started is None or facts.run.state is RunState.QUEUED:
        return f"takes {about(median)} {of}"
    left = median - (facts.now - facts.run.started).total_seconds()
    return f"{about(left)} left {of}" if left > 0 else f"longer than usual: {about(median)} {of}"


def task_lines(specs: Sequence[TaskSpec], tasks: Sequence[Task], summaries: Mapping[str, str]) -> list[TaskLine]:
    """The plan's lines in the pipeline's order; tasks that only the run knows come last."""
    by_id: dict[str, list[Task]] = {}
    for task in tasks:
        by_id.setdefault(task.task_id, []).append(task)
    known = {spec.task_id for spec in specs}
    extra = [TaskSpec(task_id=name, title=mine[0].title) for name, mine in by_id.items() if name not in known]
    ordered = [*specs, *extra]
    if len(ordered) <= FOLD_ABOVE:
        return [_line(spec.task_id, spec.title, by_id.get(spec.task_id, ()), summaries) for spec in ordered]
    groups: dict[str, list[TaskSpec]] = {}
    for spec in ordered:
        groups.setdefault(spec.group or spec.task_id, []).append(spec)
    if len(groups) > MOST_LINES:
        shown = dict(list(groups.items())[: MOST_LINES - 1])
        groups = shown | {"": [spec for name, specs in groups.items() if name not in shown for spec in specs]}
    return [_group(name, members, by_id) for name, members in groups.items()]


def _group(name: str, members: Sequence[TaskSpec], by_id: Mapping[str, Sequence[Task]]) -> TaskLine:
    """One line for several tasks; without a name, those that the plan has no room for."""
    many = count(len(members), "task")
    title = members[0].title if len(members) == 1 else f"{name} ({many})" if name else f"and {many} more"
    return _line(name or "more", title, [task for spec in members for task in by_id.get(spec.task_id, ())], {})


def _line(task_id: str, title: str, tasks: Sequence[Task], summaries: Mapping[str, str]) -> TaskLine:
    """What a finished task gave stands in its title, where it is read without a click."""
    state = _folded([task.state for task in tasks])
    result = _result(state, tasks, summaries.get(task_id, ""))
    started = None if state.over else min((task.started for task in tasks if task.started), default=None)
    return TaskLine(task_id, " · ".join([title, *result]), _STATUS[state], started, state is TaskState.WAITING)


def _folded(states: Sequence[TaskState]) -> TaskState:
    """One state for several tasks: the worst, then the liveliest."""
    for state in (TaskState.FAILED, TaskState.RUNNING, TaskState.WAITING):
        if state in states:
            return state
    if states and all(state.over for state in states):
        return TaskState.SKIPPED if set(states) == {TaskState.SKIPPED} else TaskState.SUCCESS
    return TaskState.RUNNING if TaskState.SUCCESS in states else TaskState.PENDING


def _result(state: TaskState, tasks: Sequence[Task], summary: str) -> list[str]:
    """What the task said, and how long it took; or that it was skipped."""
    if state is TaskState.SKIPPED:
        return ["skipped"]
    started = min((task.started for task in tasks if task.started), default=None)
    ended = max((task.ended for task in tasks if task.ended), default=None)
    if not state.over or started is None or ended is None:
        return []
    return [*([fit(summary, 100)] if summary else []), lasted((ended - started).total_seconds())]


def _finished(facts: Facts) -> RunCard:
    outcome, model = facts.outcome, facts.followed.model
    version = f" v{outcome.version.version}" if outcome.version else ""
    ready = f"{model}{version} is ready" if version else f"{model} has finished"
    took = (f"took {lasted(facts.run.seconds)}" if facts.run.seconds is not None else "finished") + _cost(facts)
    aside = Markup(f"{took} · {_whose(facts, 'for', f'started {_origin(facts)}')}")
    verdict, notes = _verdict(outcome)
    return _card(facts, "✅", ready + verdict, aside, table=_metrics_table(outcome), notes=tuple(notes))


def _cost(facts: Facts) -> str:
    return f" · {facts.cost}" if facts.cost else ""


def _verdict(outcome: Outcome) -> tuple[str, list[str]]:
    """How the headline goes on, and what is to be said below the table."""
    notes: list[str] = []
    if outcome.trouble:
        return "", [outcome.trouble]
    if outcome.training is None:
        return "", ["no MLflow run is tagged with this run, so there are no metrics to show"]
    judged = [line for line in outcome.lines if line.champion is not None and line.higher_is_better is not None]
    verdict = ""
    if judged:
        better = sum(line.better is True for line in judged)
        verdict = f": better than {outcome.alias} on {better} of {count(len(judged), 'metric')}"
        digest = outcome.training.digest("evaluation")
        notes.append(f"same holdout ({digest[:4]}…)" if digest else "same holdout")
    elif outcome.champion is None:
        first = outcome.version is not None and outcome.version.version == "1"
        notes.append("first version: nothing to compare with yet" if first else f"nothing is in {outcome.alias} yet")
    elif not outcome.same_data:
        notes.append(f"not comparable with {outcome.alias} (v{outcome.champion.version}): other evaluation data")
    if commit := outcome.training.tags.get("mlflow.source.git.commit"):
        notes.append(f"commit {commit[:7]}")
    if not outcome.version:
        notes.append("no version was registered")
    if not outcome.verified:
        notes.append("⚠️ unverified: Airflow doesn't confirm that this MLflow run belongs to it")
    return verdict, [" · ".join(notes)] if notes else []


def _metrics_table(outcome: Outcome) -> tuple[tuple[str, ...], ...]:
    if not outcome.lines:
        return ()
    name = f"v{outcome.version.version}" if outcome.version else "this run"
    if outcome.champion is None or not any(line.champion is not None for line in outcome.lines):
        return (("metric", name), *((_metric(line), number(line.candidate)) for line in outcome.lines))
    head = ("metric", name, f"{outcome.alias} (v{outcome.champion.version})", "change")
    return (head, *(_compared(line) for line in outcome.lines))


def _metric(line: Line) -> str:
    return line.metric + {True: " ↑", False: " ↓", None: ""}[line.higher_is_better]


def _compared(line: Line) -> tuple[str, ...]:
    if line.champion is None or line.change is None:
        return (_metric(line), number(line.candidate), "–", "–")
    worse = " ▼" if line.better is False else ""
    return (_metric(line), number(line.candidate), number(line.champion), change(line.change) + worse)


def _failed(facts: Facts) -> RunCard:
    outcome, model = facts.outcome, facts.followed.model
    where = f" at {outcome.failed_task}" if outcome.failed_task else ""
    after = (f"after {lasted(facts.run.seconds)}" if facts.run.seconds is not None else "before it began") + _cost(
        facts
    )
    registered = f"v{outcome.version.version} was registered" if outcome.version else "nothing was registered"
    whose = _whose(facts, "for", f"started {_origin(facts)}")
    aside = Markup(f"{after} · {whose}" if outcome.trouble else f"{after} · {registered} · {whose}")
    if cancelled := cancellation(facts.followed, facts.run):
        return _card(facts, "⏹", f"{model} was cancelled by {cancelled.get('name')}", aside)
    notes = (outcome.trouble,) if outcome.trouble else ()
    return _card(facts, "❌", f"{model} failed{where}", aside, detail=outcome.failure, notes=notes)
