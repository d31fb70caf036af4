"""JSON schemas as DAGs declare them: read tolerantly, and held against a value without I/O, in bounded time. Pure.

A schema was written by whoever wrote the DAG. One that is broken, that refers elsewhere, or that holds a pattern which
could take for ever is not judged here: Airflow's is the final word, ours only the friendlier.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

KINDS = ("integer", "number", "boolean", "string", "array", "object", "null")
LONGEST_MATCHED = 200  # characters; a pattern that repeats four times in a row takes the fourth power of this

_SIGN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"  # an escape, a class: neither opens nor repeats anything
    r"|(?P<open>\((?:\?(?:P?<\w+>|<?[=!]|:))?)|(?P<close>\)(?P<again>[*+{])?)|(?P<repeat>[|*+?{])",
    re.DOTALL,
)

_AMOUNT = r"(?:[+-]?\d+(?:[.,]\d+)?{})?"
_DURATION = re.compile(
    f"[+-]?P(?=[^T]|T.){''.join(map(_AMOUNT.format, 'YMWD'))}(?:T(?=.){''.join(map(_AMOUNT.format, 'HMS'))})?"
)


def kinds(rule: Mapping[str, Any]) -> list[str]:
    """The JSON types that a schema names, in its order, those of its `anyOf` or `oneOf` too; empty where none."""
    named = rule.get("type")
    if isinstance(named, str):
        named = [named]
    elif not isinstance(named, list):
        branches = rule.get("anyOf") or rule.get("oneOf")
        branches = branches if isinstance(branches, list) else []
        named = [kind for branch in branches if isinstance(branch, Mapping) for kind in kinds(branch)]
    return [kind for kind in dict.fromkeys(filter(_is_text, named)) if kind in KINDS]


def choices(rule: Mapping[str, Any]) -> list[Any]:
    """The values of an `enum` or `const`; empty where everything goes."""
    if "const" in rule:
        return [rule["const"]]
    return entries(rule, "enum")


def entries(rule: Mapping[str, Any], name: str) -> list[Any]:
    """The list called `name`; empty where there is none."""
    found = rule.get(name)
    return found if isinstance(found, list) else []


def errors(rule: Mapping[str, Any], value: Any) -> list[ValidationError]:
    """How the value breaks the rule; nothing where it doesn't, or where that is not for us to judge."""
    validator = _validator(json.dumps(rule))
    try:
        return list(validator.iter_errors(value)) if validator else []
    except (Unresolvable, RecursionError, ArithmeticError):  # a reference elsewhere or to itself; a number too large
        return []


@lru_cache(maxsize=1_000)
def _validator(rule: str) -> Validator | None:
    schema = json.loads(rule)
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError):
        return None
    if any(may_take_for_ever(pattern) for pattern in _patterns(schema)):
        return None
    validator: Validator = _Bounded(schema, registry=Registry(), format_checker=_FORMATS)
    return validator


def _patterns(schema: Any) -> Iterator[str]:
    """Every regular expression in the schema."""
    if isinstance(schema, dict):
        yield from filter(_is_text, [schema.get("pattern")])
        properties = schema.get("patternProperties")
        yield from properties if isinstance(properties, dict) else ()
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from _patterns(part)


def may_take_for_ever(pattern: str) -> bool:
    """Does a group that repeats or chooses repeat itself? Python then may try exponentially many ways to match."""
    inside = [False]  # of each group that is open: does it repeat or choose?
    for sign in _SIGN.finditer(pattern):
        if sign["open"]:
            inside.append(False)
        elif sign["close"] and len(inside) > 1:
            wild = inside.pop()
            if wild and sign["again"]:
                return True
            inside[-1] |= wild or bool(sign["again"])
        elif sign["repeat"]:
            inside[-1] = True
    return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    """The keyword `pattern`, for texts that are short enough to be sure that it ends soon."""
    if isinstance(value, str) and len(value) <= LONGEST_MATCHED and not re.search(pattern, value):
        yield ValidationError("does not match")


_Bounded = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # it has no types
_FORMATS = FormatChecker()


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """Airflow asks for a time zone; the library leaves this format unchecked without another package."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("duration")
def _is_duration(value: object) -> bool:
    """ISO 8601, such as P1DT2H; the library leaves this format unchecked without another package, which Airflow has."""
    return not isinstance(value, str) or bool(_DURATION.fullmatch(value))
