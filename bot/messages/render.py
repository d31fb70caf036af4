"""What the bot shows: a class for each message, modal and home view, a template for each class.

The fields of a class are the variables of its template; see `bot.messages.templating`. What is too long for Slack is
cut: a text by the filter `fit`, a list by `bot.messages.fitting`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.messages import limits
from bot.messages.fitting import MESSAGE, VIEW, fitted
from bot.messages.markup import cut
from bot.messages.templating import fill


class Rendered(BaseModel):
    """A message as Slack takes it; see `bot.ports.Outgoing`."""

    model_config = ConfigDict(frozen=True)

    text: str
    blocks: list[dict[str, Any]] = []


class Templated(BaseModel):
    """Something with a template, whose variables its fields are."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    folder: ClassVar[str]
    template: ClassVar[str]

    def variables(self) -> dict[str, Any]:
        """What the template sees: the fields."""
        return {name: getattr(self, name) for name in self.names()}

    @classmethod
    def names(cls) -> list[str]:
        """The names of the variables."""
        return list(cls.model_fields)

    @classmethod
    def path(cls) -> str:
        """The template's place below `templates/`, without its ending."""
        return f"{cls.folder}/{cls.template}"


class Message(Templated):
    """The base of every message."""

    folder: ClassVar[str] = "messages"
    shareable: ClassVar[bool] = False  # an answer that its reader may want to show to the channel

    def render(self) -> Rendered:
        """The message as Slack takes it."""
        document = fill(self.path(), self.variables())
        text = cut(document["text"].strip(), limits.TEXT - limits.SPARE_TEXT)
        return Rendered(text=text or "–", blocks=fitted(document["blocks"], MESSAGE))


class View(Templated):
    """What is no message: a modal, or a person's home tab."""

    kind: ClassVar[str]

    def render(self) -> dict[str, Any]:
        """The view as Slack takes it."""
        document = fill(self.path(), self.variables())
        return {"type": self.kind, **document, "blocks": fitted(document["blocks"], VIEW)}


class Modal(View):
    """The base of every modal. Its template has a `title`, and a `submit` where there is an input."""

    folder: ClassVar[str] = "modals"
    kind: ClassVar[str] = "modal"


class Home(View):
    """The base of every home view."""

    folder: ClassVar[str] = "home"
    kind: ClassVar[str] = "home"


T = TypeVar("T", bound=Templated)


def messages() -> Iterator[type[Message]]:
    """Every message class there is, once its module is imported."""
    return _declared(Message)


def views() -> Iterator[type[View]]:
    """Every modal and home view there is, once its module is imported."""
    return _declared(View)


def _declared(base: type[T]) -> Iterator[type[T]]:
    waiting = list(base.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if hasattr(kind, "template"):
            yield kind
