"""From the text that a person typed to the value that a DAG's `Param` takes. Pure.

Airflow checks a conf against JSON schemas without coercion and reports the first error only, after the fact; here the
text is read by the schema's `type` first, and a refusal says what is allowed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.conversation.words import nearest
from bot.domain import Parameter, Pipeline
from bot.errors import BadValue, UnknownWord, shorten
from bot.parameters.paramwords import allowed, example, kinds_in_words, kinds_of, refusal, typed
from bot.parameters.schemas import choices, errors, kinds

DEEPEST = 32  # lists and objects in one another; nobody types more, and Python's own JSON gives up at some hundreds

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
_NOTHING = {"null", "none", ""}


def read_values(model: str, pipeline: Pipeline, typed: Mapping[str, str]) -> dict[str, Any]:
    """The typed pairs as JSON values, each checked. Raises the first refusal, naming what is allowed."""
    values: dict[str, Any] = {}
    for name, text in typed.items():
        parameter = pipeline.parameter(name)
        if parameter is None:
            known = [each.name for each in pipeline.parameters]
            hint = f"It takes {', '.join(known)}." if known else "It takes no parameters."
            raise UnknownWord("parameter", name, nearest(name, known), of=model, hint=hint)
        values[name] = read_value(model, parameter, text)
    return values


def check_conf(model: str, pipeline: Pipeline, conf: Mapping[str, Any]) -> None:
    """Refuse a conf that the pipeline, as it is now, would not take: its values, and what is required."""
    for name, value in conf.items():
        parameter = pipeline.parameter(name)
        if parameter is None:
            raise UnknownWord("parameter", name, of=model)
        check_value(model, parameter, value)
    missing = [each.name for each in pipeline.parameters if each.required and each.name not in conf]
    if missing:
        raise BadValue(
            f"{model} needs {' and '.join(missing)}, which {'has' if len(missing) == 1 else 'have'} no default.",
            hint=f"Add {' '.join(f'{name}=…' for name in missing)}.",
        )


def read_value(model: str, parameter: Parameter, text: str) -> Any:
    """`text` as a value that the parameter takes, or a BadValue saying what it takes."""
    value = _coerce(model, parameter, text)
    check_value(model, parameter, value)
    return value


def check_value(model: str, parameter: Parameter, value: Any) -> None:
    """Hold a JSON value against the parameter's schema."""
    if found := errors(parameter.rule, value):
        raise BadValue(refusal(model, parameter, value, found[0]), example=example(model, parameter))


def _coerce(model: str, parameter: Parameter, text: str) -> Any:
    """The text read as one of the parameter's types; the text where it has none."""
    try:
        return read(parameter.rule, kinds_of(parameter), text)
    except (ValueError, RecursionError):
        raise unreadable(model, parameter, text) from None


def unreadable(model: str, parameter: Parameter, text: str) -> BadValue:
    """The refusal of a text that reads as none of the parameter's types."""
    kind = kinds_in_words(kinds_of(parameter))
    return BadValue(
        f"{parameter.name}={shorten(text)} is not {kind}: {model} takes {allowed(parameter)}.",
        example=example(model, parameter),
    )


def read(rule: Mapping[str, Any], wanted: Sequence[str], text: str) -> Any:
    """One of the rule's choices as it would be typed, else the first of the wanted types that the text reads as.

    ValueError or RecursionError where it reads as none.
    """
    options = choices(rule)
    for choice in options:
        if typed(choice) == text:
            return choice
    if ("null" in wanted or None in options) and text.lower() in _NOTHING:
        return None
    readable = [kind for kind in wanted if kind != "null"]
    if not readable:
        return text
    for kind in readable:
        try:
            return _array(rule, text) if kind == "array" else _READERS[kind](text)
        except ValueError as error:
            unread = error
    raise unread


def _number(text: str) -> float | int:
    try:
        return _integer(text)
    except ValueError:
        return _finite(text.replace("_", "x"))  # Python would read 1_000; Airflow's users don't write that


def _integer(text: str) -> int:
    if not (text.lstrip("+-").isdecimal() and text.isascii() and len(text) <= 20):
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _array(rule: Mapping[str, Any], text: str) -> list[Any]:
    """A list as JSON, or its entries between commas, each read by the rule's `items`."""
    if text.lstrip().startswith("["):
        found: list[Any] = _json(text, list)
        return found
    items = rule.get("items")
    items = items if isinstance(items, Mapping) else {}
    return [read(items, kinds(items), part.strip()) for part in text.split(",")] if text.strip() else []


def _json(text: str, kind: type) -> Any:
    value = read_json(text)
    if not isinstance(value, kind):
        raise ValueError(text)
    return value


def read_json(text: str) -> Any:
    """JSON as its standard has it: no NaN, no Infinity, nothing that a double can't hold, nothing too deep.

    ValueError or RecursionError where it is none.
    """
    value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if _depth(value) > DEEPEST:
        raise ValueError(text)
    return value


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "object": lambda text: _json(text, dict),
    "string": str,
}
