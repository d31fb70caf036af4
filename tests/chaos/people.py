"""People who type and click without a pause, and what each of them was told when the bot acknowledged it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from bot.domain import RunKey
from demo.slack.errors import SlackError
from demo.slack.messages import Message
from demo.slack.outcome import Outcome
from demo.slack.standin import StandIn
from tests.chaos.trains import DELAYS, Trains

T = TypeVar("T")
MARKED = re.compile(r"\b(?:run|ask|mention|promote)-\d{5}\b")
DANA, OMAR, ADA, CHANNEL = "U0DANA", "U0OMAR", "U0ADA", "C0TRAINING"
LOOK_BACK = 300  # messages in which somebody still looks for a button


@dataclass
class Request:
    """One thing that a person asked for.

    `kind` is what; `about` the marker in the conf of the run to be started, or the run as `DAG/ID`. `acked`: Slack
    heard from the bot in time. `told` is what the acknowledgement said. `accepted`: it was acknowledged as work, with
    nothing to say against it; of clicks and mentions, whose acknowledgement is always empty, it is not known here.
    """

    kind: str
    about: str
    acked: bool = False
    accepted: bool = False
    told: str = ""


class People:
    """Dana trains, Omar owns, Ada approves: each request goes into `requests` as it is made.

    `accepted` counts the commands among them that were.
    """

    def __init__(self, slack: StandIn, trains: Trains, random: Random) -> None:
        self.requests: list[Request] = []
        self.accepted = 0
        self._slack, self._trains, self._random = slack, trains, random
        self._busy: set[asyncio.Task[None]] = set()
        self._answered: set[str] = set()
        self._looked: set[RunKey] = set()
        self._shown: list[tuple[str, Message]] = []
        self._doings: dict[Callable[[], Awaitable[None]], int] = {
            self.run: 50,
            self.clone: 6,
            self.ask: 12,
            self.answer: 12,
            self.cancel: 8,
            self.retry: 6,
            self.look: 6,
            self.share: 6,
            self.mention: 6,
            self.promote: 8,
            self.decide: 8,
        }

    async def storm(self, a_second: float) -> None:
        """Do something so often, until cancelled; what is under way then is seen through by `settle`."""
        doings, weights = list(self._doings), list(self._doings.values())
        begun, done = time.monotonic(), 0
        while True:
            for _ in range(done, int((time.monotonic() - begun) * a_second)):
                doing = self._random.choices(doings, weights)[0]
                task = asyncio.create_task(self._one(doing))
                self._busy.add(task)
                task.add_done_callback(self._busy.discard)
                done += 1
            await asyncio.sleep(0.5 / a_second)

    async def settle(self) -> None:
        """Wait until every request was acknowledged or given up."""
        while self._busy:
            await asyncio.gather(*self._busy)
        await self._slack.deliveries.events.settle()

    async def _one(self, doing: Callable[[], Awaitable[None]]) -> None:
        try:
            await doing()
        except SlackError:  # the message was changed before the click reached it: nothing was sent
            return

    # What people do

    async def run(self) -> None:
        """A run that nobody has to agree to."""
        marker = self._marker("run")
        await self._type("run", marker, DANA, f"run delays marker={marker}")

    async def clone(self) -> None:
        """The same, with another one's values and a change."""
        originals = [key for key in self._trains.going if key.dag_id == DELAYS.dag_id]
        if originals:
            marker = self._marker("run")
            await self._type("run", marker, DANA, f"clone {name(self._random.choice(originals))} marker={marker}")

    async def ask(self) -> None:
        """A run that an owner has to agree to."""
        marker = self._marker("ask")
        await self._type("ask", marker, DANA, f"run claims marker={marker} --compute one-core --ask")

    async def mention(self) -> None:
        """A run by a mention, which Slack delivers again until it is acknowledged, and now and then twice anyway."""
        marker = self._marker("mention")
        self.requests.append(Request("mention", marker))
        if self._random.random() < 0.3:
            self._slack.deliveries.events.duplicate_next()
        await self._slack.as_user(DANA).say(CHANNEL, f"@stationmaster run delays marker={marker}")

    async def cancel(self) -> None:
        """Stop a run that would go on for ever."""
        if self._trains.going:
            key = self._take(self._trains.going)
            await self._type("cancel", name(key), OMAR, f"cancel {name(key)} --yes")

    async def retry(self) -> None:
        """Let a failed run go again."""
        if self._trains.failed:
            key = self._take(self._trains.failed)
            await self._type("retry", name(key), DANA, f"retry {name(key)}")

    async def look(self) -> None:
        """Ask for a run's state, which only reads; the answer has a Share button."""
        cards = json.dumps([each.blocks for each in self._slack.messages(CHANNEL)[-LOOK_BACK:]])
        unseen = [key for key in self._trains.going if key not in self._looked and key.run_id in cards]
        if not unseen:
            return
        key = self._random.choice(unseen)
        self._looked.add(key)
        run = name(key)
        before = len(self._slack.ephemerals(DANA, CHANNEL))
        await self._slack.as_user(DANA).slash(CHANNEL, f"/train status {run}")
        for message in self._slack.ephemerals(DANA, CHANNEL)[before:]:
            if '"share"' in json.dumps(message.blocks) and run in json.dumps(message.blocks):
                self._shown.append((run, message))

    async def share(self) -> None:
        """Press that button, twice."""
        if self._shown:
            run, message = self._take(self._shown)
            await self._click("share", run, DANA, message.ts, "share")

    async def answer(self) -> None:
        """Agree, or now and then decline, to a run that waits for it; with a double click."""
        if question := self._open("agree"):
            verdict = "decline" if self._random.random() < 0.2 else "agree"
            await self._click(verdict, markers(question)[0], OMAR, question.ts, verdict)

    async def promote(self) -> None:
        """Ask for a version to be promoted that was registered meanwhile."""
        if self._trains.made:
            model, number = self._take(self._trains.made)
            marker = self._marker("promote")
            await self._type("promote", marker, DANA, f"promote {model} {number} --reason {marker}")

    async def decide(self) -> None:
        """Approve such a request, or take it back, now and then both at the same instant."""
        if request := self._open("approve"):
            marker, chance = markers(request)[0], self._random.random()
            kinds = ("approve",) if chance < 0.7 else ("withdraw",) if chance < 0.8 else ("approve", "withdraw")
            people = {"approve": ADA, "withdraw": DANA}
            await asyncio.gather(*(self._click(kind, marker, people[kind], request.ts, kind) for kind in kinds))

    # How

    async def _type(self, kind: str, about: str, person: str, text: str) -> None:
        request = Request(kind, about)
        self.requests.append(request)
        self._heard(request, await self._slack.as_user(person).slash(CHANNEL, f"/train {text}"))
        request.accepted = request.acked and not request.told
        self.accepted += request.accepted

    async def _click(self, kind: str, about: str, person: str, ts: str, action: str) -> None:
        """A double click. What is said of it comes later, if at all: whether it was accepted, the store tells."""
        request = Request(kind, about)
        self.requests.append(request)
        actor = self._slack.as_user(person)
        first, _ = await asyncio.gather(actor.click(CHANNEL, ts, action), actor.click(CHANNEL, ts, action))
        self._heard(request, first)
        if not first.acked:  # Slack shows that it failed, so that somebody clicks again
            self._answered.discard(ts)

    def _heard(self, request: Request, outcome: Outcome) -> None:
        request.acked = outcome.acked
        request.told = str((outcome.payload or {}).get("text", ""))

    def _open(self, button: str) -> Message | None:
        """A message with this button on which nobody has clicked yet; it counts as clicked on now."""
        sign = f'"action_id": "{button}"'
        messages = self._slack.messages(CHANNEL)[-LOOK_BACK:]
        found = [each for each in messages if each.ts not in self._answered and sign in json.dumps(each.blocks)]
        chosen = self._random.choice(found) if found else None
        self._answered |= {chosen.ts} if chosen else set()
        return chosen

    def _marker(self, kind: str) -> str:
        return f"{kind}-{len(self.requests):05d}"

    def _take(self, things: list[T]) -> T:
        return things.pop(self._random.randrange(len(things)))


def name(key: RunKey) -> str:
    """A run as people type it."""
    return f"{key.dag_id}/{key.run_id}"


def markers(message: Message) -> list[str]:
    """The markers that a message shows, each once."""
    return list(dict.fromkeys(MARKED.findall(f"{message.text} {json.dumps(message.blocks)}")))
