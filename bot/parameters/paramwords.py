"""What a parameter takes, in words, and why a value doesn't do. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema.exceptions import ValidationError

from bot.conversation.words import quote
from bot.domain import Parameter
from bot.errors import shorten
from bot.parameters.schemas import choices, entries, errors, kinds

LONGEST_EXAMPLE = 60
MOST_CHOICES = 12
EXACT = 2**53  # below it, every whole float is the integer that it looks like

_FORMATS = {
    "date": "a date, such as 2026-01-31",
    "date-time": "a date and time, such as 2026-01-31T06:00:00+00:00",
    "time": "a time, such as 06:00:00",
    "duration": "a duration, such as PT15M or P1D",
    "email": "an e-mail address",
}


def allowed(parameter: Parameter) -> str:
    """What the parameter takes, in words: "0.001 to 1 (default 0.05)"."""
    takes = _range(parameter.rule, kinds_of(parameter), parameter.default)
    return takes + ("" if parameter.required else f" (default {show(parameter.default)})")


def typed(value: Any) -> str:
    """A JSON value as a person would type it, before quotes: `quote` adds them where it needs some."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(map(_is_plain, value)) and not ",".join(value).startswith("["):
        return ",".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def show(value: Any) -> str:
    """A JSON value for reading: as it would be typed, but on one line, and short; 15.0 is 15."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if value in ("", [], None):
        return "empty" if value == "" else "none"
    return shorten(typed(value))


def _is_plain(entry: Any) -> bool:
    return isinstance(entry, str) and entry != "" and entry == entry.strip() and "," not in entry


def kinds_of(parameter: Parameter) -> list[str]:
    """The types that the parameter takes. `params={"months": 9}` declares none, but means its default's."""
    named = kinds(parameter.rule)
    if named or parameter.default is None:
        return named
    python = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return [kind for kind in [python.get(type(parameter.default))] if kind]


def _range(rule: Mapping[str, Any], of: Sequence[str], default: Any = None) -> str:
    """What a rule lets through, in words."""
    if options := choices(rule):
        return " or ".join(map(show, options)) if len(options) < MOST_CHOICES else "one of its choices"
    kind = kinds_in_words([each for each in of if each != "null"])
    if bounds := _bounds(rule):
        return bounds if " to " in bounds else f"{kind} of {bounds}"
    items = rule.get("items")
    if isinstance(items, Mapping) and (options := choices(items)):
        return "a list of " + ", ".join(map(show, options))
    if isinstance(rule.get("pattern"), str):
        alike = entries(rule, "examples") or ([default] if isinstance(default, str) and default else [])
        return f"a text like {show(alike[0])}" if alike else f"a text that matches {shorten(rule['pattern'])}"
    return _FORMATS.get(str(rule.get("format")), kind)


def _bounds(rule: Mapping[str, Any]) -> str:
    """ "0.001 to 1", "at least 1", "more than 0 and at most 1"; empty without bounds."""
    words = {
        "minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than",
    }  # fmt: skip
    found = {name: rule[name] for name in words if isinstance(rule.get(name), int | float)}
    if list(found) == ["minimum", "maximum"]:
        return f"{show(found['minimum'])} to {show(found['maximum'])}"
    return " and ".join(f"{words[name]} {show(bound)}" for name, bound in found.items())


def refusal(model: str, parameter: Parameter, value: Any, error: ValidationError) -> str:
    """The first sentence of a refusal, by the rule that was broken; inside of a list or object, naming the part."""
    given, takes = f"{parameter.name}={show(value)}", allowed(parameter)
    if error.path:
        given = f"{show(error.instance)} in {parameter.name}"
        takes = _range(error.schema, kinds(error.schema)) if isinstance(error.schema, Mapping) else takes
    match error.validator:
        case "minimum" | "exclusiveMinimum":
            return f"{given} is too small: {model} takes {takes}."
        case "maximum" | "exclusiveMaximum":
            return f"{given} is too large: {model} takes {takes}."
        case "minLength" | "minItems":
            return f"{given} is too short: {model} takes at least {_many(error)}."
        case "maxLength" | "maxItems":
            return f"{given} is too long: {model} takes at most {_many(error)}."
        case "multipleOf":
            return f"{given} is no multiple of {show(error.validator_value)}: {model} takes {takes}."
        case "enum" | "const":
            return f"{given} is not one of the choices: {model} takes {takes}."
        case _:
            return f"{given} doesn't fit: {model} takes {takes}."


def _many(error: ValidationError) -> str:
    one, more = ("character", "characters") if "Length" in str(error.validator) else ("entry", "entries")
    return f"{error.validator_value} {one if error.validator_value == 1 else more}"


def example(model: str, parameter: Parameter) -> str:
    """The words of a command that would do: with the schema's example, the default, or a choice; empty without any."""
    defaults = [] if parameter.required else [parameter.default]
    for value in [*entries(parameter.rule, "examples"), *defaults, *choices(parameter.rule)]:
        text = quote(typed(value))
        if value not in (None, "", []) and len(text) <= LONGEST_EXAMPLE and not errors(parameter.rule, value):
            return f"run {model} {parameter.name}={text}"
    return ""


def kinds_in_words(of: Sequence[str]) -> str:
    """ "a whole number or a text"."""
    names = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text",
             "array": "a list", "object": "a JSON object"}  # fmt: skip
    return " or ".join(names[kind] for kind in of if kind in names) or "any value"
