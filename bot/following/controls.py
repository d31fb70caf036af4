"""The buttons of a run's card: each stands for a command, and is there only while the command makes sense. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.domain import Run, RunState


class Control(NamedTuple):
    """A button and what it types. With a `question` Slack asks it first, and `yes` is the button that goes on."""

    label: str
    command: str
    style: Literal["", "primary", "danger"] = ""
    question: str = ""
    yes: str = ""


def controls(
    model: str, run: Run, proposal: Control | None = None, versions: tuple[str, ...] = ()
) -> tuple[Control, ...]:
    """What can be done with this run now.

    `proposal` is the button that proposes the version it gave, if it did; `versions` are two that can be compared, the
    champion and that one.
    """
    name = f"{run.dag_id}/{run.run_id}"
    logs, clone = Control("Logs", f"logs {name}"), Control("Clone", f"clone {name}")
    if run.state is RunState.SUCCESS:
        compare = Control("Compare", " ".join(["compare", model, *(f"v{version}" for version in versions)]))
        return (*([proposal] if proposal else []), clone, *([compare] if versions else []), logs)
    if run.state is RunState.FAILED:
        return (Control("Retry", f"retry {name}"), clone, logs._replace(label="Show log"))
    if run.state is RunState.GONE:
        return ()
    if run.state is RunState.SCHEDULED:
        return (Control("Cancel", f"cancel {name} --yes", "danger", f"{model} is then not trained.", "Cancel the run"),)
    question = f"The task of {model} that runs is stopped, and what it has done is lost. A retry begins again with it."
    return (logs, Control("Cancel", f"cancel {name} --yes", "danger", question, "Cancel the run"))


def stamp(run: Run) -> str:
    """What tells a run's retries from each other: a button of one is not the button of the next."""
    return f"{run.queued.timestamp():.3f}" if run.queued else "0"
