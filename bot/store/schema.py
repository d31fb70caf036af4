"""Every table, once. Times are epoch seconds by the database's clock; JSON is kept as text in either database.

A change here comes with a migration in `bot/migrations/versions`; a test compares the two.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Double, Index, Integer, MetaData, Table, Text

BigInteger = sa.BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only what it calls INTEGER
metadata = MetaData()


class Json(sa.types.TypeDecorator[Any]):
    """JSON as text. None is NULL. NaN passes, because training metrics can be NaN and PostgreSQL's json refuses it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Python to text."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Text to Python."""
        return None if value is None else json.loads(value)


# Arguments and results of jobs are plain text here, so that one unreadable row can't spoil the reading of others.
job = Table(
    "job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("state", Text, nullable=False),  # ready | running | waiting | done | dead | cancelled
    Column("due", Double, nullable=False),  # when to look again: start, retry, a wait's deadline, a lease's end
    Column("waiting_for", Text),  # the topic of the signal that wakes it
    Column("owner", Text),  # the process that holds the lease
    Column("epoch", BigInteger, nullable=False),  # one more each time it is taken: the fencing token
    Column("attempts", Integer, nullable=False),  # failures since the last remembered step
    Column("result", Text),
    Column("error", Text),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
)
LIVE = ("ready", "running", "waiting")
_live = job.c.state.in_(LIVE)
Index("job_due", job.c.due, sqlite_where=_live, postgresql_where=_live)
Index("job_state", job.c.state, job.c.updated)

job_step = Table(
    "job_step",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("result", Text, nullable=False),
    Column("at", Double, nullable=False),
)

job_signal = Table(
    "job_signal",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("payload", Text, nullable=False),
    Column("at", Double, nullable=False),
)

job_schedule = Table(
    "job_schedule",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("due", Double, nullable=False, index=True),
)

hold = Table(
    "hold",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    Column("until", Double, nullable=False),
    Column("fence", BigInteger, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Double, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("model", Text),
    Column("subject", Text),
    Column("outcome", Text, nullable=False),
    Column("detail", Json),
    Column("job_id", Text, index=True),
    Column("prev", Text),  # NULL until sealed
    Column("seal", Text),
    sqlite_autoincrement=True,
)

catalogue = Table(
    "catalogue",
    metadata,
    Column("model", Text, primary_key=True),
    Column("entry", Json, nullable=False),
    Column("digest", Text, nullable=False),
    Column("refreshed_at", Double, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("dag_id", Text, primary_key=True),
    Column("dag_run_id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("requested_by", Text),
    Column("requested_by_name", Text),
    Column("channel", Text),
    Column("card_channel", Text),
    Column("card_ts", Text),
    Column("thread_ts", Text),
    Column("conf", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("shown", Json),
    Column("mlflow_run_id", Text),
    Column("version", Text),
    Column("job_id", Text),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("ended", Double),
)
_followed = run.c.ended.is_(None)
Index("run_followed", run.c.created, sqlite_where=_followed, postgresql_where=_followed)
Index("run_model", run.c.model, run.c.created)
Index("run_requester", run.c.requested_by, run.c.created)
Index("run_id", run.c.dag_run_id)

post = Table(
    "post",
    metadata,
    Column("key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("ts", Text),  # NULL while it is uncertain whether it was posted
    Column("nonce", Text, nullable=False),
    Column("at", Double, nullable=False),
)
