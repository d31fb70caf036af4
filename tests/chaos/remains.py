"""Looks at Airflow, Slack and the bot's database when all has calmed down, past the bot itself."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.domain import Run
from bot.store.database import Database
from bot.store.schema import LIVE, catalogue, decision, job, promotion
from demo.slack.messages import Message
from demo.slack.standin import StandIn
from tests.chaos.people import CHANNEL, markers
from tests.chaos.trains import DEPLOY, Trains
from tests.chaos.verdict import Promoted, Remains, name
from tests.chaos.wire import Wire
from tests.fakes import FakeOrchestrator

RUN = re.compile(r"\btrain_\w+/slack__[\w:.~+-]+")
SHARED = " shared: "
LATER = 60.0  # seconds


class Job(NamedTuple):
    """A job of the bot's, with its arguments read. `waits`: for somebody, or for a time that is not to come soon."""

    id: str
    kind: str
    state: str
    args: dict[str, Any]
    waits: bool


async def look(slack: StandIn, wire: Wire, airflow: FakeOrchestrator, trains: Trains, database: Database) -> Remains:
    """What is left now."""
    everything = await airflow.recent_runs(airflow.dag_ids, 1_000_000)
    runs = _by_marker(everything)
    messages = [each for each in slack.messages(CHANNEL) if each.bot_id]
    cards = [each for each in messages if SHARED not in each.text]
    stops = Counter(wire.effects("stopped"))
    ends = Counter({f"{key.dag_id}/{key.run_id}": count for key, count in trains.ends.items()}) + stops
    jobs, verdicts, promotions = await _rows(database)
    return Remains(
        runs=runs,
        stops=stops,
        clears=Counter(wire.effects("cleared")),
        overruled=Counter(wire.effects("overruled")),
        cards=Counter(marker for each in cards for marker in markers(each)),
        shares=Counter(run for each in messages if SHARED in each.text for run in _named(each)[:1]),
        replies=_replies(slack, cards, runs),
        resent=sum("(resent)" in each.text for each in messages),
        ends=ends,
        moves=Counter(each.replace("@production to", "") for each in wire.effects("moved", "mlflow")),
        deploys=Counter(f"{run.conf['model']} v{run.conf['version']}" for run in everything if run.dag_id == DEPLOY),
        shared=frozenset(row.args["asked"]["text"].removeprefix("status ") for row in jobs if row.kind == "share"),
        verdicts={verdict: frozenset(about) for verdict, about in verdicts.items()},
        promotions=promotions,
        dead=[row.id for row in jobs if row.state == "dead"],
        live=[row.id for row in jobs if row.state in LIVE and not row.waits],
    )


async def known_models(database: Database) -> int:
    """How many models the bot has in its catalogue; none before it has made its tables."""
    try:
        async with database.read() as connection:
            return int(await connection.scalar(sa.select(sa.func.count()).select_from(catalogue)) or 0)
    except sa.exc.DBAPIError:
        return 0


def _by_marker(everything: Sequence[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = defaultdict(list)
    for run in everything:
        if marker := run.conf.get("marker"):
            found[marker].append(run)
    return found


def _replies(slack: StandIn, cards: Sequence[Message], runs: dict[str, list[Run]]) -> Counter[tuple[str, str]]:
    """What is said in the threads of cards, by run, or by marker where there is none."""
    said: Counter[tuple[str, str]] = Counter()
    for card in cards:
        for marker in markers(card):
            where = name(runs[marker][0]) if runs.get(marker) else marker
            said.update((where, reply.text) for reply in slack.replies(CHANNEL, card.ts))
    return said


def _named(message: Message) -> list[str]:
    return RUN.findall(json.dumps(message.blocks))


async def _rows(database: Database) -> tuple[list[Job], dict[str, list[str]], dict[str, Promoted]]:
    """Every job, its args read; the markers that people decided on, by their verdicts; the requests to promote."""
    async with database.read() as connection:
        later = sa.and_(sa.or_(job.c.epoch == 0, job.c.state == "waiting"), job.c.due > database.now + LATER)
        for_someone = sa.and_(job.c.state == "waiting", job.c.waiting_for.is_not(None))
        waits = sa.or_(later, for_someone).label("waits")
        query = sa.select(job.c.id, job.c.kind, job.c.state, job.c.args, waits)
        rows = (await connection.execute(query)).all()
        votes = (await connection.execute(sa.select(decision.c.subject, decision.c.verdict))).all()
        asked = (await connection.execute(sa.select(promotion))).all()
    jobs = [Job(row.id, row.kind, row.state, json.loads(row.args), bool(row.waits)) for row in rows]
    about = {each.id: each.args.get("conf", {}).get("marker", "") for each in jobs} | {
        row.id: row.reason for row in asked
    }
    verdicts: dict[str, list[str]] = defaultdict(list)
    for vote in votes:
        verdicts[vote.verdict].append(about.get(vote.subject, ""))
    promotions = {row.reason: Promoted(row.state, f"{row.model} v{row.version}", row.why) for row in asked}
    return jobs, verdicts, promotions
