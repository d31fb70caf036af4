"""Messages and views filled with values that are made from their fields' types: to look at, to try, to check."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from bot.messages.markup import Markup, escape
from bot.messages.render import Templated

T = TypeVar("T", bound=Templated)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Values:
    """How fields are filled: texts by `text`, lists with `many` entries, links with `url`, enums each in turn."""

    text: Callable[[], str]
    many: int
    url: str = ""
    turn: count[int] = field(default_factory=count)

    def fill(self, kind: type[T]) -> T:
        """A message or a view with every field filled."""
        hints = get_type_hints(kind)
        return kind(**{name: self.of(hints[name], name) for name in kind.model_fields})

    def of(self, annotation: Any, name: str = "") -> Any:
        """A value for a field of this type. TypeError for a type that has to be taught here."""
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin in (Union, types.UnionType):
            kinds = [kind for kind in inner if kind is not type(None) or not self.many]
            return self.of(kinds[-1], name)
        if origin in (tuple, list):
            return origin(self.of(inner[0]) for _ in range(self.many))
        if origin is dict:
            return {}
        if annotation is Any:
            return self.text()
        if origin is Literal:
            return inner[next(self.turn) % len(inner)]
        return self._of_a_class(annotation, name)

    def _of_a_class(self, kind: type[Any], name: str) -> Any:
        if kind is str:
            return self.url if name == "url" and self.url else self.text()
        if kind is Markup:
            return Markup(escape(self.text()))
        if kind in (bool, int, float):
            return kind(self.many)
        if kind is datetime:
            return NOON
        if kind is type(None):
            return None
        if issubclass(kind, tuple | BaseModel):
            return kind(**{each: self.of(hint, each) for each, hint in get_type_hints(kind).items()})
        raise TypeError(f"teach bot.installing.samples how to make a {kind}")


def ordinary(many: int) -> Values:
    """Values that can be told from each other, with `many` entries in each list."""
    numbers = count()
    return Values(lambda: f"text{next(numbers)}.", many, url="https://example.com/?a=1&b=2")
