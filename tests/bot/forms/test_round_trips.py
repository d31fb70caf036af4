"""Whatever a DAG declares: its form is one that Slack takes, and untouched it changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import Parameter
from bot.forms import without_defaults
from bot.forms.kinds import ASKED, Kind, kind_of
from bot.parameters.schemas import errors
from tests.bot.forms.kit import needed, param, pipeline, same, submitted, untouched
from tests.bot.forms.strategies import JSON, SEEN, parameters

BOUNDED = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@BOUNDED
@given(st.lists(parameters(), max_size=5, unique_by=lambda each: each.name))
def test_defaults_come_back_as_they_are(declared: list[Parameter]) -> None:
    """With their JSON types, though no input could show them; only what has no default is missed."""
    of = pipeline(*declared)
    found = submitted(of, untouched(of))
    for each in declared:
        if not each.required and kind_of(each) is not Kind.SECRET:
            assert same(found.values[each.name], each.default)
    assert len(found.errors) <= sum(each.required for each in declared)
    assert without_defaults(of, {each.name: each.default for each in declared if not each.required}) == {}


@BOUNDED
@given(parameters(), JSON)
def test_values_come_back_as_they_are(parameter: Parameter, value: Any) -> None:
    """A draft's values stay what they are, where the parameter takes them; where it doesn't, that is said."""
    of, values = pipeline(parameter), {parameter.name: value}
    found = submitted(of, untouched(of, values), values)
    if found.errors:
        assert errors(parameter.rule, value)
    elif kind_of(parameter) in ASKED:
        assert same(found.values[parameter.name], value)


NUMBERS = st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9).filter(lambda each: len(repr(each)) < 30)
WRITTEN = [  # a parameter, and values that its inputs show wholly
    (needed("x", type="string"), SEEN.filter(str.strip)),
    (needed("x", type="number"), NUMBERS),
    (needed("x", type="integer", minimum=-5), st.integers(-5, 10**18)),
    (needed("x", type="boolean"), st.booleans()),
    (needed("x", type=["boolean", "null"]), st.booleans() | st.none()),
    (needed("x", type="string", enum=["a", "b", ""]), st.sampled_from(["a", "b", ""])),
    (needed("x", enum=[1, "1", True, None, {"a": [1]}]), st.sampled_from([1, "1", True, None, {"a": [1]}])),
    (needed("x", type="integer", enum=[*range(300)]), st.integers(0, 299)),
    (needed("x", type="string", enum=["a" * 400, "a" * 401]), st.sampled_from(["a" * 400, "a" * 401])),
    (needed("x", type="string", examples=["a", "b"]), st.sampled_from(["a", "b"]) | SEEN.filter(str.strip)),
    (needed("x", type="array", items={"type": "string"}), st.lists(SEEN, min_size=1)),
    (needed("x", type="array"), st.lists(SEEN, min_size=1)),
    (needed("x", type="array"), st.lists(JSON, min_size=1)),
    (needed("x", type="array", items={"type": "number"}), st.lists(NUMBERS, min_size=1)),
    (needed("x", type="array", items={"type": "object"}), st.lists(st.dictionaries(SEEN, JSON), min_size=1)),
    (needed("x", type="array", items={"enum": ["a", 1]}), st.sampled_from([["a"], ["a", 1], [1]])),
    (needed("x", type="array", examples=["a", "b"]), st.sampled_from([["a"], ["a", "b", "z"], ["z", "y"]])),
    (needed("x", type="object"), st.dictionaries(SEEN, JSON)),
    (needed("x", type=["integer", "string", "object"]), st.integers() | SEEN.filter(str.strip) | st.just({"a": 1})),
    (needed("x", type="string", format="date"), st.dates().map(str)),
    (needed("x", type="string", format="time"), st.sampled_from(["00:00:00", "23:59:00", "12:13:00"])),
    (needed("x", type="string", format="date-time"), st.just("2026-01-31T06:00:00+00:00")),
]


@BOUNDED
@given(st.sampled_from(WRITTEN).flatmap(lambda case: st.tuples(st.just(case[0]), case[1])))
def test_what_is_shown_reads_as_what_it_shows(case: tuple[Parameter, Any]) -> None:
    """A value that someone fills in by hand, as the form shows it, is that value: no memory of it is needed."""
    parameter, value = case
    of = pipeline(parameter)
    state = untouched(of, {"x": value})
    if len(str(value)) < 1_000:
        found = submitted(of, state)
        assert found.errors == {}
        assert same(found.values["x"], value)


def test_none_of_many_is_lost() -> None:
    """Fields go on over as many pages as they need, and each is read from its own."""
    of = pipeline(*[param(f"p{at}", at, type="integer") for at in range(250)])
    found = submitted(of, untouched(of))
    assert found.values == {f"p{at}": at for at in range(250)}
