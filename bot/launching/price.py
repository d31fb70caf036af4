"""What a run will cost, from how long earlier ones took, and what one did cost. Pure.

Amounts are whole millionths of the configuration's currency, so that sums are exact; durations are in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from bot.messages.phrases import NO_BREAK, count

ENOUGH = 5  # runs on one machine; with fewer, those on any machine are counted
UP, DOWN, NEAREST = ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP

_HOUR = 3_600
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_WITHOUT_CENTS = {"JPY", "KRW", "VND", "CLP", "ISK"}


class Past(NamedTuple):
    """A run that succeeded: how long it took, and the compute profile it was on, if it was on one."""

    seconds: float
    profile: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a run takes: half of `runs` took at most `p50` seconds, nine of ten at most `p90`.

    `same_machine`: all of them were on the profile that was asked about.
    """

    p50: float
    p90: float
    runs: int
    same_machine: bool


def estimate(past: Sequence[Past], profile: str) -> Estimate | None:
    """From the runs on this profile where there are ENOUGH, else from all; None without any."""
    mine = [run.seconds for run in past if run.profile == profile]
    enough = len(mine) >= ENOUGH
    seconds = mine if enough else [run.seconds for run in past]
    if not seconds:
        return None
    return Estimate(quantile(seconds, 0.5), quantile(seconds, 0.9), len(seconds), enough or len(mine) == len(seconds))


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which this share of the values lies, in between two of them by proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


@dataclass(frozen=True, slots=True)
class Quote:
    """What a run on `profile` will cost, at `price` an hour. `time_limit` is in seconds."""

    profile: str
    price: int
    currency: str
    estimate: Estimate | None = None
    time_limit: int | None = None

    @property
    def reserve(self) -> int | None:
        """What is held for it: its p90; without history what the time limit lets it cost; None where nobody knows."""
        if self.estimate:
            return cost(self.estimate.p90, self.price)
        return cost(self.time_limit, self.price) if self.time_limit else 0 if self.price == 0 else None

    @property
    def words(self) -> str:
        """ "about $0.96 (p50), $1.40 (p90 of 23 runs)", or that there is no history yet."""
        if self.estimate is None:
            most = f", {self.held} at most (its time limit)" if self.reserve else ""
            return f"no history yet to tell the price{most}"
        return f"{self._usual(self.estimate)}, {self.held} (p90 of {count(self.estimate.runs, 'run')}{self._where})"

    @property
    def held(self) -> str:
        """The reserved amount; empty where nobody knows."""
        return said(self.reserve, self.currency, UP) if self.reserve is not None else ""

    @property
    def reserved(self) -> str:
        """ "about $0.96 (p50) · reserved $1.40 (p90)", for a run that is accepted."""
        if self.estimate:
            return f"{self._usual(self.estimate)} · reserved {self.held} (p90{self._where})"
        return f"no history yet · reserved {self.held} (time limit)" if self.reserve else self.words

    @property
    def _where(self) -> str:
        return "" if self.estimate is None or self.estimate.same_machine else " on any machine"

    def _usual(self, known: Estimate) -> str:
        return f"about {said(cost(known.p50, self.price), self.currency)} (p50)"


def millionths(amount: Decimal) -> int:
    """An amount of money as whole millionths."""
    return int((amount * 1_000_000).to_integral_value(ROUND_HALF_UP))


def cost(seconds: float, price: int) -> int:
    """What so many seconds cost at this price an hour."""
    return round(Decimal(max(0.0, seconds)) * price / _HOUR)


def said(amount: int, currency: str, rounding: str = NEAREST) -> str:
    """ "$1.40", "¥210", "CHF 0.96"; whole amounts without cents, and what rounds to nothing as "under $0.01"."""
    places = 0 if currency in _WITHOUT_CENTS else 2
    unit = Decimal(1).scaleb(-places)
    rounded = (Decimal(abs(amount)) / 1_000_000).quantize(unit, rounding if amount >= 0 else UP)
    if amount and not rounded:
        return f"under {_signed(unit, currency, places)}"
    return ("−" if amount < 0 else "") + _signed(rounded, currency, places)


def an_hour(price: int, currency: str) -> str:
    """ "$0.23 an hour"; prices have as many digits as they need."""
    digits = Decimal(price) / 1_000_000
    if digits == digits.quantize(Decimal("0.01")):
        return f"{said(price, currency)} an hour"
    return f"{_sign(currency)}{digits.normalize():f} an hour"


def _signed(amount: Decimal, currency: str, places: int) -> str:
    whole = amount == amount.to_integral_value()
    return f"{_sign(currency)}{amount:,.{0 if whole else places}f}"


def _sign(currency: str) -> str:
    return _SIGNS.get(currency, currency + NO_BREAK)
