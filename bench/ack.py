"""`python -m bench.ack`: how long a slash command waits for its acknowledgement, beside the least Bolt app.

The bot's own process, once on SQLite and once on PostgreSQL, and two of the least Bolt app stand on stand-in Slacks on
loopback, and take turns a second at a time, so that what else the machine does meets all of them. A command is sent
when it is due, answered or not. Measured is from sending the envelope to its acknowledgement, as Slack sees it. Takes a
minute and a half.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.contenders import BOLT, BOLT_DEFAULT, BOT, CHANNEL, PERSON, running
from demo.slack.deliveries import Outcome
from demo.slack.driver import Actor
from demo.station.postgres import Postgres
from demo.station.workspace import Workspace

ROUNDS = {1: 12, 20: 4, 50: 4}  # commands a second: seconds of each kind of command
HELP, RUN = "/train help", "/train run delays learning_rate=0.1 --yes"
WARM_UP = 5  # commands of each kind that don't count


@dataclass
class Lane:
    """One kind of command to one app, and how long each waited, in milliseconds.

    `answered` tells whether the acknowledgement holds an answer: a read's does, an accepted run's doesn't.
    """

    name: str
    person: Actor
    typed: str
    answered: bool = False
    waits: dict[int, list[float]] = field(default_factory=dict)
    failed: int = 0

    async def send(self, rate: int) -> None:
        """Type the command once. It has failed without an acknowledgement, or with one that isn't as it should be."""
        outcome: Outcome = await self.person.slash(CHANNEL, self.typed)
        if not outcome.acked or bool(outcome.payload) != self.answered:
            self.failed += 1
        elif rate:
            self.waits.setdefault(rate, []).append(outcome.seconds * 1_000)


async def measure(lanes: Sequence[Lane]) -> None:
    """Every lane at every rate. At one a second the lanes share each second; else each has seconds of its own."""
    for lane in lanes:
        for _ in range(WARM_UP):
            await lane.send(0)
    for rate, rounds in ROUNDS.items():
        for _ in range(rounds):
            if rate == 1:
                await paced([lane.send(rate) for lane in lanes])
            else:
                for lane in lanes:
                    await paced([lane.send(rate) for _ in range(rate)])


async def paced(sending: Sequence[Awaitable[None]]) -> None:
    """All of these, spread evenly over one second; returns when that is over and each has ended."""
    loop = asyncio.get_running_loop()
    begun, tasks = loop.time(), []
    for number, each in enumerate(sending):
        await asyncio.sleep(begun + number / len(sending) - loop.time())
        tasks.append(asyncio.ensure_future(each))
    await asyncio.sleep(begun + 1 - loop.time())
    await asyncio.gather(*tasks)


def summary(lanes: Sequence[Lane], beside: Lane) -> list[dict[str, object]]:
    """A row for each rate and lane: p50 and p99 in milliseconds, and how often `beside`'s median the median is."""
    rows: list[dict[str, object]] = []
    for rate in ROUNDS:
        base = statistics.median(beside.waits[rate])
        for lane in lanes:
            waits = sorted(lane.waits[rate])
            p50, p99 = statistics.median(waits), waits[-(-99 * len(waits) // 100) - 1]
            rows.append({"rate": rate, "command": lane.name, "n": len(waits), "p50_ms": round(p50, 2),
                         "p99_ms": round(p99, 2), "times": round(p50 / base, 1)})  # fmt: skip
    return rows


async def main() -> int:
    """Measure, print a table and one line of JSON; exit status 1 if any command failed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = await stack.enter_async_context(Postgres(Workspace(folder)))
        bot, same, bolt, default = [
            (await stack.enter_async_context(running(words, folder, database))).slack.as_user(PERSON)
            for words, database in (
                (BOT, ""),
                (BOT, f"postgresql://{postgres.address}"),
                (BOLT, ""),
                (BOLT_DEFAULT, ""),
            )
        ]
        beside = Lane("least Bolt app, the bot's flags", bolt, HELP)
        lanes = [
            Lane("the bot on SQLite: help", bot, HELP, answered=True),
            Lane("the bot on SQLite: run", bot, RUN),
            Lane("the bot on PostgreSQL: help", same, HELP, answered=True),
            Lane("the bot on PostgreSQL: run", same, RUN),
            beside,
            Lane("least Bolt app, default flags", default, HELP),
        ]
        await measure(lanes)
    rows = summary(lanes, beside)
    print(f"{'a second':>8}  {'command':<33} {'n':>4} {'p50 ms':>8} {'p99 ms':>8} {'times':>6}")
    for row in rows:
        print("{rate:>8}  {command:<33} {n:>4} {p50_ms:>8} {p99_ms:>8} {times:>6}".format(**row))
    failed = sum(lane.failed for lane in lanes)
    print(json.dumps({"bench": "ack", "failed": failed, "rows": rows}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
