"""What a run will cost: from which runs, how rounded, in which words."""

from __future__ import annotations

import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.launching.price import (
    DOWN,
    ENOUGH,
    UP,
    Estimate,
    Past,
    Quote,
    an_hour,
    cost,
    estimate,
    millionths,
    quantile,
    said,
)

SECONDS = st.lists(st.floats(0, 1e7), min_size=2, max_size=200)


@given(SECONDS)
def test_quantiles_are_those_of_the_standard_library(values: list[float]) -> None:
    """Half and nine tenths, in between two values by proportion, however many there are."""
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    assert quantile(values, 0.5) == pytest.approx(statistics.median(values))
    assert quantile(values, 0.9) == pytest.approx(tenths[8])


def test_one_run_is_its_own_quantile() -> None:
    """There is nothing to be in between of."""
    assert (quantile([42.0], 0.5), quantile([42.0], 0.9)) == (42.0, 42.0)


def past(*runs: tuple[float, str]) -> list[Past]:
    return [Past(*run) for run in runs]


def test_enough_runs_on_the_machine_are_what_counts() -> None:
    """Five runs on the profile leave the others out; four don't, and the estimate says that it is of all machines."""
    slow = [(100.0, "cpu")] * ENOUGH
    assert estimate(past(*slow, (9.0, "gpu"), (9.0, "")), "cpu") == Estimate(100.0, 100.0, ENOUGH, True)
    mixed = estimate(past(*slow[1:], (20.0, "gpu")), "cpu")
    assert mixed == Estimate(100.0, 100.0, ENOUGH, False)
    assert estimate(past(*slow), "gpu") == Estimate(100.0, 100.0, ENOUGH, False)


def test_a_few_runs_that_are_all_on_the_machine_are_of_that_machine() -> None:
    """Nothing else was counted, so nothing else is said."""
    assert estimate(past((10.0, "cpu"), (20.0, "cpu")), "cpu") == Estimate(15.0, 19.0, 2, True)


def test_without_history_there_is_no_estimate() -> None:
    """No run, no number."""
    assert estimate([], "cpu") is None


@pytest.mark.parametrize(
    ("amount", "currency", "rounding", "words"),
    [
        ("1.4", "USD", None, "$1.40"),
        ("500", "USD", None, "$500"),
        ("1234.5", "EUR", None, "€1,234.50"),
        ("0.96", "CHF", None, "CHF\u00a00.96"),
        ("210.4", "JPY", None, "¥210"),
        ("0", "USD", None, "$0"),
        ("0.004", "USD", None, "under $0.01"),
        ("0.005", "USD", None, "$0.01"),
        ("0.0001", "USD", UP, "$0.01"),
        ("1.401", "USD", UP, "$1.41"),
        ("1.409", "USD", DOWN, "$1.40"),
        ("0.3", "JPY", None, "under ¥1"),
        ("-3", "USD", None, "−$3"),
    ],
)
def test_amounts_are_said_in_their_currency(amount: str, currency: str, rounding: str | None, words: str) -> None:
    """With its sign and its cents; nothing is rounded away to nothing."""
    assert said(millionths(Decimal(amount)), currency, *([rounding] if rounding else [])) == words


@given(st.integers(0, 10**12), st.sampled_from(["USD", "JPY", "CHF"]))
def test_what_is_held_is_never_said_too_small_nor_what_is_left_too_large(amount: int, currency: str) -> None:
    """Rounded up and rounded down, each to the next coin."""

    def read(words: str) -> Decimal:
        return Decimal(0) if words.startswith("under") else Decimal("".join(c for c in words if c in "0123456789."))

    exact = Decimal(amount) / 1_000_000
    assert read(said(amount, currency, UP)) >= exact
    assert read(said(amount, currency, DOWN)) <= exact


def test_prices_have_the_digits_they_need() -> None:
    """A machine for a fraction of a cent is not for free."""
    assert an_hour(millionths(Decimal("0.23")), "USD") == "$0.23 an hour"
    assert an_hour(millionths(Decimal("0.0042")), "USD") == "$0.0042 an hour"
    assert an_hour(0, "USD") == "$0 an hour"


def test_cost_is_time_times_price() -> None:
    """3 min 12 s at $18 an hour are 96 cents; time that runs backwards costs nothing."""
    assert cost(192, millionths(Decimal(18))) == 960_000
    assert cost(-5, 1_000_000) == 0


PRICE = millionths(Decimal(18))


@pytest.mark.parametrize(
    ("quote", "reserve", "words", "reserved"),
    [
        (
            Quote("gpu", PRICE, "USD", Estimate(192, 280, 23, True), 3_600), 1_400_000,
            "about $0.96 (p50), $1.40 (p90 of 23 runs)", "about $0.96 (p50) · reserved $1.40 (p90)",
        ),
        (
            Quote("gpu", PRICE, "USD", Estimate(192, 280, 1, False)), 1_400_000,
            "about $0.96 (p50), $1.40 (p90 of 1 run on any machine)",
            "about $0.96 (p50) · reserved $1.40 (p90 on any machine)",
        ),
        (
            Quote("gpu", PRICE, "USD", None, 600), 3_000_000,
            "no history yet to tell the price, $3 at most (its time limit)",
            "no history yet · reserved $3 (time limit)",
        ),
        (Quote("gpu", PRICE, "USD"), None, "no history yet to tell the price", "no history yet to tell the price"),
        (Quote("own", 0, "USD"), 0, "no history yet to tell the price", "no history yet to tell the price"),
    ],
)  # fmt: skip
def test_a_quote_says_what_is_known(quote: Quote, reserve: int | None, words: str, reserved: str) -> None:
    """The p90 is held; without history what the time limit allows, and where nobody knows, nothing."""
    assert (quote.reserve, quote.words, quote.reserved) == (reserve, words, reserved)
