"""Which kind of field a parameter gets: the choice that Airflow's own trigger form makes, in the same order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.domain import Parameter
from bot.parameters.paramwords import kinds_of
from bot.parameters.schemas import entries, errors


class Kind(StrEnum):
    """What a field asks for."""

    FIXED = "fixed"  # a `const`: shown, not asked
    SECRET = "secret"  # noqa: S105  # `format: password`: neither shown nor asked, since a conf is kept in clear
    ONE = "one"  # one of some values: an enum, a boolean
    SOME = "some"  # several of some values: a list whose items are an enum
    PROPOSED = "proposed"  # one of some values, or another
    MORE = "more"  # several of some values, and others
    LIST = "list"
    OBJECT = "object"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    MOMENT = "moment"
    TEXT = "text"
    ANY = "any"  # of several types, or of none: JSON where that fits, else a text


ASKED = frozenset(Kind) - {Kind.FIXED, Kind.SECRET}
CHOSEN = frozenset({Kind.ONE, Kind.SOME, Kind.PROPOSED, Kind.MORE})  # has options

_FORMATS = {"password": Kind.SECRET, "date": Kind.DATE, "time": Kind.TIME, "date-time": Kind.MOMENT}
_NUMBERS = {"integer", "number"}


def kind_of(parameter: Parameter) -> Kind:
    """The kind of field for this parameter."""
    rule, named = parameter.rule, types(parameter)
    if "const" in rule:
        return Kind.FIXED
    if entries(rule, "enum"):
        return Kind.ONE
    if named and set(named) <= _NUMBERS:
        return Kind.NUMBER
    if len(named) != 1:
        return Kind.PROPOSED if proposals(parameter) else Kind.ANY
    match named[0]:
        case "boolean":
            return Kind.ONE
        case "array":
            return Kind.SOME if entries(items(rule), "enum") else Kind.MORE if proposals(parameter) else Kind.LIST
        case "object":
            return Kind.OBJECT
        case _:
            return _of_text(parameter)


def _of_text(parameter: Parameter) -> Kind:
    kind = _FORMATS.get(str(parameter.rule.get("format")), Kind.TEXT)
    return Kind.PROPOSED if kind is Kind.TEXT and proposals(parameter) else kind


def types(parameter: Parameter) -> list[str]:
    """The JSON types that the parameter takes, null apart; those of its default where the schema names none."""
    return [kind for kind in kinds_of(parameter) if kind != "null"]


def nullable(parameter: Parameter) -> bool:
    """Does it take null? What has neither a type nor a reason against it does, as in Airflow's form."""
    named = "type" in parameter.rule or "anyOf" in parameter.rule or "oneOf" in parameter.rule
    return ("null" in kinds_of(parameter) or not named) and not errors(parameter.rule, None)


def items(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a list's entries; empty where everything goes."""
    found = rule.get("items")
    return found if isinstance(found, Mapping) else {}


def proposals(parameter: Parameter) -> list[Any]:
    """The schema's `examples`, as far as they fit. Of a list they are proposals for its entries."""
    rule = {name: part for name, part in parameter.rule.items() if name not in ("examples", "values_display")}
    one = items(rule) if types(parameter) == ["array"] else rule
    return [each for each in entries(parameter.rule, "examples") if each is not None and not errors(one, each)]
