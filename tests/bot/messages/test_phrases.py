"""Numbers and durations as people read them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Parameter, Pipeline
from bot.messages.phrases import DAY, HOUR, MINUTE, NO_BREAK, about, change, count, differing, lasted, listed, number


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (-5, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"),
        (HOUR - 1, "59 min 59 s"), (HOUR, "1 h 00 min"), (3_900, "1 h 05 min"), (DAY, "1 d 0 h"), (183_600, "2 d 3 h"),
    ],
)  # fmt: skip
def test_how_long_it_took(seconds: float, words: str) -> None:
    """Two units at most; a number and its unit stay on one line."""
    assert lasted(seconds).replace(NO_BREAK, " ") == words
    assert all(part[-1].isalpha() for part in lasted(seconds).split(" "))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "about 10 s"), (13, "about 10 s"), (38, "about 40 s"), (54, "about 50 s"), (56, "about 1 min"),
        (89, "about 1 min"), (91, "about 2 min"), (50 * MINUTE, "about 50 min"), (HOUR - 1, "about 1 h"),
        (HOUR, "about 1 h"), (1.5 * HOUR, "about 1.5 h"), (30 * HOUR, "about 30 h"),
    ],
)  # fmt: skip
def test_how_long_it_may_take(seconds: float, words: str) -> None:
    """No more digits than anybody knows, and never 60 of a unit."""
    assert about(seconds).replace(NO_BREAK, " ") == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (12_345.0, "12,345"), (0.7124, "0.712"), (0.01, "0.010"), (-0.5, "-0.500"),
        (0.00123456, "0.001235"), (999.5, "999.500"), (12_345.678, "12,346"), (1e9, "1e+09"), (2.5e-9, "2.5e-09"),
        (math.inf, "inf"), (math.nan, "nan"),
    ],
)  # fmt: skip
def test_a_metric(value: float, words: str) -> None:
    """Enough digits to compare, no more."""
    assert number(value) == words


@given(st.floats())
def test_any_metric_is_short(value: float) -> None:
    """A table's cell holds it, whatever training code logs."""
    assert len(number(value)) <= 14
    assert len(change(value)) <= 14


def test_a_change_has_a_sign() -> None:
    """A true minus, and nothing where nobody can tell."""
    assert [change(value) for value in (0.041, -0.013, 0.0, math.nan)] == ["+0.041", "−0.013", "±0", "–"]


def test_counts_and_lists() -> None:
    """As one says them."""
    assert [count(1, "run"), count(0, "run"), count(1_204, "entry", "entries")] == ["1 run", "0 runs", "1,204 entries"]
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


PIPELINE = Pipeline(
    dag_id="d",
    parameters=(
        Parameter(name="rate", rule={}, default=0.05),
        Parameter(name="months", rule={}, required=True),
        Parameter(name="note", rule={}, default=""),
    ),
)


@pytest.mark.parametrize(
    ("pipeline", "conf", "said"),
    [
        (PIPELINE, {}, []),
        (PIPELINE, {"rate": 0.05, "note": ""}, []),
        (PIPELINE, {"rate": 0.1, "months": "1-9"}, ["rate 0.1 (default 0.05)", "months 1-9"]),
        (PIPELINE, {"note": "x"}, ["note x (default empty)"]),
        (PIPELINE, {"gone": [1]}, ["gone [1]"]),
        (None, {"rate": 0.05}, ["rate 0.05"]),
    ],
)
def test_only_what_differs_from_the_defaults_is_listed(
    pipeline: Pipeline | None, conf: dict[str, Any], said: list[str]
) -> None:
    """With the default beside it, where there is one and it is known."""
    assert differing(pipeline, conf) == said
