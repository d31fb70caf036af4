"""Slack's budgets of calls: too many within a span are answered 429 with `Retry-After`."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass

from demo.slack.errors import SlackError
from demo.slack.workspace import Clock


@dataclass(frozen=True)
class Budget:
    """At most `calls` in any `seconds`, for the workspace or for each channel."""

    calls: int
    seconds: float = 60.0
    each_channel: bool = False


# Slack's tiers promise at least this many calls a minute of each method; here it is exactly as many.
TIER_2 = (Budget(20),)
TIER_3 = (Budget(50),)
TIER_4 = (Budget(100),)
# One message a second a channel, with the short bursts that Slack tolerates: five in any five seconds.
POST = (Budget(5, 5.0, each_channel=True), Budget(300))
# "Special" limits without a figure, such as auth.test's "hundreds of requests a minute".
HUNDREDS = (Budget(300),)


class Rates:
    """Remembers when calls were made. `enabled` may be switched at any time."""

    def __init__(self, clock: Clock, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._clock = clock
        self._made: dict[tuple[str, Budget, str], deque[float]] = defaultdict(deque)

    def spend(self, method: str, budgets: tuple[Budget, ...], channel: str) -> None:
        """Count one call against its budgets; raises ratelimited, and then counts nothing."""
        if not self.enabled:
            return
        now = self._clock()
        logs = [self._recent(method, budget, channel, now) for budget in budgets]
        for budget, made in zip(budgets, logs, strict=True):
            if len(made) >= budget.calls:
                wait = max(1, math.ceil(made[0] + budget.seconds - now))
                raise SlackError("ratelimited", status=429, headers={"Retry-After": str(wait)})
        for made in logs:
            made.append(now)

    def _recent(self, method: str, budget: Budget, channel: str, now: float) -> deque[float]:
        made = self._made[method, budget, channel if budget.each_channel else ""]
        while made and made[0] <= now - budget.seconds:
            made.popleft()
        return made
