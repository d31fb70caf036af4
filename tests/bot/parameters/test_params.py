"""Typed text as a parameter's value, and refusals that say what is allowed."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.words import quote, split
from bot.domain import Parameter, Pipeline
from bot.errors import BadValue, Refusal, UnknownWord
from bot.parameters.params import check_conf, check_value, read_value, read_values
from bot.parameters.paramwords import LONGEST_EXAMPLE, allowed, show, typed
from tests.bot.conversation.test_words import PLAIN, delivered

RATE = Parameter(name="learning_rate", rule={"type": "number", "minimum": 0.001, "maximum": 1}, default=0.05)


def parameter(rule: dict[str, Any], default: Any = None, **more: Any) -> Parameter:
    return Parameter(name="x", rule=rule, default=default, **more)


def read(rule: dict[str, Any], text: str, default: Any = None) -> Any:
    return read_value("delays", parameter(rule, default), text)


def refusal(rule: dict[str, Any], text: str, default: Any = None) -> BadValue:
    with pytest.raises(BadValue) as refused:
        read(rule, text, default)
    return refused.value


@pytest.mark.parametrize(
    ("rule", "text", "value"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "integer"}, "-3", -3),
        ({"type": "integer"}, "+3", 3),
        ({"type": "number"}, "12", 12),
        ({"type": "number"}, "0.1", 0.1),
        ({"type": "number"}, "1e-3", 0.001),
        ({"type": "number"}, "-.5", -0.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "No", False),
        ({"type": "boolean"}, "on", True),
        ({"type": "boolean"}, "0", False),
        ({"type": "string"}, "1-9", "1-9"),
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, "", ""),
        ({"type": "string"}, "null", "null"),
        ({"type": "array"}, "a, b,c", ["a", "b", "c"]),
        ({"type": "array"}, "", []),
        ({"type": "array"}, '["a", 1]', ["a", 1]),
        ({"type": "array", "items": {"type": "integer"}}, "1,2", [1, 2]),
        ({"type": "array", "items": {"type": ["null", "number"]}}, "0.5,none", [0.5, None]),
        ({"type": "array", "items": {"enum": [1, 2]}}, "2,1", [2, 1]),
        ({"type": "object"}, '{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ({"type": ["null", "integer"]}, "none", None),
        ({"type": ["integer", "null"]}, "", None),
        ({"type": ["null", "integer"]}, "5", 5),
        ({"type": ["integer", "string"]}, "5", 5),
        ({"type": ["integer", "string"]}, "five", "five"),
        ({"type": ["string", "integer"]}, "5", "5"),
        ({"type": ["null", "object", "string"]}, "{", "{"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "7", 7),
        ({"enum": ["small", "large"]}, "large", "large"),
        ({"enum": [1, 2.5, True, None]}, "2.5", 2.5),
        ({"enum": [1, 2.5, True, None]}, "true", True),
        ({"enum": [1, 2.5, True, None]}, "None", None),
        ({"type": ["null", "string"], "enum": ["none", "l1", None]}, "none", "none"),
        ({"type": "number", "enum": [0.1, 1]}, "0.10", 0.1),
        ({"type": "integer", "const": 3}, "3", 3),
        ({"type": "string", "format": "date"}, "2026-01-31", "2026-01-31"),
        ({"type": "duration"}, "5 days", "5 days"),
        ({"type": 5}, "x", "x"),
        ({}, "x", "x"),
    ],
)
def test_text_is_read_by_the_schemas_type(rule: dict[str, Any], text: str, value: Any) -> None:
    """Every type and union, choices of any type, nothing at all: the JSON value, of exactly that type."""
    found = read(rule, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [(9, "12", 12), (9, "0.5", 0.5), (True, "no", False), ("a", "5", "5"), (["a"], "b,c", ["b", "c"]), ({}, "{}", {})],
)
def test_an_untyped_parameter_has_its_defaults_type(default: Any, text: str, value: Any) -> None:
    """`params={"months": 9}` declares no type, and its code expects no text."""
    found = read({}, text, default)
    assert (found, type(found)) == (value, type(value))
    if not isinstance(default, str):
        assert "is not" in refusal({}, "[x", default).sentence


TAKES = "delays takes"


@pytest.mark.parametrize(
    ("rule", "default", "text", "says"),
    [
        ({"type": "integer"}, 5, "five", f"x=five is not a whole number: {TAKES} a whole number (default 5)."),
        ({"type": "integer"}, 5, "5.0", "x=5.0 is not a whole number"),
        ({"type": "integer"}, 5, "1_000", "x=1_000 is not a whole number"),
        ({"type": "integer"}, 5, "9" * 5000, "is not a whole number"),
        ({"type": "integer"}, 5, "٥", "is not a whole number"),
        ({"type": "number"}, 5, "1_0.5", "is not a number"),
        ({"type": "number"}, 5, "nan", f"x=nan is not a number: {TAKES} a number (default 5)."),
        ({"type": "number"}, 5, "-inf", "x=-inf is not a number"),
        ({"type": "number"}, 5, "1e400", "x=1e400 is not a number"),
        ({"type": "number"}, 5, "9" * 4000, "is not a number"),
        ({"type": "boolean"}, True, "maybe", f"x=maybe is not true or false: {TAKES} true or false (default true)."),
        ({"type": ["integer", "null"]}, None, "x", f"is not a whole number: {TAKES} a whole number (default none)."),
        ({"type": ["integer", "boolean"]}, 1, "x", "is not a whole number or true or false"),
        ({"type": "array"}, [], "[1", "x=[1 is not a list"),
        ({"type": "array"}, [], "[NaN]", "is not a list"),
        ({"type": "array"}, [], "[1e400]", "is not a list"),
        ({"type": "array"}, [], "[" * 100 + "]" * 100, "is not a list"),
        ({"type": "array"}, [], "[" * 1999 + "]" * 1999, "is not a list"),
        ({"type": "array", "items": {"type": "integer"}}, [], "1,b", "x=1,b is not a list"),
        ({"type": "object"}, {}, "[1]", "x=[1] is not a JSON object"),
        ({"type": "object"}, {}, '{"a": -Infinity}', "is not a JSON object"),
        ({"type": "number", "minimum": 0.5}, 1, "0.1", f"x=0.1 is too small: {TAKES} a number of at least 0.5 (def"),
        ({"type": "number", "exclusiveMinimum": 0}, 1, "0", f"x=0 is too small: {TAKES} a number of more than 0 (def"),
        ({"type": "integer", "maximum": 9}, 1, "10", f"x=10 is too large: {TAKES} a whole number of at most 9 (def"),
        (
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5, "1",
            f"x=1 is too large: {TAKES} a number of more than 0 and less than 1 (default 0.5).",
        ),
        ({"type": "number", "multipleOf": 5}, 5, "7", f"x=7 is no multiple of 5: {TAKES} a number (default 5)."),
        ({"enum": ["s", "l"]}, "s", "m", f"x=m is not one of the choices: {TAKES} s or l (default s)."),
        ({"enum": [1, None]}, 1, "2", f"x=2 is not one of the choices: {TAKES} 1 or none (default 1)."),
        ({"enum": list("abcdefghijklmnop")}, "a", "z", f"{TAKES} one of its choices (default a)."),
        ({"const": "a"}, "a", "b", f"x=b is not one of the choices: {TAKES} a (default a)."),
        ({"type": "string", "minLength": 2}, "ab", "a", "x=a is too short: delays takes at least 2 characters."),
        ({"type": "string", "maxLength": 1}, "a", "ab", "x=ab is too long: delays takes at most 1 character."),
        ({"type": "array", "minItems": 1}, ["a"], "", "x=none is too short: delays takes at least 1 entry."),
        ({"type": "array", "maxItems": 2}, [], "a,b,c", "x=a,b,c is too long: delays takes at most 2 entries."),
        (
            {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 12}}, [1], "1,13",
            f"13 in x is too large: {TAKES} 1 to 12.",
        ),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["a"], "c", "c in x is not one of the choices: delays"),
        ({"type": "array", "uniqueItems": True}, ["a"], "b,b", f"x=b,b doesn't fit: {TAKES} a list (default a)."),
        (
            {"type": "string", "pattern": "^v[0-9]+$", "examples": ["v12"]}, "v1", "12",
            f"x=12 doesn't fit: {TAKES} a text like v12 (default v1).",
        ),
        ({"type": "string", "pattern": "^v[0-9]+$"}, "v1", "12", f"{TAKES} a text like v1 (default v1)."),
        ({"type": "string", "pattern": "^v[0-9]+$"}, "", "12", "a text that matches ^v[0-9]+$"),
        ({"type": "string", "format": "date"}, "", "x", f"{TAKES} a date, such as 2026-01-31 (default empty)."),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_allowed(rule: dict[str, Any], default: Any, text: str, says: str) -> None:
    """What was given, what is wrong with it, what the model takes: one sentence, however much was typed."""
    sentence = refusal(rule, text, default).sentence
    assert says in sentence
    assert len(sentence) < 250


def test_the_refusal_of_a_number_reads_as_designed() -> None:
    """The sentence and the hint that people meet most often, word for word."""
    with pytest.raises(BadValue) as refused:
        read_value("delays", RATE, "5")
    assert refused.value.sentence == "learning_rate=5 is too large: delays takes 0.001 to 1 (default 0.05)."
    assert refused.value.example == "run delays learning_rate=0.05"


@pytest.mark.parametrize(
    ("rule", "default", "hint"),
    [
        ({"type": "integer", "examples": [7]}, 5, "x=7"),
        ({"type": "integer", "minimum": 10}, 5, ""),
        ({"type": "integer", "minimum": 10, "examples": ["many", 20]}, 5, "x=20"),
        ({"type": "integer", "enum": [3, 4]}, None, "x=3"),
        ({"type": "array", "minItems": 2, "examples": [["a b", "c"]]}, [], 'x="a b,c"'),
        ({"type": "array", "minItems": 2, "examples": [[1, 2]]}, [], "x=[1, 2]"),
        ({"type": "integer"}, 10**LONGEST_EXAMPLE, ""),
        ({"type": "integer", "examples": 5}, 1, "x=1"),
    ],
)
def test_the_hint_offers_only_what_would_do(rule: dict[str, Any], default: Any, hint: str) -> None:
    """An example, the default or a choice: the first that the schema takes and that is short; else nothing."""
    offered = refusal(rule, "", default).example
    assert offered == (f"run delays {hint}" if hint else "")


def test_a_required_parameters_default_is_never_offered() -> None:
    """Airflow shows a parameter without a default as null, which nobody means."""
    needed = parameter({"type": "integer"}, 5, required=True)
    assert allowed(needed) == "a whole number"
    with pytest.raises(BadValue) as refused:
        read_value("delays", needed, "x")
    assert refused.value.example == ""


PIPELINE = Pipeline(
    dag_id="train_delays",
    parameters=(RATE, Parameter(name="months", rule={"type": "string"}, required=True)),
)


def test_values_are_read_by_name() -> None:
    """Each pair by its own parameter."""
    assert read_values("delays", PIPELINE, {"learning_rate": "1", "months": "1"}) == {"learning_rate": 1, "months": "1"}


@pytest.mark.parametrize(
    ("pipeline", "meant", "hint"),
    [(PIPELINE, "Did you mean learning_rate?", "It takes learning_rate, months."),
     (Pipeline(dag_id="bare"), "", "It takes no parameters.")],
)  # fmt: skip
def test_an_unknown_parameter_is_named_with_its_nearest(pipeline: Pipeline, meant: str, hint: str) -> None:
    """Refused before anything starts, saying what there is."""
    with pytest.raises(UnknownWord) as refused:
        read_values("delays", pipeline, {"learning-rate": "1"})
    assert refused.value.sentence == f"I don't know the parameter “learning-rate” of delays. {meant}".rstrip()
    assert refused.value.hint == hint


def test_a_conf_is_checked_against_the_pipeline_as_it_is() -> None:
    """Values that no longer fit, names that are gone, and what is required but missing."""
    check_conf("delays", PIPELINE, {"months": "1"})
    with pytest.raises(BadValue, match="delays needs months, which has no default"):
        check_conf("delays", PIPELINE, {"learning_rate": 1})
    with pytest.raises(BadValue, match="too large"):
        check_conf("delays", PIPELINE, {"months": "1", "learning_rate": 2})
    with pytest.raises(UnknownWord):
        check_conf("delays", PIPELINE, {"months": "1", "gone": 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)
KIND = {int: "integer", float: "number", bool: "boolean", str: "string", list: "array", dict: "object"}


@given(JSON.filter(lambda value: value is not None))
def test_a_value_typed_back_reads_as_the_same(value: Any) -> None:
    """What a card or an example shows can be typed again, through Slack, and is the same value."""
    [token] = split(f"x={delivered(quote(typed(value)))}")
    found = read({"type": KIND[type(value)]}, token.text)
    assert (found, type(found)) == (value, type(value))


@given(st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_shown_of_a_number_is_all_of_it(value: float) -> None:
    """Numbers and truths are short enough to be shown whole; a whole one without its `.0`."""
    assert json.loads(show(value)) == value
    assert not show(value).endswith(".0") or abs(value) >= 2**53


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", "empty"), ([], "none"), (None, "none"), (["a", "b"], "a,b"), (["a,b"], '["a,b"]'), ([""], '[""]'),
     ("two\nlines", "two lines"), ("é", "é"), ({"a": 1}, '{"a": 1}'), ("x" * 100, "x" * 59 + "…"), (0, "0")],
)  # fmt: skip
def test_values_are_shown_short_on_one_line(value: Any, shown: str) -> None:
    """As they would be typed; nothing is shown as nothing."""
    assert show(value) == shown


SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "integer", "minimum": 1},
    {"type": "number", "exclusiveMaximum": 5, "multipleOf": 0.1},
    {"type": ["null", "boolean", "string"]},
    {"type": "array", "items": {"type": "number", "multipleOf": 0.01}},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "string", "pattern": r"^(\w+\s?)*$"},
    {"type": "string", "format": "date-time", "maxLength": 9},
    {"enum": [1, "1", None, [1], {"a": 1}]},
    {"type": "nonsense", "enum": 5, "examples": 5, "pattern": 5, "items": 5, "minimum": "x"},
    {"$ref": "#"},
]
NUMBERLIKE = st.text("0123456789.eE+-_[]{},\"' naif", max_size=40)


@pytest.mark.parametrize("rule", SCHEMAS, ids=lambda rule: json.dumps(rule)[:40])
@given(text=st.text(max_size=100) | NUMBERLIKE)
def test_any_text_is_a_value_or_a_refusal(rule: dict[str, Any], text: str) -> None:
    """Whatever is typed at whatever schema, nothing else is raised, and a value is always good JSON."""
    try:
        value = read(rule, text, default=rule.get("default"))
    except Refusal:
        return
    json.dumps(value, allow_nan=False)
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("rule", SCHEMAS, ids=lambda rule: json.dumps(rule)[:40])
def test_every_schema_is_told_in_words(rule: dict[str, Any]) -> None:
    """A broken schema costs its model no page: there are always words for what it takes."""
    assert allowed(parameter(rule, default=1)).endswith("(default 1)")
    check_value("delays", parameter({"$ref": "#"}), object)
