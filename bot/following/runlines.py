"""Runs as lines of a list: their state first, for `status` and a model's page. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from bot.domain import Run, RunState
from bot.messages.markup import Markup, date, escape
from bot.messages.phrases import lasted

if TYPE_CHECKING:  # the store is no part of what is pure
    from bot.store import FollowedRun

_ICONS = {
    RunState.SCHEDULED: "🗓", RunState.QUEUED: "🚉", RunState.RUNNING: "🚂", RunState.SUCCESS: "✅",
    RunState.FAILED: "❌", RunState.GONE: "⚪", RunState.UNKNOWN: "❔",
}  # fmt: skip
_WHEN = "{date_short_pretty} {time}"


class RunLine(NamedTuple):
    """One run in a list. `run_id` is what its button opens."""

    line: Markup
    run_id: str


def run_line(model: str, run: Run, followed: FollowedRun | None) -> RunLine:
    """ "✅ *delays* v13 · took 42 s · Dana · today 10:42"."""
    version = f" v{followed.version}" if followed and followed.version else ""
    who = _whose(followed) or _by(run)
    parts = [f"{_ICONS[run.state]} *{escape(model)}*{escape(version)}", _how(run), escape(who)]
    return RunLine(Markup(" · ".join(part for part in parts if part)), run.run_id)


def as_kept(followed: FollowedRun) -> Run:
    """The run as the store last knew it, for when Airflow doesn't answer."""
    return Run(
        dag_id=followed.dag_id,
        run_id=followed.dag_run_id,
        state=RunState(followed.state) if followed.state in set(RunState) else RunState.UNKNOWN,
        conf=followed.conf,
        queued=datetime.fromtimestamp(followed.created, UTC),
        ended=datetime.fromtimestamp(followed.ended, UTC) if followed.ended else None,
    )


def _whose(followed: FollowedRun | None) -> str:
    """Who asked for it, or whose schedule did."""
    name = followed.requested_by_name if followed else ""
    return f"{name}'s schedule" if followed and name and (followed.shown or {}).get("schedule") else name or ""


def _by(run: Run) -> str:
    return {"scheduled": "its schedule", "operator_triggered": "a schedule", "backfill": "a backfill"}.get(run.kind, "")


def _how(run: Run) -> str:
    match run.state:
        case RunState.RUNNING:
            return f"started {date(run.started, _WHEN)}" if run.started else f"since {date(run.queued, _WHEN)}"
        case RunState.SCHEDULED if run.run_after:
            return f"trains {date(run.run_after, _WHEN)}"
        case RunState.QUEUED | RunState.SCHEDULED:
            return f"waits since {date(run.queued, _WHEN)}"
        case RunState.SUCCESS | RunState.FAILED:
            took = f"took {lasted(run.seconds)} · " if run.seconds is not None else ""
            return f"{took}{date(run.ended, _WHEN)}" if run.ended else took.rstrip(" ·")
        case RunState.GONE:
            return "deleted in Airflow"
        case _:
            return "in a state that I don't know"
