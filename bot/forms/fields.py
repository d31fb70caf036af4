"""A parameter's field: the inputs that ask for it, and the JSON value that they give. Pure.

An untouched field keeps its value as it is, so that what an input can't show (a picker knows no seconds) isn't lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from bot import limits
from bot.domain import Parameter
from bot.errors import BadValue
from bot.forms import moments
from bot.forms.elements import (
    Answer,
    Element,
    begins_with,
    given,
    menu,
    multi_menu,
    number_input,
    picker,
    text_input,
    too_long,
    unchanged,
)
from bot.forms.kinds import CHOSEN, Kind, kind_of, nullable
from bot.forms.options import Option, chosen, key_of, options_of
from bot.forms.texts import text_of, value_of
from bot.paramwords import allowed, show
from bot.schemas import errors

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
                return picker("datepicker", self.action, moments.day(self.value))
            case Kind.TIME:
                return picker("timepicker", self.action, moments.clock(self.value))
            case Kind.MOMENT:
                return picker("datetimepicker", self.action, moments.epoch(self.value))
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

    def _optional(self, element: Element) -> bool:
        """May the input be left empty? Also where it begins empty though there is a value, which then stays."""
        if self.kind in (Kind.PROPOSED, Kind.MORE) or (self.known and begins_with(element) is None):
            return True
        return not self.parameter.required and self._may_be_cleared

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

    # ---- what is answered -----------------------------------------------------------------------------------------

    def read(self, state: Mapping[str, Mapping[str, Any]], model: str) -> Any:
        """The JSON value that the inputs give by `view.state.values`; BadValue for one that the parameter refuses.

        What is untouched, or isn't among the values, stays as it is. A default that stays is not judged.
        """
        before = [begins_with(each.element) for each in self.inputs]
        entries = [_entry(state, each) for each in self.inputs]
        after = [was if entry is None else given(entry) for was, entry in zip(before, entries, strict=True)]
        if self.known and all(map(unchanged, before, after)):
            return self.value
        return self._from_answers(before, after, model)

    def blamed(self, state: Mapping[str, Mapping[str, Any]]) -> str:
        """The block where an error is shown: that of what was written, else the first."""
        wrote = [each for each in self.inputs[1:] if given(_entry(state, each) or {})]
        return (wrote or self.inputs)[0].block_id

    def _from_answers(self, before: Sequence[Answer], after: Sequence[Answer], model: str) -> Any:
        if self.kind is Kind.PROPOSED:
            return self._one_or_other(before, after, model)
        if self.kind is Kind.MORE:
            more = self._from_text(after[1], model) if after[1] else []
            found = [*self._several(after[0], model), *more]
            return found or self._cleared(model)
        [answer] = after
        if answer is None:
            return self._cleared(model)
        match self.kind:
            case Kind.ONE:
                return self._option(answer, model)
            case Kind.SOME:
                return self._several(answer, model)
            case Kind.TIME:
                return f"{answer}:00"
            case Kind.MOMENT:
                return moments.at(int(str(answer)), self.value)
            case Kind.DATE:
                return answer
            case _:
                return self._from_text(answer, model)

    def _one_or_other(self, before: Sequence[Answer], after: Sequence[Answer], model: str) -> Any:
        """What was written counts more than what was chosen before, and less than what is chosen now."""
        option, text = after
        wrote, chose = text != before[1], option != before[0] and option is not None
        if text and wrote and chose:
            raise BadValue(f"Choose one for {self.parameter.name}, or write another; not both.")
        if text and (wrote or option is None):
            return self._from_text(text, model)
        return self._cleared(model) if option is None else self._option(option, model)

    def _option(self, key: Answer, model: str) -> Any:
        for option in self.options:
            if option.key == key:
                return option.value
        takes = allowed(self.parameter)
        raise BadValue(f"What you chose for {self.parameter.name} is no longer offered: {model} takes {takes}.")

    def _several(self, keys: Answer, model: str) -> list[Any]:
        return [self._option(key, model) for key in keys] if isinstance(keys, tuple) else []

    def _from_text(self, answer: Answer, model: str) -> Any:
        strict = not self.known or self.value is None or isinstance(self.value, str)
        return value_of(self.kind, self.parameter, str(answer), model=model, strict=strict)

    @cached_property
    def _empty(self) -> Any:
        """What an emptied field means: null where that is taken, else nothing of its type."""
        if nullable(self.parameter):
            return None
        lists = (Kind.LIST, Kind.MORE, Kind.SOME)
        return [] if self.kind in lists else "" if self.kind in (Kind.TEXT, Kind.ANY, Kind.PROPOSED) else None

    @property
    def _may_be_cleared(self) -> bool:
        empty = self._empty
        return (empty is not None or nullable(self.parameter)) and not errors(self.parameter.rule, empty)

    def _cleared(self, model: str) -> Any:
        if self.parameter.required or (self._empty is None and not nullable(self.parameter)):
            raise BadValue(f"{model} needs {self.parameter.name}: {allowed(self.parameter)}.")
        return self._empty

    @property
    def kept(self) -> str:
        """The words for a value that isn't shown."""
        name = self.parameter.name
        if isinstance(self.value, str) and too_long(self.value):
            return f"{name} has {len(self.value):,} characters, too many to show: it stays unless you write another."
        if self.kind in CHOSEN and not isinstance(self.value, list):
            return f"{name} is {show(self.value)}, which is not one of the choices: it stays unless you choose one."
        return f"{name} is {show(self.value)}, which can't be shown whole: it stays unless you change it."


def _entry(state: Mapping[str, Mapping[str, Any]], asked: Input) -> Mapping[str, Any] | None:
    return state.get(asked.block_id, {}).get(asked.element["action_id"])


def _within_a_line(text: str) -> str:
    """The text, or nothing where a number's input would be no place for it."""
    return text if len(text) <= limits.CHARACTERS["line"] else ""
