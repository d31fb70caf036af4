"""From what a person gave in a field's inputs to the JSON value that it is. Pure.

An untouched field keeps its value as it is, so that what an input can't show (a picker knows no seconds) isn't lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bot.errors import BadValue
from bot.forms.elements import Answer, begins_with, given, unchanged
from bot.forms.fields import Field, Input
from bot.forms.kinds import Kind
from bot.forms.moments import at
from bot.forms.texts import value_of
from bot.parameters.paramwords import allowed

State: TypeAlias = Mapping[str, Mapping[str, Any]]


def read_field(field: Field, state: State, model: str) -> Any:
    """The JSON value that a field's inputs give by `view.state.values`; BadValue where it reads as none.

    What is untouched, or isn't in the state, stays as it is. The value is not held against the parameter's schema.
    """
    before = [begins_with(each.element) for each in field.inputs]
    entries = [_entry(state, each) for each in field.inputs]
    after = [was if entry is None else given(entry) for was, entry in zip(before, entries, strict=True)]
    if field.known and all(map(unchanged, before, after)):
        return field.value
    return _from_answers(field, before, after, model)


def blamed(field: Field, state: State) -> str:
    """The block where a field's error is shown: that of what was written, else its first."""
    wrote = [each for each in field.inputs[1:] if given(_entry(state, each) or {})]
    return (wrote or field.inputs)[0].block_id


def _entry(state: State, asked: Input) -> Mapping[str, Any] | None:
    return state.get(asked.block_id, {}).get(asked.element["action_id"])


def _from_answers(field: Field, before: Sequence[Answer], after: Sequence[Answer], model: str) -> Any:
    if field.kind is Kind.PROPOSED:
        return _one_or_other(field, before, after, model)
    if field.kind is Kind.MORE:
        more = _text(field, after[1], model) if after[1] else []
        return [*_several(field, after[0], model), *more] or _emptied(field, model)
    [answer] = after
    if answer is None:
        return _emptied(field, model)
    match field.kind:
        case Kind.ONE:
            return _option(field, answer, model)
        case Kind.SOME:
            return _several(field, answer, model)
        case Kind.DATE:
            return answer
        case Kind.TIME:
            return f"{answer}:00"
        case Kind.MOMENT:
            return at(int(str(answer)), field.value)
        case _:
            return _text(field, answer, model)


def _one_or_other(field: Field, before: Sequence[Answer], after: Sequence[Answer], model: str) -> Any:
    """What was written counts more than what was chosen before, and less than what is chosen now."""
    option, text = after
    wrote, chose = text != before[1], option not in (before[0], None)
    if text and wrote and chose:
        raise BadValue(f"Choose one for {field.parameter.name}, or write another; not both.")
    if text and (wrote or option is None):
        return _text(field, text, model)
    return _emptied(field, model) if option is None else _option(field, option, model)


def _option(field: Field, key: Answer, model: str) -> Any:
    for option in field.options:
        if option.key == key:
            return option.value
    name, takes = field.parameter.name, allowed(field.parameter)
    raise BadValue(f"What you chose for {name} is no longer offered: {model} takes {takes}.")


def _several(field: Field, keys: Answer, model: str) -> list[Any]:
    return [_option(field, key, model) for key in keys] if isinstance(keys, tuple) else []


def _text(field: Field, answer: Answer, model: str) -> Any:
    strict = not field.known or field.value is None or isinstance(field.value, str)
    return value_of(field.kind, field.parameter, str(answer), model=model, strict=strict)


def _emptied(field: Field, model: str) -> Any:
    if field.may_be_emptied:
        return field.empty
    raise BadValue(f"{model} needs {field.parameter.name}: {allowed(field.parameter)}.")
