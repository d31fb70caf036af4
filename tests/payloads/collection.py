"""All that the bot can send, found from the registry of messages and views, with all values of `tests.payloads.values`.

A new message, modal or home view is here as soon as its class is declared in `bot/` or `commands/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import bot.app  # noqa: F401  # imports every module of the bot that declares a message
from bot.conversation.answers import shared_by, with_share
from bot.conversation.commands import discover
from bot.installing.samples import Values, ordinary
from bot.messages.render import Message, Rendered, Templated, View, messages, views
from tests.payloads.values import HOSTILE, hostile


@dataclass(frozen=True)
class Payload:
    """One thing sent: `body` is a message's `text` and `blocks`, or a view's dict; `about` says what filled it."""

    kind: str
    about: str
    surface: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.kind} with {self.about}"

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Its blocks."""
        found: list[dict[str, Any]] = self.body["blocks"]
        return found


def declared(kinds: Iterator[type[Any]]) -> list[type[Any]]:
    """The classes of the bot's own, not those of other tests, by name."""
    discover()
    own = [kind for kind in kinds if kind.__module__.startswith(("bot.", "commands."))]
    return sorted(own, key=lambda kind: kind.__name__)


MESSAGES: list[type[Message]] = declared(messages())
VIEWS: list[type[View]] = declared(views())
NAMES = [kind.__name__ for kind in (*MESSAGES, *VIEWS)]


@cache
def payloads(name: str) -> tuple[Payload, ...]:
    """What a class of that name can send, each different body once."""
    (kind,) = (each for each in (*MESSAGES, *VIEWS) if each.__name__ == name)
    found = {json.dumps(payload.body, sort_keys=True): payload for payload in _all(kind)}
    return tuple(found.values())


def _fillings() -> Iterator[tuple[str, Values]]:
    for many in (0, 1, 2, 120):
        yield f"ordinary values, lists of {many}", ordinary(many)
    for name in HOSTILE:
        for many in (0, 1, 55):
            yield f"{name}, lists of {many}", hostile(name, many)


def _all(kind: type[Templated]) -> Iterator[Payload]:
    for about, values in _fillings():
        filled = values.fill(kind)
        if isinstance(filled, View):
            yield Payload(kind.__name__, about, filled.kind, filled.render())
        elif isinstance(filled, Message):
            rendered = filled.render()
            yield _message(kind, about, rendered)
            if filled.shareable:
                typed = values.text()
                yield _message(kind, f"{about}, and Share", with_share(rendered, f"status {typed}"))
                yield _message(kind, f"{about}, shared", shared_by(typed or "Dana", rendered))


def _message(kind: type[Templated], about: str, rendered: Rendered) -> Payload:
    return Payload(kind.__name__, about, "message", rendered.model_dump())
