"""What a person gives in each kind of field, and the JSON value, or the refusal, that it is."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain import Parameter
from tests.bot.forms.kit import answer, needed, param, same

OBJECTS = {"type": "object", "required": ["name"]}
AIRPORTS = {"enum": ["JFK", "LGA", 3]}


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        (param("x", "a", type="string"), "null", "null"),
        (param("x", "a", type="string"), "5", "5"),
        (param("x", "a", type="string"), None, ""),
        (param("x", "a", type=["string", "null"]), None, None),
        (param("x", "a", type=["string", "null"]), "none", "none"),
        (param("x", "a", type="string", format="multiline"), "a\r\nb", "a\nb"),
        (param("x", "a"), "true", "true"),
        (param("x", "a"), None, None),
        (param("x"), "5", "5"),
        (param("x", 3), "4.5", 4.5),
        (param("x", 1.5, type="number"), "2", 2),
        (param("x", 1, type="integer"), "2", 2),
        (param("x", 1, type=["null", "integer"]), None, None),
        (param("x", 10**30, type="integer"), "-7", -7),
        (param("x", True, type="boolean"), "No", False),
        (param("x", False), "Yes", True),
        (param("x", True, type=["boolean", "null"]), "Neither", None),
        (param("x", "a", enum=["a", "b"]), "b", "b"),
        (param("x", 1, enum=[1, "1", None], values_display={"1": "One"}), '"1"', "1"),
        (param("x", 1, enum=[1, 2.5], values_display={"2.5": "Half of five"}), "Half of five", 2.5),
        (param("x", "a", enum=["a", None]), None, None),
        (param("x", ["JFK"], type="array", items=AIRPORTS), ["LGA", "3"], ["LGA", 3]),
        (param("x", ["JFK"], type="array", items=AIRPORTS), None, []),
        (param("x", ["JFK"], type=["array", "null"], items=AIRPORTS), None, None),
        (param("x", ["a"], type="array", items={"type": "string"}), " b \n\nc, d", ["b", "c, d"]),
        (param("x", ["a"], type="array", items={"type": "string"}), '["b\\nc", ""]', ["b\nc", ""]),
        (param("x", ["a"], type="array", items={"type": "string"}), "[b\nc", ["[b", "c"]),
        (param("x", ["a"], type="array"), None, []),
        (param("x", [1], type="array", items={"type": "number"}), "2\n2.5", [2, 2.5]),
        (param("x", [1], type="array", items={"type": "integer"}), "[2, 3]", [2, 3]),
        (param("x", [True], type="array", items={"type": "boolean"}), "yes\nfalse", [True, False]),
        (param("x", [], type="array", items=OBJECTS), '[{"name": 1}]', [{"name": 1}]),
        (param("x", [], type="array", items=OBJECTS), '{"name": 1}\n{"name": 2}', [{"name": 1}, {"name": 2}]),
        (param("x", {}, type="object"), "{“a”: [1, 2.0]}", {"a": [1, 2.0]}),
        (param("x", {}, type=["object", "null"]), None, None),
        (param("x", "2026-01-01", type="string", format="date"), "2026-02-28", "2026-02-28"),
        (param("x", "12:00:30", type="string", format="time"), "12:30", "12:30:00"),
        (param("x", "12:00:30", type=["string", "null"], format="time"), None, None),
        (param("x", "PT1H", type="string", format="duration"), "P1DT2H", "P1DT2H"),
        (param("x", 5, type=["integer", "string"]), "all", "all"),
        (param("x", 5, type=["integer", "string"]), "6", 6),
        (param("x", "a", type=["integer", "string"]), '"6"', "6"),
        (param("x", "a", type=["string", "object"]), '{"a": 1}', {"a": 1}),
        (param("x", True, type=["boolean", "string"]), "a@b.example", "a@b.example"),
        (needed("x", type="string", minLength=2), "ab", "ab"),
    ],
)
def test_an_answer_has_its_json_type(parameter: Parameter, given: Any, value: Any) -> None:
    """Texts stay texts, numbers are numbers, and an emptied field is null where null is taken."""
    found = answer(parameter, given)
    assert same(found, value), found


@pytest.mark.parametrize(
    ("parameter", "given", "words"),
    [
        (
            param("x", 1, type="integer", maximum=9),
            "10",
            "x=10 is too large: delays takes a whole number of at most 9 (default 1).",
        ),
        (param("x", 1, type="number", exclusiveMinimum=0), "0", "too small"),
        (param("x", 1, type="number", multipleOf=0.5), "0.3", "no multiple of 0.5"),
        (param("x", 1, type="integer"), "1.5", "x=1.5 is not a whole number: delays takes a whole number (default 1)."),
        (param("x", 1, type="integer"), None, "delays needs x: a whole number (default 1)."),
        (param("x", "ab", type="string", minLength=2), "a", "too short: delays takes at least 2 characters"),
        (param("x", "ab", type="string", minLength=2), None, "x=empty is too short"),
        (param("x", "ab", type="string", maxLength=2), "abc", "too long"),
        (param("x", "ab", type="string", pattern="^a"), "b", "doesn't fit: delays takes a text like ab"),
        (param("x", "PT1H", type="string", format="duration"), "1 hour", "takes a duration, such as PT15M or P1D"),
        (param("x", ["a"], type="array", minItems=1), None, "too short: delays takes at least 1 entry"),
        (param("x", [1], type="array", items={"type": "integer"}), "1\ntwo", "is not a list"),
        (param("x", [1], type="array", items={"maximum": 3}), "[4]", "4 in x is too large"),
        (param("x", [], type="array", items=OBJECTS), "[{}]", "in x doesn't fit"),
        (param("x", {}, type="object"), "[1]", "x=[1] doesn't fit: delays takes a JSON object"),
        (param("x", {}, type="object"), "{", "is not a JSON object"),
        (param("x", {}, type="object"), '{"a": NaN}', "is not a JSON object"),
        (param("x", {}, type="object"), "[" * 5_000, "is not a JSON object"),
        (param("x", 5, type=["integer", "object"]), "all", "is not a whole number or a JSON object"),
        (param("x", "a", enum=["a", "b"]), '"c"', "no longer offered: delays takes a or b"),
        (needed("x", type="string"), None, "delays needs x: a text."),
        (needed("x", type="string", examples=["a"]), None, "delays needs x"),
        (needed("x", type="boolean"), None, "delays needs x: true or false."),
    ],
)
def test_a_wrong_answer_is_refused_in_words(parameter: Parameter, given: Any, words: str) -> None:
    """The same words as for a value that is typed in a command."""
    assert words in answer(parameter, given)


PROPOSED = param("x", "Alpha", type="string", examples=["Alpha", "Bravo"])


@pytest.mark.parametrize(
    ("began", "given", "other", "value"),
    [
        (..., "Bravo", ..., "Bravo"),
        (..., ..., "Zulu", "Zulu"),
        (..., None, "Zulu", "Zulu"),
        (..., None, ..., ""),
        ("Yankee", "Bravo", ..., "Bravo"),
        ("Yankee", ..., "Zulu", "Zulu"),
        ("Yankee", ..., None, ""),
        ("Yankee", "Bravo", None, "Bravo"),
        ("Yankee", "Bravo", "Zulu", "Choose one for x, or write another; not both."),
        (..., "Bravo", "Zulu", "Choose one for x, or write another; not both."),
    ],
)
def test_a_proposal_or_another_value(began: Any, given: Any, other: Any, value: str) -> None:
    """What is new counts; two new answers are a question."""
    assert answer(PROPOSED, given, other=other, value=began) == value


@pytest.mark.parametrize(
    ("given", "other", "value"),
    [
        (["one"], ..., ["one", "nine"]),
        (..., "ten\neleven", ["two", "ten", "eleven"]),
        (None, None, []),
        (["one", "two"], None, ["one", "two"]),
    ],
)
def test_proposals_and_others(given: Any, other: Any, value: list[str]) -> None:
    """A list is what was chosen, then what was written."""
    some = param("x", ["two", "nine"], type="array", examples=["one", "two", "three"])
    assert answer(some, given, other=other) == value


@pytest.mark.parametrize(
    ("began", "given", "value"),
    [
        ("2026-01-31T06:00:30.5+01:00", ..., "2026-01-31T06:00:30.5+01:00"),
        ("2026-01-31T06:00:30.5+01:00", 1_769_835_600, "2026-01-31T06:00:30.5+01:00"),
        ("2026-01-31T06:00:30.5+01:00", 1_769_839_200, "2026-01-31T07:00:00+01:00"),
        ("2026-01-31T06:00:00Z", 1_769_839_260, "2026-01-31T06:01:00+00:00"),
        ("1905-01-01T00:00:00+00:00", 1_769_839_260, "2026-01-31T06:01:00+00:00"),
        ("1905-01-01T00:00:00+00:00", ..., "1905-01-01T00:00:00+00:00"),
    ],
)
def test_a_moment_keeps_its_zone_and_its_seconds(began: str, given: Any, value: str) -> None:
    """A picker knows neither: a moment that nobody moved stays, and one that was moved is in the zone it was in."""
    assert answer(param("x", None, type=["string", "null"], format="date-time"), given, value=began) == value


def test_a_time_keeps_its_seconds() -> None:
    """As long as nobody changes it."""
    assert answer(param("x", "12:13:14", type="string", format="time"), "12:13") == "12:13:14"


def test_a_draft_is_judged_and_a_default_is_not() -> None:
    """A value that doesn't fit is refused at its field; a DAG's own default is left to Airflow."""
    picked = param("x", "gone", enum=["a", "b"])
    assert answer(picked) == "gone"
    assert "is not one of the choices" in answer(picked, value="lost")


def test_a_text_that_reads_otherwise_is_shown_as_json() -> None:
    """Where a number is taken too, the text "5" is told from the number, and stays a text when it is written again."""
    several = param("x", 1, type=["integer", "string"])
    assert answer(several, '"5"', value="5") == "5"
    assert answer(several, "5", value="5") == 5


def test_what_was_no_text_is_read_as_json_again() -> None:
    """A value of a parameter without a type is shown as JSON, and what is written in its place is JSON."""
    assert answer(param("x"), '{"a": 2}', value={"a": 1}) == {"a": 2}
    assert answer(param("x"), '{"a": 2}', value="text") == '{"a": 2}'
