"""JSON values as texts that a person can edit, and back. What is shown reads as the value that it shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bot.domain import Parameter
from bot.forms.kinds import Kind, items, types
from bot.messages.markup import escape, unescape
from bot.parameters.params import read, read_json, unreadable
from bot.parameters.paramwords import EXACT, typed
from bot.parameters.schemas import errors, kinds

LONGEST_NUMBER = 24  # characters; a longer one is shown as a text, with its exponent

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "\u00a0": " "})  # what clients make of a JSON's quotes


def clean(text: str) -> str:
    """The text without the unseen signs that no message of this bot shows."""
    return unescape(escape(text))


def dump(value: Any, indent: int | None = None) -> str:
    """A value as JSON; with escapes only where it holds signs that would be lost."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if clean(text) == text else json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def blank(value: Any) -> str:
    """The word for a value that shows nothing."""
    return "none" if value is None else "empty"


def decimal(value: Any) -> str | None:
    """A number without exponent, as Slack's number input wants it; None for what is none, too long, or inexact."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < EXACT:
        return None
    text = format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_NUMBER else None


# ---- from a value to its text -------------------------------------------------------------------------------------


def text_of(kind: Kind, parameter: Parameter, value: Any) -> str:
    """The text of a value, for a field of this kind; null is no text."""
    if value is None:
        return ""
    match kind:
        case Kind.LIST | Kind.MORE if isinstance(value, list):
            return _list_text(parameter, value)
        case Kind.OBJECT | Kind.LIST | Kind.MORE:
            return dump(value, indent=2)
        case Kind.ANY | Kind.PROPOSED if types(parameter) != ["string"]:
            return _any_text(parameter, value)
        case _:
            return clean(value) if isinstance(value, str) else typed(value)


def _list_text(parameter: Parameter, value: Sequence[Any]) -> str:
    """One entry a line where that reads as the same, else JSON."""
    text = clean("\n".join(entry if isinstance(entry, str) else dump(entry) for entry in value))
    try:
        if _same(read_list(parameter, text), value):
            return text
    except (ValueError, RecursionError):
        pass
    return dump(value, indent=2 if any(isinstance(entry, list | dict) for entry in value) else None)


def _any_text(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        return dump(value, indent=2 if isinstance(value, dict) else None)
    try:
        return clean(value) if _same(_read_any(parameter, clean(value), strict=True), value) else dump(value)
    except ValueError:
        return dump(value)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON, so that 1, 1.0 and true are three values."""
    return json.dumps(one) == json.dumps(other)


# ---- from a text to its value -------------------------------------------------------------------------------------


def value_of(kind: Kind, parameter: Parameter, text: str, *, model: str, strict: bool = True) -> Any:
    """What a person wrote, as a JSON value; BadValue where it reads as none.

    `strict` is False where the field showed a value that is no text though the schema names no type: JSON is read
    as JSON again.
    """
    try:
        return _value_of(kind, parameter, text, strict=strict)
    except (ValueError, RecursionError):
        raise unreadable(model, parameter, text) from None


def _value_of(kind: Kind, parameter: Parameter, text: str, *, strict: bool) -> Any:
    match kind:
        case Kind.LIST | Kind.MORE:
            return read_list(parameter, text)
        case Kind.OBJECT:
            return _read_json(text)
        case Kind.NUMBER:
            return read(parameter.rule, types(parameter), text.strip())
        case Kind.ANY | Kind.PROPOSED if types(parameter) != ["string"]:
            return _read_any(parameter, text, strict=strict)
        case _:
            return text


def read_list(parameter: Parameter, text: str) -> list[Any]:
    """A JSON list, or its entries, one a line; ValueError where it is neither."""
    rule = items(parameter.rule)
    named = [kind for kind in kinds(rule) if kind != "null"]
    if text.lstrip().startswith("["):
        found = _json_list(text)
        if found is not None:
            return found
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not named:
        return list(lines)
    return [_read_json(line) if named in (["object"], ["array"]) else read(rule, named, line) for line in lines]


def _json_list(text: str) -> list[Any] | None:
    try:
        found = _read_json(text)
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _read_any(parameter: Parameter, text: str, *, strict: bool) -> Any:
    """JSON where it is of one of the types, else the text where texts are taken; as Airflow's own form reads it."""
    named = types(parameter)
    if named or not strict:
        try:
            value = _read_json(text)
            if not named or not errors({"type": named}, value):
                return value
        except (ValueError, RecursionError):
            pass
    if named and "string" not in named:
        raise ValueError(text)
    return text


def _read_json(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return read_json(text.translate(_STRAIGHT))
