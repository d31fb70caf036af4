"""What a schedule comes to: what a run costs, times how often a month has one. Pure."""

from __future__ import annotations

from bot.launching.price import UP, Quote, cost, said

SHARES = 1_000  # so finely runs a month are counted, without leaving whole numbers


def a_month_costs(amount: int, runs: float) -> int:
    """What so many runs of this amount come to, in millionths."""
    return amount * round(runs * SHARES) // SHARES


def price_words(quote: Quote, runs: float) -> str:
    """ "about $0.30 a run, $1.30 a month"; without history what it costs at most, where that is known."""
    if quote.estimate:
        run = cost(quote.estimate.p50, quote.price)
        return f"about {said(run, quote.currency)} a run, {said(a_month_costs(run, runs), quote.currency)} a month"
    if not quote.reserve:
        return "no history yet to tell the price" if quote.reserve is None else "costs nothing"
    month = said(a_month_costs(quote.reserve, runs), quote.currency, UP)
    return f"no history yet: {said(quote.reserve, quote.currency, UP)} a run at most, {month} a month"
