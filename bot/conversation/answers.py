"""The messages that any command may answer with, and the Share button of those that are for one person alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from bot.messages import limits
from bot.messages.markup import Markup, escape, fit
from bot.messages.render import Home, Message, Modal, Rendered

LONGEST_SHARED = limits.SPARE_CHARACTERS // 2  # characters of a command; what else the button holds needs the rest


class Proposal(NamedTuple):
    """A button that stands for a command: its label, and what would be typed.

    One that `settles` answers the question that its message asks, as a declared Button may.
    """

    label: str
    command: str
    settles: bool = False


def beginnings(models: Sequence[str]) -> tuple[Proposal, ...]:
    """What someone may begin with: to train one of these models, or to ask."""
    trained = (Proposal(f"Train {name}", f"run {name}") for name in models)
    return (*trained, Proposal("What's running", "status"), Proposal("All models", "models"), Proposal("Help", "help"))


class Told(Message):
    """One sentence. `proposals` are buttons below it."""

    template: ClassVar[str] = "told"
    text: Markup | str
    proposals: tuple[Proposal, ...] = ()


class Refused(Message):
    """Why something can't be, and how to go on."""

    template: ClassVar[str] = "refused"
    sentence: str
    hint: str = ""
    proposals: tuple[Proposal, ...] = ()


class Closed(Home):
    """The home tab of who may see nothing."""

    template: ClassVar[str] = "closed"
    sentence: str


class Notice(Modal):
    """What there is to say instead of the form that was open."""

    template: ClassVar[str] = "notice"
    sentence: str
    hint: str = ""


def with_share(rendered: Rendered, command: str) -> Rendered:
    """The message with a button that shows the same answer to everyone in the channel."""
    if len(command) > LONGEST_SHARED or not rendered.blocks:
        return rendered
    button: dict[str, Any] = {
        "type": "button",
        "action_id": "share",
        "text": {"type": "plain_text", "text": "Share"},
        "value": command or "help",
    }
    blocks = list(rendered.blocks)
    last = blocks[-1] if blocks else {}
    if last.get("type") == "actions" and len(last["elements"]) < limits.ACTIONS:
        blocks[-1] = {**last, "elements": [*last["elements"], button]}
    elif len(blocks) < limits.BLOCKS:
        blocks.append({"type": "actions", "elements": [button]})
    return Rendered(text=rendered.text, blocks=blocks)


def shared_by(name: str, answer: Rendered) -> Rendered:
    """The answer with a line above it that says who shows it."""
    line = f"{fit(name, limits.CHARACTERS['button'])} shared"
    above = {"type": "context", "elements": [{"type": "plain_text", "text": line}]}
    blocks = [above, *answer.blocks] if answer.blocks else []
    return Rendered(text=f"{escape(line)}: {answer.text}", blocks=blocks)
