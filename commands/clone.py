"""`clone RUN [key=value …]`: a new run with another one's values, and changes."""

from __future__ import annotations

from bot.access import Right
from bot.conversation.commands import Call, Work, command
from bot.conversation.words import Arguments
from bot.launching.launch import Wanted, launch
from bot.launching.runform import new_form
from bot.messages.render import Message, Modal
from bot.parameters.params import read_values


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
async def clone(call: Call, arguments: CloneArguments) -> Work | Message | Modal:
    """With changes, or `--yes`, the run; else the form, filled in with that run's values."""
    old = call.about_run
    shown = old.shown or {}
    wanted = Wanted(
        conf=old.conf | read_values(call.about.name, call.about.trainable, arguments.values),
        compute=shown.get("compute", ""),
        ref=shown.get("ref", ""),
        reason=arguments.reason,
        cloned_from=f"{old.dag_id}/{old.dag_run_id}",
        again=arguments.yes,
    )
    return await (launch(call, wanted) if arguments.values or arguments.yes else new_form(call, wanted))
