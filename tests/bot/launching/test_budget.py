"""Whose budgets a run draws on, and when somebody has to agree."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.launching.budget import Balance, accounts_of, balances, limits, month_of, why_ask
from bot.launching.price import Estimate, Quote
from bot.settings.terms import Budgets

BUDGETS = Budgets.model_validate(
    {"people": {"everyone": 100, "U0DANA": 50}, "groups": {"S0DATASCI": 500}, "models": {"delays": 300}}
)
MILLION = 1_000_000
QUOTE = Quote("gpu", 10 * MILLION, "USD", Estimate(1_800, 3_600, 9, True))  # $10 at its p90
UNKNOWN = Quote("gpu", 10 * MILLION, "USD")


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "Europe/Amsterdam", "2026-11"),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "Europe/Amsterdam", "2026-12"),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "America/New_York", "2026-12"),
    ],
)
def test_a_month_is_the_workspaces(moment: datetime, zone: str, month: str) -> None:
    """It begins at midnight by its clocks."""
    assert month_of(moment, ZoneInfo(zone)) == month


def test_a_run_counts_against_its_person_groups_and_model() -> None:
    """A person's own limit comes before everyone's; an account without a limit has none."""
    dana = accounts_of("U0DANA", ["S0DATASCI"], "delays")
    assert dana == ["person:U0DANA", "group:S0DATASCI", "model:delays"]
    assert limits(BUDGETS, dana) == {
        "person:U0DANA": 50 * MILLION,
        "group:S0DATASCI": 500 * MILLION,
        "model:delays": 300 * MILLION,
    }
    assert limits(BUDGETS, accounts_of("U0OMAR", [], "claims")) == {"person:U0OMAR": 100 * MILLION}
    assert limits(Budgets(), dana) == {}


def stand(account: str, limit: int, spent: int) -> Balance:
    return Balance(account, limit * MILLION, spent * MILLION, "USD")


def test_the_tightest_budget_comes_first() -> None:
    """That is the one whose rest is shown."""
    found = balances({"person:U": 100, "model:m": 50}, {"person:U": 10, "model:m": 40}, "USD")
    assert [each.account for each in found] == ["model:m", "person:U"]


def test_a_balance_says_whose_it_is_where_that_is_no_persons() -> None:
    """The requester's own needs no name; what is overdrawn is told as nothing."""
    assert stand("person:U", 500, 288).words("delays") == "$212 of $500 left this month"
    assert stand("model:delays", 5, 1).words("delays") == "$4 of $5 left this month for delays"
    assert stand("group:S", 5, 7).words("delays") == "nothing of $5 left this month for the user group"


@pytest.mark.parametrize(
    ("quote", "spent", "ask_above", "why"),
    [
        (QUOTE, 90, None, ""),
        (QUOTE, 91, None, "it may cost $10, with $9 of $100 left this month"),
        (QUOTE, 0, 10, ""),
        (QUOTE, 0, 9, "it may cost $10, and its owners are asked above $9"),
        (QUOTE, 100, 9, "it may cost $10, with nothing of $100 left this month"),
        (UNKNOWN, 99, 9, ""),
        (UNKNOWN, 100, None, "nobody knows yet what it will cost, with nothing of $100 left this month"),
        (Quote("", 0, "USD"), 100, 0, ""),
    ],
)
def test_who_goes_beyond_has_to_ask(quote: Quote, spent: int, ask_above: int | None, why: str) -> None:
    """Above what is left, or above the owners' threshold; what costs nothing goes through."""
    threshold = None if ask_above is None else ask_above * MILLION
    assert why_ask("delays", quote, [stand("person:U", 100, spent)], threshold) == why
