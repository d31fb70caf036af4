"""What is offered: labels shortened with the value intact, and suggestions while someone types."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain import Parameter
from bot.forms import suggestions
from bot.forms.options import chosen, key_of, options_of
from tests.bot.forms.kit import answer, param, pipeline

CITIES = [f"City {at:03}" for at in range(400)]


def labels(parameter: Parameter) -> list[str]:
    return [option.label for option in options_of(parameter)]


def texts(found: list[dict[str, Any]]) -> list[str]:
    return [option["text"]["text"] for option in found]


def test_labels_are_those_displayed() -> None:
    """By a value's text, however Airflow wrote the key; what isn't displayed is its own label."""
    shown = {"1": "One", "2.5": "Half", "true": "On", "None": "Nothing", "a": "A"}
    of = param("x", 1, enum=[1, 2.5, True, None, "a", "b", "", " ", {"k": 1}], values_display=shown)
    assert labels(of) == ["One", "Half", "On", "Nothing", "A", "b", "empty", '" "', '{"k": 1}']


def test_each_value_once() -> None:
    """And 1, 1.0, "1" and true are four."""
    assert [each.value for each in options_of(param("x", 1, enum=[1, 1, "1", True, 1.0]))] == [1, "1", True, 1.0]


def test_options_that_look_alike_are_told_apart() -> None:
    """By their values, or by the ends of their labels; the value is whole, whatever the label."""
    alike = options_of(param("x", 1, enum=[1, "1"]))
    assert [each.about for each in alike] == ["1", '"1"']
    long = options_of(param("x", "", enum=["a" * 100 + "b", "c" * 100 + "d"]))
    assert [each.about[-2:] for each in long] == ["ab", "cd"]
    assert [len(each.for_slack()["text"]["text"]) for each in long] == [75, 75]
    assert [each.value for each in long] == ["a" * 100 + "b", "c" * 100 + "d"]


def test_a_key_names_its_value() -> None:
    """Its JSON where that is short, a digest where it isn't: always within what Slack takes."""
    assert [key_of(value) for value in (1, "1", None)] == ["1", '"1"', "null"]
    long = [key_of("a" * 200), key_of("a" * 201), key_of([*range(100)])]
    assert len(set(long)) == 3
    assert max(map(len, long)) <= 150


def test_a_value_finds_its_option() -> None:
    """Exactly first, then as an equal number; a number is no boolean."""
    options = options_of(param("x", 1, enum=[0, 2, 2.0]))
    assert [chosen(options, value) for value in (2.0, 2)] == [options[2], options[1]]
    assert chosen(options, 0.0) == options[0]
    assert chosen(options, False) is None


def test_proposals_fit_what_they_are_for() -> None:
    """An example that the parameter would refuse is none; of a list they are for its entries."""
    assert labels(param("x", "a", type="string", maxLength=2, examples=["ab", "abc", 5, None])) == ["ab"]
    assert labels(param("x", [], type="array", items={"type": "integer"}, examples=[1, "2", 3])) == ["1", "3"]
    assert options_of(param("x", "a", type="string", examples=["abc"], maxLength=2)) == []


@pytest.mark.parametrize(
    ("typed", "first", "many"),
    [("", "City 000", 100), ("city 39", "City 390", 10), (" 399 ", "City 399", 1), ("zzz", None, 0)],
)
def test_suggestions_hold_what_was_typed(typed: str, first: str | None, many: int) -> None:
    """At most a hundred, in the DAG's order."""
    found = suggestions(pipeline(param("town", CITIES[0], enum=CITIES)), "param:town", typed)
    assert len(found) == many
    assert texts(found)[:1] == ([first] if first else [])


def test_what_begins_with_the_text_comes_first() -> None:
    """Before what only holds it; the value is searched too, and the whole of a long label."""
    shown = {"b": "Zebra", "c": "a" * 90 + " needle"}
    of = pipeline(param("x", "", enum=["an a", "a", "b", "c"], values_display=shown))
    assert texts(suggestions(of, "param:x", "b")) == ["Zebra"]
    assert texts(suggestions(of, "param:x", "n a")) == ["an a"]
    assert [each["value"] for each in suggestions(of, "param:x", "needle")] == ['"c"']
    ranked = suggestions(pipeline(param("x", "", enum=["ba", "ab"])), "param:x", "a")
    assert texts(ranked) == ["ab", "ba"]


def test_nothing_is_suggested_for_what_is_not_there() -> None:
    """A form may be older than its pipeline."""
    assert suggestions(pipeline(param("x", 1)), "param:y", "") == []
    assert suggestions(pipeline(param("x", 1)), "param:x", "") == []


def test_what_was_suggested_is_read() -> None:
    """By its key, though the menu on the page is empty."""
    town = param("town", CITIES[0], enum=CITIES)
    [found] = suggestions(pipeline(town), "param:town", "City 123")
    assert answer(town, found["value"]) == "City 123"
    towns = param("town", [], type="array", items={"enum": CITIES})
    assert answer(towns, [found["value"]]) == ["City 123"]
