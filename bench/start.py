"""`python -m bench.start`: how soon the bot is connected, and what memory it takes, beside the least Bolt app.

Each is started a few times, in turns. The bot is looked at when its socket is open, and again when it has asked Airflow
and MLflow for something, and so has imported both SDKs. Takes about half a minute. Needs Linux, which knows PSS.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import BOLT, BOT, CHANNEL, PERSON, Contender, running

ROUNDS = 3
ASKED_WITHIN = 30.0  # seconds
MIB = 1 << 20
BASE = "least Bolt app, connected"


@dataclass(frozen=True)
class Look:
    """One look at a process: memory in MiB, resident and with shared pages shared out; `seconds` until connected."""

    seconds: float
    rss: float
    pss: float


def look(at: Contender) -> Look:
    """What it takes now."""
    memory = at.process.memory_full_info()
    return Look(at.seconds, memory.rss / MIB, memory.pss / MIB)


async def ask_both(bot: Contender) -> None:
    """Returns when the bot has asked Airflow for its DAGs, as it does by itself, and MLflow for a model's versions."""
    slack = bot.slack
    await slack.as_user(PERSON).slash(CHANNEL, "/train model delays")
    await slack.wait_for(
        lambda: "duty.waits" in bot.log.read_text() and slack.ephemerals(PERSON, CHANNEL), ASKED_WITHIN
    )


async def measure(folder: Path) -> dict[str, Look]:
    """The median of what was seen in every round, by whom it was seen of."""
    seen: dict[str, list[Look]] = defaultdict(list)
    for _ in range(ROUNDS):
        async with running(BOLT, folder) as bolt:
            seen[BASE].append(look(bolt))
        async with running(BOT, folder) as bot:
            seen["the bot, connected"].append(look(bot))
            await ask_both(bot)
            seen["the bot, with both SDKs"].append(look(bot))
    return {who: median(looks) for who, looks in seen.items()}


def median(looks: list[Look]) -> Look:
    """The median of each figure."""
    return Look(*(statistics.median(vars(each)[name] for each in looks) for name in ("seconds", "rss", "pss")))


async def main() -> None:
    """Measure, and print a table and one line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        found = await measure(Path(folder))
    base = found[BASE]
    rows = [
        {
            "of": who,
            "seconds": round(each.seconds, 2),
            "rss_mib": round(each.rss, 1),
            "pss_mib": round(each.pss, 1),
            "times_seconds": round(each.seconds / base.seconds, 1),
            "times_pss": round(each.pss / base.pss, 1),
        }
        for who, each in found.items()
    ]
    print(f"{'':<26} {'seconds':>8} {'times':>6} {'RSS MiB':>8} {'PSS MiB':>8} {'times':>6}")
    for row in rows:
        print("{of:<26} {seconds:>8} {times_seconds:>6} {rss_mib:>8} {pss_mib:>8} {times_pss:>6}".format(**row))
    print(json.dumps({"bench": "start", "rows": rows}))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
