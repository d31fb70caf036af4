"""A parameter's field: the inputs that ask for it, what they begin with, what of its value they can't show. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from bot.domain import Parameter
from bot.forms.elements import (
    Element,
    begins_with,
    menu,
    multi_menu,
    number_input,
    picker,
    text_input,
    too_long,
)
from bot.forms.kinds import CHOSEN, Kind, kind_of, nullable
from bot.forms.moments import clock, day, epoch
from bot.forms.options import Option, chosen, key_of, options_of
from bot.forms.texts import text_of
from bot.messages import limits
from bot.parameters.paramwords import show
from bot.parameters.schemas import errors

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_MULTILINE = {Kind.LIST, Kind.MORE, Kind.OBJECT}


class Input(NamedTuple):
    """An input block. `part` is empty for a field's first, and "other" for what it doesn't propose."""

    block_id: str
    part: str
    optional: bool
    element: Element


def block_id(name: str, part: str = "") -> str:
    """The id of a parameter's input: of its name, or of a digest where that is long or odd."""
    stem = name if _PLAIN_NAME.fullmatch(name) else f"#{sha256(name.encode()).hexdigest()[:32]}"
    return f"param:{stem}:{part}" if part else f"param:{stem}"


@dataclass(frozen=True)
class Field:
    """A parameter with the value that its field begins with; `known` is False where it has none yet."""

    parameter: Parameter
    known: bool
    value: Any = None
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kind_of(self.parameter))

    @classmethod
    def of(cls, parameter: Parameter, values: Mapping[str, Any]) -> Field:
        """From the values so far, or the default; a constant is always the same."""
        if "const" in parameter.rule:
            constant = parameter.rule["const"] if parameter.required else parameter.default
            return cls(parameter, known=True, value=constant)
        if parameter.name in values:
            return cls(parameter, known=True, value=values[parameter.name])
        return cls(parameter, known=not parameter.required, value=None if parameter.required else parameter.default)

    # ---- what is asked --------------------------------------------------------------------------------------------

    @cached_property
    def options(self) -> list[Option]:
        """What it offers."""
        return options_of(self.parameter)

    @property
    def action(self) -> str:
        """The action id of its first input. It names the kind, so that a changed schema leaves no stale answer."""
        return f"{block_id(self.parameter.name)}:{self.kind}"

    @cached_property
    def inputs(self) -> list[Input]:
        """The blocks that ask for it; none for what isn't asked."""
        match self.kind:
            case Kind.FIXED | Kind.SECRET:
                return []
            case Kind.ONE:
                return [self._input(menu(self.action, self.options, chosen(self.options, self.value)))]
            case Kind.SOME:
                most = self.parameter.rule.get("maxItems")
                return [self._input(multi_menu(self.action, self.options, self._begun, most))]
            case Kind.PROPOSED:
                begun = chosen(self.options, self.value)
                return [self._input(menu(self.action, self.options, begun)), self._other("" if begun else self._text)]
            case Kind.MORE:
                others = self._others
                text = text_of(self.kind, self.parameter, others) if others else ""
                return [self._input(multi_menu(self.action, self.options, self._begun)), self._other(text)]
            case _:
                return [self._input(self._element())]

    def _element(self) -> Element:
        match self.kind:
            case Kind.DATE:
                return picker("datepicker", self.action, day(self.value))
            case Kind.TIME:
                return picker("timepicker", self.action, clock(self.value))
            case Kind.MOMENT:
                return picker("datetimepicker", self.action, epoch(self.value))
            case Kind.NUMBER:
                number = number_input(self.action, self.parameter, self.value)
                return number or text_input(self.action, _within_a_line(self._text), multiline=False)
            case _:
                lines = self.kind in _MULTILINE or self.parameter.rule.get("format") == "multiline"
                return text_input(self.action, self._text, multiline=lines)

    def _input(self, element: Element) -> Input:
        return Input(block_id(self.parameter.name), "", self._optional(element), element)

    def _other(self, text: str) -> Input:
        block = block_id(self.parameter.name, "other")
        element = text_input(f"{block}:{self.kind}", text, multiline=self.kind is Kind.MORE)
        return Input(block, "other", optional=True, element=element)

    @cached_property
    def _text(self) -> str:
        return text_of(self.kind, self.parameter, self.value)

    @cached_property
    def _begun(self) -> list[Option]:
        """The options that a list of values chooses; none where they are more than a menu begins with."""
        keys = {key_of(value) for value in self.value} if isinstance(self.value, list) else set()
        found = [option for option in self.options if option.key in keys]
        return found if len(found) <= limits.OPTIONS else []

    @cached_property
    def _others(self) -> Any:
        """What of its value isn't offered."""
        if not isinstance(self.value, list):
            return self.value
        offered = {option.key for option in self._begun}
        return [value for value in self.value if key_of(value) not in offered]

    # ---- what may be left out -------------------------------------------------------------------------------------

    @cached_property
    def empty(self) -> Any:
        """What an emptied field means: null where that is taken, else nothing of its type."""
        if nullable(self.parameter):
            return None
        lists = (Kind.LIST, Kind.MORE, Kind.SOME)
        return [] if self.kind in lists else "" if self.kind in (Kind.TEXT, Kind.ANY, Kind.PROPOSED) else None

    @property
    def may_be_emptied(self) -> bool:
        """Does emptying it mean anything? A number without null can't be nothing."""
        return not self.parameter.required and (self.empty is not None or nullable(self.parameter))

    def _optional(self, element: Element) -> bool:
        """May the input be left empty? Also where it begins empty though there is a value, which then stays."""
        if self.kind in (Kind.PROPOSED, Kind.MORE) or (self.known and begins_with(element) is None):
            return True
        return self.may_be_emptied and not errors(self.parameter.rule, self.empty)

    @property
    def unseen(self) -> bool:
        """Is its value one that its inputs can't show, at least not wholly?"""
        if not self.known or self.value in (None, "", []) or not self.inputs:
            return False
        match self.kind:
            case Kind.SOME:
                return not isinstance(self.value, list) or len(self._begun) < len(self.value)
            case Kind.MORE if isinstance(self.value, list):
                shown = len(self._begun) + (0 if begins_with(self.inputs[1].element) is None else len(self._others))
                return shown < len(self.value)
            case _:
                return all(begins_with(each.element) is None for each in self.inputs)

    @property
    def kept(self) -> str:
        """The words for a value that isn't shown."""
        name = self.parameter.name
        if isinstance(self.value, str) and too_long(self.value):
            return f"{name} has {len(self.value):,} characters, too many to show: it stays unless you write another."
        if self.kind in CHOSEN and not isinstance(self.value, list):
            return f"{name} is {show(self.value)}, which is not one of the choices: it stays unless you choose one."
        return f"{name} is {show(self.value)}, which can't be shown whole: it stays unless you change it."


def _within_a_line(text: str) -> str:
    """The text, or nothing where a number's input would be no place for it."""
    return text if len(text) <= limits.CHARACTERS["line"] else ""
