"""What the command line does to a bot's database: jobs and the audit trail, for whoever runs the bot.

It works beside a running bot. Of the settings it needs DATABASE_URL, and for seals AUDIT_KEY, alone.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.auditing.heads import Head
    from bot.jobs import JobRow, Jobs
    from bot.settings.config import Settings
    from bot.store import Store, Transaction

STATES = ("ready", "running", "waiting", "done", "dead", "cancelled")
Run = Callable[["Store", argparse.Namespace], Awaitable[int]]


def add_parsers(commands: Any) -> None:
    """Declare `jobs` and `audit` among the command line's subcommands."""
    jobs = commands.add_parser("jobs", help="list durable work; show, replay or cancel one job")
    jobs.add_argument("--state", choices=STATES, help="only those in this state")
    jobs.add_argument("--kind", help="only those of this kind, such as run.start")
    jobs.add_argument("--limit", type=int, default=50, help="how many at most, those that changed last (50)")
    jobs.set_defaults(run=_runs(_list))
    actions = jobs.add_subparsers(metavar="ACTION")
    for name, words, act in (
        ("show", "all that is known of a job", _show),
        ("replay", "try a dead job again, from its last remembered step", _replay),
        ("cancel", "end a job that is not over", _cancel),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("id", metavar="ID")
        action.set_defaults(run=_runs(act))
    audit = commands.add_parser("audit", help="verify or export the audit trail").add_subparsers(
        required=True, metavar="ACTION"
    )
    verify = audit.add_parser("verify", help="find rows that were edited, removed, moved or rewritten")
    verify.add_argument("--head", action="append", default=[], metavar="PLACE:SEAL", help="a head, from the log")
    verify.add_argument("--heads", action="append", default=[], metavar="FILE", help="another file of heads")
    verify.set_defaults(run=_runs(_verify))
    export = audit.add_parser("export", help="write the trail to standard output")
    export.add_argument("--format", choices=("csv", "jsonl"), required=True)
    export.add_argument("--since", default="", help="36h, 7d, 2w, or a day such as 2026-11-20")
    export.set_defaults(run=_runs(_export))


def _runs(run: Run) -> Callable[[argparse.Namespace], int]:
    async def with_store(options: argparse.Namespace) -> int:
        async with _store() as store:
            return await run(store, options)

    return lambda options: asyncio.run(with_store(options))


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    from bot.store import Store
    from bot.store.health import absent, examine

    url = _settings().database_url
    if path := absent(url):
        raise ConfigError(f"DATABASE_URL: there is no database at {path}")
    usable, words = await examine(url)
    if not usable:
        raise ConfigError(f"DATABASE_URL: {words}")
    store = await Store.open(url)
    try:
        yield store
    finally:
        await store.close()


def _settings() -> Settings:
    """The settings, of which others than those needed here may be missing."""
    from bot.settings.config import look_at_settings

    settings, problems = look_at_settings()
    mine = {"database_url", "audit_key", "audit_head_file", "audit_head_s3"}
    if wrong := [problem.words for problem in problems if mine & set(problem.names)]:
        raise ConfigError("\n".join(wrong))
    return settings


# ---- jobs ---------------------------------------------------------------------------------------------------------


async def _list(store: Store, options: argparse.Namespace) -> int:
    from bot.jobs.listing import listing

    _say(listing(await _jobs(store).list(options.state, kind=options.kind, limit=options.limit)))
    return 0


async def _show(store: Store, options: argparse.Namespace) -> int:
    from bot.jobs.listing import whole

    jobs = _jobs(store)
    _say(whole(await _job(jobs, options.id), await jobs.steps(options.id)))
    return 0


async def _replay(store: Store, options: argparse.Namespace) -> int:
    jobs = _jobs(store)
    job = await _job(jobs, options.id)
    if not await jobs.replay(job.id, also=_audited(store, job, "jobs.replay", "replayed")):
        raise ConfigError(f"{job.id} is {job.state}: only a dead job can be replayed")
    _say(f"{job.id} is tried again, by whichever bot runs.")
    return 0


async def _cancel(store: Store, options: argparse.Namespace) -> int:
    jobs = _jobs(store)
    job = await _job(jobs, options.id)
    if not await jobs.cancel(job.id, also=_audited(store, job, "jobs.cancel", "cancelled")):
        raise ConfigError(f"{job.id} is {job.state}: it is over already")
    _say(f"{job.id} is cancelled. What its running step does outside may still happen.")
    return 0


def _jobs(store: Store) -> Jobs:
    from bot.jobs import Jobs

    return Jobs(store, owner="console")


async def _job(jobs: Jobs, job_id: str) -> JobRow:
    if found := await jobs.get(job_id):
        return found
    raise ConfigError(f"there is no job {job_id}")


def _audited(store: Store, job: JobRow, action: str, outcome: str) -> Callable[[Transaction], Awaitable[object]]:
    """Who did it, by the name that the machine has for them, in the transaction that does it."""
    from bot.store import AuditEntry

    user = getpass.getuser()
    model = job.args.get("model") if isinstance(job.args, dict) else None
    entry = AuditEntry(
        actor=f"console:{user}",
        actor_name=user,
        action=action,
        outcome=outcome,
        model=model if isinstance(model, str) else None,
        subject=job.kind,
        job_id=job.id,
    )
    return lambda tx: store.audit.append(entry, tx)


# ---- the audit trail ----------------------------------------------------------------------------------------------


async def _verify(store: Store, options: argparse.Namespace) -> int:
    from bot.auditing.heads import publications, read_heads
    from bot.auditing.seals import Seals
    from bot.auditing.verify import verify
    from bot.auditing.words import told
    from bot.cloud import AwsCloud

    settings = _settings()
    key = (await settings.fetched(AwsCloud(), ["audit_key"])).audit_key.get_secret_value()
    if not key:
        raise ConfigError("AUDIT_KEY is not set: without the key no seal can be verified")
    heads = [_head(given) for given in options.head]
    for path in options.heads:
        heads += read_heads(Path(path))
    for place in publications(settings.audit_head_file, settings.audit_head_s3, AwsCloud()):
        heads += await place.heads()
    report = await verify(store, Seals(key), heads)
    _say("\n".join(told(report)))
    return 1 if report.bad else 0


def _head(given: str) -> Head:
    from bot.auditing.heads import Head

    place, _, seal = given.partition(":")
    if not place.isdecimal() or not seal:
        raise ConfigError(f"--head {given}: give PLACE:SEAL, as the log has them in audit.head")
    return Head(int(place), seal, "the head that was given")


async def _export(store: Store, options: argparse.Namespace) -> int:
    from bot.auditing.export import export
    from bot.auditing.since import since

    begin = since(options.since, datetime.now(UTC)) if options.since else 0.0
    async for text in export(store, options.format, begin):
        sys.stdout.write(text)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
