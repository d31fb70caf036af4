"""Every table, once. Times are epoch seconds by the database's clock; JSON is kept as text in either database.

A change here comes with a migration in `bot/migrations/versions`; a test compares the two.
"""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Double, Index, Integer, MetaData, Table

BigInteger = sa.BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only what it calls INTEGER
metadata = MetaData()


class Words(sa.types.TypeDecorator[str]):
    """Text of any origin: NUL and lone surrogates, which one database or the other refuses, become U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Text that can be stored."""
        return value and _UNSTORABLE.sub("\ufffd", value)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Json(sa.types.TypeDecorator[Any]):
    """JSON as text. None is NULL. NaN passes, because training metrics can be NaN and PostgreSQL's json refuses it."""

    impl = sa.Text
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
    Column("id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("args", Words, nullable=False),
    Column("state", Words, nullable=False),  # ready | running | waiting | done | dead | cancelled
    Column("due", Double, nullable=False),  # when to look again: start, retry, a wait's deadline, a lease's end
    Column("waiting_for", Words),  # the topic of the signal that wakes it
    Column("owner", Words),  # the process that holds the lease
    Column("epoch", BigInteger, nullable=False),  # one more each time it is taken: the fencing token
    Column("attempts", Integer, nullable=False),  # failures since the last remembered step
    Column("result", Words),
    Column("error", Words),
    Column("trace", Words),  # the context of the trace that it belongs to, as a W3C traceparent
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("about", Words),  # by which it is found: a DAG's id
)
LIVE = ("ready", "running", "waiting")
_live = job.c.state.in_(LIVE)
Index("job_due", job.c.due, sqlite_where=_live, postgresql_where=_live)
Index("job_about", job.c.kind, job.c.about, sqlite_where=_live, postgresql_where=_live)
Index("job_state", job.c.state, job.c.updated)

