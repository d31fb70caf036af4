"""A process to be killed: `python -m tests.bot.jobs_worker DATABASE_URL FOLDER PREFIX COUNT`.

It submits COUNT jobs, prints each id once it is accepted, and works on whatever is in the database. A job does two
steps; each writes a line "STEP KEY" to a file before it makes its effect, a file that can be made only once.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from bot.jobs import JobContext, Jobs
from bot.store import Store
from bot.store.trouble import TROUBLE


def handler(folder: Path) -> Any:
    """The handler of `work`, whose effects are in `folder`."""

    async def effect(step: str, key: str) -> str:
        with (folder / "calls").open("a") as calls:
            calls.write(f"{step} {key}\n")
        await asyncio.sleep(0.01)
        (folder / f"{step} {key}").touch()
        return key

    async def work(ctx: JobContext, args: dict[str, Any]) -> list[str]:
        return [await ctx.step(name, effect, name, ctx.key(name)) for name in ("first", "second")]

    return work


async def main(database: str, folder: Path, prefix: str, count: int) -> None:
    """Submit and work until killed."""
    store = await Store.open(database)
    jobs = Jobs(store, lease=1.0, poll=0.05)
    jobs.register("work", handler(folder))
    await jobs.start()
    for number in range(count):
        try:
            await jobs.submit(f"{prefix}-{number}", "work", {})
        except TROUBLE:  # it slept in the middle of this: nobody was told that it is accepted
            continue
        os.write(1, f"{prefix}-{number}\n".encode())
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
