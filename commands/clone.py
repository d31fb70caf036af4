"""`clone RUN [key=value …]`: a new run with another one's values, and changes."""

from __future__ import annotations

from typing import Any

from bot.access import Right
from bot.answers import Proposal, Told
from bot.commands import Call, Work, command
from bot.errors import Refusal
from bot.markup import Markup, escape
from bot.params import check_conf, read_values
from bot.phrases import differing
from bot.words import Arguments
from commands.run import NOT_STARTED, starting


class CloneArguments(Arguments):
    """The RUN, by its id or the end of it, what to change of its values, why, and whether to ask no more."""

    run: str
    values: dict[str, str] = {}
    reason: str = ""
    yes: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"reason", "yes"})


@command("clone", summary="train again with a run's values", example="clone RUN key=value", right=Right.RUN)
async def clone(call: Call, arguments: CloneArguments) -> Told | Work:
    """With changes a new run is accepted at once; without any, the question comes first."""
    model, old = call.about, call.about_run
    if model.pipeline is None or model.trouble:
        raise Refusal(f"{model.name} can't be trained now: {model.trouble}.", hint=NOT_STARTED)
    conf = old.conf | read_values(model.name, model.pipeline, arguments.values)
    check_conf(model.name, model.pipeline, conf)
    if arguments.values or arguments.yes:
        return starting(model, conf, arguments.reason, cloned_from=f"{old.dag_id}/{old.dag_run_id}")
    return _question(call, conf)


def _question(call: Call, conf: dict[str, Any]) -> Told:
    """What would be started, with a button that starts it."""
    values = " · ".join(differing(call.about.pipeline, conf)) or "every value as by default"
    name = f"{call.about_run.dag_id}/{call.about_run.dag_run_id}"
    typed = f"{call.station.config.current().command} clone {call.about_run.dag_run_id[-8:]} key=value"
    return Told(
        text=Markup(
            f"Train {escape(call.about.name)} again with the values of this run?\n{escape(values)}\n"
            f"To change some, type `{escape(typed)}`."
        ),
        proposals=(Proposal(f"Train {call.about.name}", f"clone {name} --yes"),),
    )