job_step = Table(
    "job_step",
    metadata,
    Column("job_id", Words, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("result", Words, nullable=False),
    Column("at", Double, nullable=False),
)

job_signal = Table(
    "job_signal",
    metadata,
    Column("job_id", Words, primary_key=True),
    Column("topic", Words, primary_key=True),
    Column("payload", Words, nullable=False),
    Column("at", Double, nullable=False),
)

job_schedule = Table(
    "job_schedule",
    metadata,
    Column("id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("args", Words, nullable=False),
    Column("cron", Words, nullable=False),
    Column("zone", Words, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("due", Double, nullable=False, index=True),
)

hold = Table(
    "hold",
    metadata,
    Column("name", Words, primary_key=True),
    Column("owner", Words),
    Column("until", Double, nullable=False),
    Column("fence", BigInteger, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("subject", Words, primary_key=True),
    Column("person", Words, primary_key=True),
    Column("verdict", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Double, nullable=False),
    Column("name", Words, nullable=False, server_default=""),  # the person's, as it was then
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),
    Column("at", Double, nullable=False),
    Column("actor", Words, nullable=False),
    Column("actor_name", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("model", Words),
    Column("subject", Words),
    Column("outcome", Words, nullable=False),
    Column("detail", Json),
    Column("job_id", Words, index=True),
    Column("prev", Words),  # NULL until sealed, as the three below
    Column("seal", Words),
    Column("place", BigInteger),  # in the chain, 1, 2, 3 … without a gap; `seq` has gaps where transactions were undone
    Column("sealed", Double),
    sqlite_autoincrement=True,
)
Index("audit_place", audit.c.place, unique=True)
_unsealed = audit.c.seal.is_(None)
Index("audit_unsealed", audit.c.seq, sqlite_where=_unsealed, postgresql_where=_unsealed)
Index("audit_at", audit.c.at)

catalogue = Table(
    "catalogue",
    metadata,
    Column("model", Words, primary_key=True),
    Column("entry", Json, nullable=False),
    Column("digest", Words, nullable=False),
    Column("refreshed_at", Double, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("dag_id", Words, primary_key=True),
    Column("dag_run_id", Words, primary_key=True),
    Column("model", Words, nullable=False),
    Column("origin", Words, nullable=False),
    Column("requested_by", Words),
    Column("requested_by_name", Words),
    Column("channel", Words),
    Column("card_channel", Words),
    Column("card_ts", Words),
    Column("thread_ts", Words),
    Column("conf", Json, nullable=False),
    Column("state", Words, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("shown", Json),
    Column("mlflow_run_id", Words),
    Column("version", Words),
    Column("job_id", Words),
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
    Column("key", Words, primary_key=True),
    Column("channel", Words, nullable=False),
    Column("ts", Words),  # NULL while it is uncertain whether it was posted
    Column("nonce", Words, nullable=False),
    Column("at", Double, nullable=False),
)

answerable = Table(
    "answerable",
    metadata,
    Column("request_id", Words, primary_key=True),
    Column("url", Words, nullable=False),  # encrypted
    Column("at", Double, nullable=False, index=True),
)

slot = Table(
    "slot",
    metadata,
    Column("name", Words, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Double, nullable=False),  # when it was taken last, or counts as taken
)

draft = Table(
    "draft",
    metadata,
    Column("id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("data", Json, nullable=False),
    Column("created", Double, nullable=False, index=True),
)

duration = Table(
    "duration",
    metadata,
    Column("dag_id", Words, primary_key=True),
    Column("dag_run_id", Words, primary_key=True),
    Column("profile", Words, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("ended", Double, nullable=False),
)
Index("duration_ended", duration.c.dag_id, duration.c.ended)

charge = Table(
    "charge",
    metadata,
    Column("job_id", Words, primary_key=True),
    Column("state", Words, nullable=False),
    Column("profile", Words, nullable=False),
    Column("month", Words, nullable=False),
    Column("currency", Words, nullable=False),
    Column("price", BigInteger, nullable=False),  # millionths of the currency, as the two below
    Column("amount", BigInteger, nullable=False),
    Column("cost", BigInteger),  # NULL until settled
    Column("settled_by", Words),
    Column("words", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("answered_by", Words),
    Column("answered_name", Words),
    Column("answered_at", Double),
    Column("at", Double, nullable=False),
)
Index("charge_month", charge.c.month, charge.c.currency)

charge_account = Table(
    "charge_account",
    metadata,
    Column("job_id", Words, primary_key=True),
    Column("account", Words, primary_key=True),
)
Index("charge_of_account", charge_account.c.account)

account = Table("account", metadata, Column("name", Words, primary_key=True))  # rows to lock

look = Table(
    "look",
    metadata,
    Column("name", Words, primary_key=True),
    Column("first", Double, nullable=False),
    Column("last", Double, nullable=False),
)

question = Table(
    "question",
    metadata,
    Column("id", Words, primary_key=True),
    Column("dag_id", Words, nullable=False),
    Column("dag_run_id", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("asked", Json, nullable=False),
    Column("channel", Words, nullable=False),
    Column("ts", Words),
    Column("job_id", Words),
    Column("person", Words),
    Column("person_name", Words),
    Column("created", Double, nullable=False),
    Column("closed", Double),
)
_open = question.c.closed.is_(None)
Index("question_open", question.c.created, sqlite_where=_open, postgresql_where=_open)

promotion = Table(
    "promotion",
    metadata,
    Column("id", Words, primary_key=True),
    Column("model", Words, nullable=False),
    Column("registered_model", Words, nullable=False),
    Column("alias", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("requested_by", Words, nullable=False),
    Column("requested_by_name", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("override", Words, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("digest", Words, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("expires", Double, nullable=False),
    Column("voided", Json, nullable=False),
    Column("why", Words, nullable=False),
    Column("moved", Json, nullable=False),
    Column("deploy", Json, nullable=False),
    Column("card_channel", Words),
    Column("card_ts", Words),
    Column("created", Double, nullable=False),
    Column("decided", Double),
)
PENDING = ("waiting", "approved", "moving")
_pending = promotion.c.state.in_(PENDING)
Index(
    "promotion_pending",
    promotion.c.registered_model,
    promotion.c.alias,
    promotion.c.version,
    unique=True,  # one request at a time for the same move
    sqlite_where=_pending,
    postgresql_where=_pending,
)
Index("promotion_model", promotion.c.model, promotion.c.created)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),
    Column("registered_model", Words, nullable=False),
    Column("alias", Words, nullable=False),
    Column("before", Words),
    Column("after", Words),
    Column("how", Words, nullable=False),  # promotion | rollback | outside | adopted
    Column("state", Words, nullable=False),  # intended | done | abandoned
    Column("promotion", Words),
    Column("digest", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("by_name", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("job_id", Words),
    Column("at", Double, nullable=False),
    sqlite_autoincrement=True,
)
_intended = ledger.c.state == "intended"
Index(
    "ledger_intended",
    ledger.c.registered_model,
    ledger.c.alias,
    unique=True,  # the hold on an alias: whoever intends to move it is alone
    sqlite_where=_intended,
    postgresql_where=_intended,
)
Index("ledger_alias", ledger.c.registered_model, ledger.c.alias, ledger.c.seq)

schedule = Table(
    "schedule",
    metadata,
    Column("id", Words, primary_key=True),
    Column("model", Words, nullable=False),
    Column("dag_id", Words, nullable=False),  # of the DAG that it runs
    Column("schedule_dag", Words, nullable=False),  # of the DAG that it is in Airflow
    Column("owner", Words, nullable=False),
    Column("owner_name", Words, nullable=False),
    Column("spec", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_by", Words, nullable=False),
    Column("seen", Json),
    Column("told", Json),
    Column("card_channel", Words),
    Column("card_ts", Words),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("removed", Double),
)
_kept = schedule.c.removed.is_(None)
Index("schedule_model", schedule.c.model, sqlite_where=_kept, postgresql_where=_kept)
Index("schedule_dag_id", schedule.c.schedule_dag)

backfill = Table(
    "backfill",
    metadata,
    Column("id", Words, primary_key=True),
    Column("model", Words, nullable=False),
    Column("dag_id", Words, nullable=False),
    Column("plan", Json, nullable=False),
    Column("state", Words, nullable=False),  # going | cancelled | done
    Column("by_airflow", Words),  # the id of Airflow's own backfill, where it is one
    Column("requested_by", Words, nullable=False),
    Column("requested_by_name", Words, nullable=False),
    Column("cancelled_by", Words),
    Column("card_channel", Words),
    Column("card_ts", Words),
    Column("shown", Json),
    Column("created", Double, nullable=False),
    Column("ended", Double),
)
_going = backfill.c.ended.is_(None)
Index("backfill_open", backfill.c.created, sqlite_where=_going, postgresql_where=_going)
