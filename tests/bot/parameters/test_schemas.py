"""Schemas held against values: tolerant of what is broken, without I/O, and in bounded time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.parameters.schemas import choices, errors, kinds, may_take_for_ever


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({}, []),
        ({"type": "integer"}, ["integer"]),
        ({"type": ["null", "string"]}, ["null", "string"]),
        ({"type": ["string", "string"]}, ["string"]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, ["integer", "null"]),
        ({"oneOf": [{"anyOf": [{"type": "array"}]}, {"const": 1}]}, ["array"]),
        ({"type": "duration"}, []),
        ({"type": 5}, []),
        ({"type": [["string"], {}]}, []),
        ({"anyOf": {"type": "integer"}}, []),
    ],
)
def test_the_types_of_a_schema(rule: dict[str, Any], named: list[str]) -> None:
    """Named at the top or in branches, in order; what JSON schema doesn't know is passed over."""
    assert kinds(rule) == named


def test_the_choices_of_a_schema() -> None:
    """An enum's or a const's; a broken enum offers none."""
    assert choices({"enum": ["a", None, 1]}) == ["a", None, 1]
    assert choices({"const": 0}) == [0]
    assert choices({"enum": 5}) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "duration"},
        {"type": 5},
        {"enum": 5},
        {"minimum": "low"},
        {"exclusiveMinimum": True, "minimum": 0},
        {"pattern": "(["},
        {"pattern": 5},
        {"properties": []},
        {"$ref": "#"},
        {"$ref": "#/nowhere"},
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"multipleOf": 0},
        {"items": "x"},
        {"required": 5},
    ],
)
@pytest.mark.parametrize("value", [5, "text", [1], {"a": 1}, None])
def test_a_broken_schema_is_not_judged(rule: dict[str, Any], value: Any) -> None:
    """What can't be checked passes, whatever is wrong with it, and nothing is fetched: Airflow has the final word."""
    assert errors(rule, value) == []


def test_a_number_too_large_for_a_float_is_not_judged() -> None:
    """`multipleOf` divides, which an enormous integer doesn't survive."""
    assert errors({"items": {"multipleOf": 0.1}}, [10**400]) == []


@pytest.mark.parametrize(
    ("pattern", "risky"),
    [
        (r"^(\w+\s?)*$", True),
        (r"(a+)+$", True),
        (r"((a+))+$", True),
        (r"(?:a|a)*b", True),
        (r"(?P<x>a*){2,}", True),
        (r"(a?){50}", True),
        (r"(([ab])*c)*", True),
        (r"^[a-z]+-[0-9]+$", False),
        (r"^v(\d+)$", False),
        (r"^(gpu|cpu)$", False),
        (r"^(abc)+$", False),
        (r"\(a+\)+", False),
        (r"[(a+)]+", False),
        (r"^(ab+)?$", False),
        ("", False),
        (")", False),
    ],
)
def test_patterns_that_may_take_for_ever(pattern: str, risky: bool) -> None:
    """A group that repeats or chooses, repeated: exponential in Python. Escapes and classes are no groups."""
    assert may_take_for_ever(pattern) is risky


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "string", "pattern": r"^(\w+\s?)*$"},
        {"type": "string", "pattern": r"^\w*\w*\w*\w*$"},
        {"type": "object", "patternProperties": {r"^(a+)+$": {}}, "additionalProperties": False},
        {"allOf": [{"items": {"pattern": r"(a+)+$"}}]},
    ],
)
def test_no_pattern_holds_the_bot_up(rule: dict[str, Any]) -> None:
    """A value made for it costs no more than a blink, wherever in the schema the pattern stands."""
    text, begun = "a" * 4_000 + "!", time.process_time()
    for value in (text, [text], {text: 1}, text[:150] + "!"):
        errors(rule, value)
    assert time.process_time() - begun < 3


def test_an_ordinary_pattern_is_held() -> None:
    """Where it is safe, a pattern is checked before Airflow is asked."""
    assert errors({"pattern": "^v[0-9]+$"}, "v12") == []
    assert [error.validator for error in errors({"pattern": "^v[0-9]+$"}, "twelve")] == ["pattern"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T06:00:00+01:00", "2026-02-28T06:00:00"),
        ("date-time", "2026-02-28T06:00:00Z", "soon"),
        ("email", "a@example.com", "nobody"),
    ],
)
def test_formats_are_held(kind: str, good: str, bad: str) -> None:
    """Dates, times with their zone, addresses: as Airflow's own form has them."""
    assert errors({"format": kind}, good) == []
    assert errors({"format": kind}, bad) != []
