"""From the text that a person typed to the value that a DAG's `Param` takes. Pure.

Airflow checks a conf against JSON schemas without coercion and reports the first error only, after the fact; here the
text is read by the schema's `type` first, and a refusal says what is allowed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError

from bot.domain import Parameter, Pipeline
from bot.errors import BadValue, UnknownWord, shorten
from bot.words import nearest

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
            raise UnknownWord(f"parameter of {model}", name, nearest(name, known), hint=hint)
        values[name] = read_value(model, parameter, text)
    return values


def check_conf(model: str, pipeline: Pipeline, conf: Mapping[str, Any]) -> None:
    """Refuse a conf that the pipeline, as it is now, would not take: its values, and what is required."""
    for name, value in conf.items():
        parameter = pipeline.parameter(name)
        if parameter is None:
            raise UnknownWord(f"parameter of {model}", name)
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


def _coerce(model: str, parameter: Parameter, text: str) -> Any:
    """The text read as the first of the schema's types that it can be read as; the text where none is named."""
    kinds = types(parameter.rule)
    if "null" in kinds and text.lower() in _NOTHING:
        return None
    for choice in parameter.rule.get("enum", ()):
        if not isinstance(choice, str) and text == json.dumps(choice):
            return choice
    for kind in kinds:
        try:
            return _READERS[kind](text)
        except (ValueError, KeyError, RecursionError):
            continue
    if not kinds:
        return text
    raise BadValue(
        f"{parameter.name}={shorten(text)} is not {_kinds_in_words(kinds)}: {model} takes {allowed(parameter)}.",
        hint=_example(model, parameter),
    )


def check_value(model: str, parameter: Parameter, value: Any) -> None:
    """Hold a JSON value against the parameter's schema."""
    try:
        errors = list(Draft202012Validator(parameter.rule, format_checker=FormatChecker()).iter_errors(value))
    except (SchemaError, TypeError, ValueError, RecursionError):
        return  # a broken schema is Airflow's to refuse: ours is the friendlier check, theirs the final one
    if errors:
        raise BadValue(_in_words(model, parameter, value, errors[0]), hint=_example(model, parameter))


def types(rule: Mapping[str, Any]) -> list[str]:
    """The JSON types that a schema names, in its order; empty where it names none."""
    kind = rule.get("type", [])
    return [kind] if isinstance(kind, str) else [each for each in kind if isinstance(each, str)]


def allowed(parameter: Parameter) -> str:
    """What the parameter takes, in words: "0.001 to 1 (default 0.05)"."""
    return _range(parameter.rule) + ("" if parameter.required else f" (default {show(parameter.default)})")


def show(value: Any) -> str:
    """A JSON value as a person would type it."""
    if isinstance(value, str):
        return shorten(value) if value else "empty"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return shorten(",".join(value)) or "none"
    return shorten(json.dumps(value, ensure_ascii=False, default=str))


def _range(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return " or ".join(show(each) for each in rule["enum"]) if len(rule["enum"]) < 12 else "one of its choices"
    low, high = (
        rule.get("minimum", rule.get("exclusiveMinimum")),
        rule.get("maximum", rule.get("exclusiveMaximum")),
    )
    kind = _kinds_in_words([each for each in types(rule) if each != "null"])
    if low is not None and high is not None:
        return f"{show(low)} to {show(high)}"
    if low is not None:
        return f"{kind} of at least {show(low)}"
    if high is not None:
        return f"{kind} of at most {show(high)}"
    if items := rule.get("items", {}).get("enum") if isinstance(rule.get("items"), dict) else None:
        return "a list of " + ", ".join(show(each) for each in items)
    if "pattern" in rule:
        return f"a text like {rule.get('examples', [rule['pattern']])[0]}"
    return kind


def _in_words(model: str, parameter: Parameter, value: Any, error: ValidationError) -> str:
    """The first sentence of a refusal, by the rule that was broken."""
    given = f"{parameter.name}={show(value)}"
    takes = f"{model} takes {allowed(parameter)}."
    match error.validator:
        case "minimum" | "exclusiveMinimum":
            return f"{given} is too small: {takes}"
        case "maximum" | "exclusiveMaximum":
            return f"{given} is too large: {takes}"
        case "minLength" | "minItems":
            return f"{given} is too short: it needs at least {error.validator_value}."
        case "maxLength" | "maxItems":
            return f"{given} is too long: at most {error.validator_value} are allowed."
        case "enum" | "const":
            return f"{given} is not one of the choices: {takes}"
        case _:
            return f"{given} doesn't fit: {takes}"


def _example(model: str, parameter: Parameter) -> str:
    rule = parameter.rule
    value = rule.get("examples", [parameter.default])[0] if rule.get("examples") else parameter.default
    if value is None and "enum" in rule:
        value = next((each for each in rule["enum"] if each is not None), None)
    if value is None or (text := show(value)) in ("empty", "none"):
        return ""
    return f"Try: /train run {model} {parameter.name}={json.dumps(text) if ' ' in text else text}"


def _kinds_in_words(kinds: Sequence[str]) -> str:
    names = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text",
             "array": "a list", "object": "a JSON object"}  # fmt: skip
    return " or ".join(names[kind] for kind in kinds if kind in names) or "any value"


def _number(text: str) -> float | int:
    value = float(text.replace("_", "x"))  # Python would read 1_000; Airflow's users don't write that
    if not math.isfinite(value):
        raise ValueError(text)
    return int(text) if text.lstrip("+-").isdecimal() and text.isascii() else value


def _integer(text: str) -> int:
    if not (text.lstrip("+-").isdecimal() and text.isascii() and len(text) <= 20):
        raise ValueError(text)
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _array(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        return _json(text, list)  # type: ignore[no-any-return]
    return [part.strip() for part in text.split(",")] if text.strip() else []


def _json(text: str, kind: type) -> Any:
    value = json.loads(text)
    if not isinstance(value, kind):
        raise ValueError(text)
    return value


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "object": lambda text: _json(text, dict),
    "string": str,
}
