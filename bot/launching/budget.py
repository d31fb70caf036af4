"""Whose budgets a run draws on, and whether it fits into what is left of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from bot.launching.price import DOWN, Quote, millionths, said

if TYPE_CHECKING:  # the configuration is no part of what is pure
    from bot.settings.terms import Budgets

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Balance:
    """An account in this month: its limit, and what is spent or reserved of it. Millionths of `currency`."""

    account: str
    limit: int
    spent: int
    currency: str

    @property
    def left(self) -> int:
        """What may still be spent; below nothing where more was agreed to."""
        return self.limit - self.spent

    def words(self, model: str) -> str:
        """ "$212 of $500 left this month"; of whom, where it isn't the requester's own."""
        kind = self.account.partition(":")[0]
        whose = {"group": " for the user group", "model": f" for {model}"}.get(kind, "")
        left = said(max(0, self.left), self.currency, DOWN) if self.left > 0 else "nothing"
        return f"{left} of {said(self.limit, self.currency)} left this month{whose}"

    def fits(self, amount: int | None) -> bool:
        """Is there room for so much? Where nobody knows how much it will be, something must be left."""
        return self.spent < self.limit if amount is None else amount == 0 or amount <= self.left


def month_of(now: datetime, zone: tzinfo) -> str:
    """The calendar month by that zone's clocks: "2026-11"."""
    return f"{now.astimezone(zone):%Y-%m}"


def accounts_of(person: str, groups: Collection[str], model: str) -> list[str]:
    """The accounts that a run counts against, whether or not they have a limit."""
    return [f"person:{person}", *(f"group:{group}" for group in sorted(groups)), f"model:{model}"]


def limits(budgets: Budgets, accounts: Collection[str]) -> dict[str, int]:
    """The month's limit of each of the accounts that have one."""
    found = {}
    for account in accounts:
        kind, _, name = account.partition(":")
        listed = {"person": budgets.people, "group": budgets.groups, "model": budgets.models}[kind]
        amount = listed.get(name, listed.get(EVERYONE) if kind == "person" else None)
        if amount is not None:
            found[account] = millionths(amount)
    return found


def balances(limited: Mapping[str, int], spent: Mapping[str, int], currency: str) -> list[Balance]:
    """How the limited accounts stand, the one with the least left first."""
    found = [Balance(name, limit, spent[name], currency) for name, limit in limited.items()]
    return sorted(found, key=lambda balance: balance.left)


def why_ask(model: str, quote: Quote, found: Sequence[Balance], ask_above: int | None) -> str:
    """Why somebody has to agree to this price; empty where nobody has."""
    amount = quote.reserve
    costs = f"it may cost {quote.held}" if amount else "nobody knows yet what it will cost"
    if short := next((balance for balance in found if not balance.fits(amount)), None):
        return f"{costs}, with {short.words(model)}"
    if ask_above is not None and amount is not None and amount > ask_above:
        return f"{costs}, and its owners are asked above {said(ask_above, quote.currency)}"
    return ""
