"""What goes wrong around the bots: one thing after the other, at random."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from demo.slack.standin import StandIn
from tests.chaos.clock import Clock
from tests.chaos.databases import Place
from tests.chaos.fleet import Fleet
from tests.chaos.wire import Mode, Service

LOOKING = {"conversations.history", "conversations.replies"}
MODES: tuple[Mode, ...] = ("slow", "down", "lying", "storm")
METHODS = ("chat.postMessage", "chat.update", "conversations.history", "users.info", "response_url", "*")


class Incidents:
    """Happens until cancelled. `counts` says how often what happened, `looked_up` how often a post was looked for."""

    def __init__(
        self,
        slack: StandIn,
        services: Sequence[Service],
        fleet: Fleet,
        place: Place,
        clock: Clock,
        random: Random,
        lease: float,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.looked_up = 0
        self._slack, self._services, self._fleet = slack, services, fleet
        self._place, self._clock, self._random, self._lease = place, clock, random, lease
        self._heard = 0.0
        self._rare = [self._zombie, self._database, *([self._jump] if clock.can_move else [])]
        self._deck: list[Callable[[], Awaitable[None]]] = []

    async def happen(self) -> None:
        """One incident after another, with a pause between them; each kind comes round."""
        while True:
            if not self._deck:
                self._deck = [*[self._service, self._slack_errs] * 4, *self._rare]
                self._random.shuffle(self._deck)
            await asyncio.sleep(self._random.uniform(0.2, 1.0))
            await self._deck.pop()()
            self.listen()

    async def end(self) -> None:
        """All is well from now on."""
        self._slack.faults.clear()
        self._clock.move(0)
        for service in self._services:
            service.weather.mode = "fair"
        self.listen()

    def listen(self) -> None:
        """Count the lookups since the last time; Slack's stand-in remembers ten thousand calls."""
        new = [call for call in self._slack.calls if call.at > self._heard]
        self.looked_up += sum(call.method in LOOKING for call in new)
        self._heard = new[-1].at if new else self._heard

    async def _service(self) -> None:
        service, mode = self._random.choice(self._services), self._random.choice(MODES)
        self.counts[f"{service.name} {mode}"] += 1
        service.weather.mode = mode
        try:
            await asyncio.sleep(self._random.uniform(0.3, 2.5))
        finally:
            service.weather.mode = "fair"

    async def _slack_errs(self) -> None:
        faults, method = self._slack.faults, self._random.choice(METHODS)
        times = self._random.randrange(1, 8)
        kind = self._random.choice(("lose", "cut", "drop", "html", "delay", "storm", "lying"))
        match kind:
            case "storm":
                faults.fail(method, times=times, status=429, error="ratelimited", retry_after=1)
            case "lying":
                faults.lose(method, times=times)
            case "delay":
                faults.delay(method, self._random.uniform(0.5, 3.0), times=times)
            case _:
                getattr(faults, kind)(method, times=times)
        self.counts[f"slack {kind}"] += 1
        await asyncio.sleep(self._random.uniform(0.3, 1.5))
        faults.clear()

    async def _zombie(self) -> None:
        self.counts["zombie"] += 1
        await self._fleet.make_zombie(self._lease + self._random.uniform(0.5, 2.0))

    async def _database(self) -> None:
        what, seconds = self._random.choice(self._place.incidents), self._random.uniform(0.5, 2.0)
        self.counts[f"{self._place.name} {what}"] += 1
        await self._place.suffer(what, self._fleet.processes, seconds)

    async def _jump(self) -> None:
        """The clock is set forwards or back by minutes, and is put right a little later."""
        minutes = self._random.choice((-50, -5, 5, 50))
        self.counts[f"clock {'forwards' if minutes > 0 else 'back'}"] += 1
        self._clock.move(minutes * 60)
        await asyncio.sleep(self._random.uniform(0.5, 3.0))
        self._clock.move(0)
