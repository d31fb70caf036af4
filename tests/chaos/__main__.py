"""`python -m tests.chaos`: kill bots at random under load, and count; `make chaos KILLS=1000` runs it.

One JSON line for each database and number of replicas; what was lost or done twice is told in words on standard error,
and the exit status is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from demo.station.postgres import Postgres
from demo.station.workspace import Workspace
from tests.chaos.databases import Place, PostgresDatabase, SqliteFile
from tests.chaos.storm import Plan, storm
from tests.databases import PostgresServer

Make = Callable[[Path], Place]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="for each database and number of replicas")
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between kills, on average")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--fair", action="store_true", help="kills only: all services are well")
    parser.add_argument("--keep", type=Path, help="folder for the bots' logs and databases")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> bool:
    """Every storm that is asked for, one after the other; whether all went well."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a killed bot's connections end in mid-request
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        for name in options.databases:
            async with KINDS[name](folder / name) as make:
                for replicas in options.replicas:
                    ok = await one(options, make, replicas, folder / f"{name}-{replicas}") and ok
    return ok


async def one(options: argparse.Namespace, make: Make, replicas: int, folder: Path) -> bool:
    """One storm, and its line."""
    plan = Plan(
        replicas=replicas,
        kills=options.kills,
        seed=options.seed,
        a_second=options.rate,
        pause=options.pause,
        trouble=not options.fair,
    )
    result = await storm(plan, make(made(folder)), folder)
    print(json.dumps(result.figures), flush=True)
    for words in (*result.lost, *result.twice):
        print(words, file=sys.stderr)
    return result.ok


@asynccontextmanager
async def files(_: Path) -> AsyncIterator[Make]:
    """SQLite needs no server."""
    yield SqliteFile


@asynccontextmanager
async def servers(folder: Path) -> AsyncIterator[Make]:
    """A PostgreSQL of its own, in this folder."""
    async with Postgres(Workspace(made(folder))) as server:
        place = PostgresServer(server)
        yield lambda _: PostgresDatabase(place)


def made(folder: Path) -> Path:
    """The folder, which is there now."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


KINDS = {"sqlite": files, "postgresql": servers}


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(parse())) else 1)
