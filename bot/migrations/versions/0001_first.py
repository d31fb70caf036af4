"""The first tables: durable work, decisions, the audit trail, the catalogue, followed runs, posts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Double, Integer, Text

revision = "0001"
down_revision = None

BigInteger = sa.BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _jobs()
    _signals_schedules_holds()
    _decisions_audit_catalogue()
    _runs_and_posts()


def _jobs() -> None:
    op.create_table(
        "job",
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("args", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("due", Double, nullable=False),
        Column("waiting_for", Text),
        Column("owner", Text),
        Column("epoch", BigInteger, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("result", Text),
        Column("error", Text),
        Column("created", Double, nullable=False),
        Column("updated", Double, nullable=False),
    )
    live = sa.text("state IN ('ready', 'running', 'waiting')")
    op.create_index("job_due", "job", ["due"], sqlite_where=live, postgresql_where=live)
    op.create_index("job_state", "job", ["state", "updated"])
    op.create_table(
        "job_step",
        Column("job_id", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("result", Text, nullable=False),
        Column("at", Double, nullable=False),
    )


def _signals_schedules_holds() -> None:
    op.create_table(
        "job_signal",
        Column("job_id", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("payload", Text, nullable=False),
        Column("at", Double, nullable=False),
    )
    op.create_table(
        "job_schedule",
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("args", Text, nullable=False),
        Column("cron", Text, nullable=False),
        Column("zone", Text, nullable=False),
        Column("enabled", Boolean, nullable=False),
        Column("due", Double, nullable=False),
    )
    op.create_index("ix_job_schedule_due", "job_schedule", ["due"])
    op.create_table(
        "hold",
        Column("name", Text, primary_key=True),
        Column("owner", Text),
        Column("until", Double, nullable=False),
        Column("fence", BigInteger, nullable=False),
    )


def _decisions_audit_catalogue() -> None:
    op.create_table(
        "decision",
        Column("subject", Text, primary_key=True),
        Column("person", Text, primary_key=True),
        Column("verdict", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("at", Double, nullable=False),
    )
    op.create_table(
        "audit",
        Column("seq", BigInteger, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("at", Double, nullable=False),
        Column("actor", Text, nullable=False),
        Column("actor_name", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("model", Text),
        Column("subject", Text),
        Column("outcome", Text, nullable=False),
        Column("detail", Text),
        Column("job_id", Text),
        Column("prev", Text),
        Column("seal", Text),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_job_id", "audit", ["job_id"])
    op.create_table(
        "catalogue",
        Column("model", Text, primary_key=True),
        Column("entry", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("refreshed_at", Double, nullable=False),
    )


def _runs_and_posts() -> None:
    op.create_table(
        "run",
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
        Column("conf", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("shown", Text),
        Column("mlflow_run_id", Text),
        Column("version", Text),
        Column("job_id", Text),
        Column("created", Double, nullable=False),
        Column("updated", Double, nullable=False),
        Column("ended", Double),
    )
    followed = sa.text("ended IS NULL")
    op.create_index("run_followed", "run", ["created"], sqlite_where=followed, postgresql_where=followed)
    op.create_index("run_model", "run", ["model", "created"])
    op.create_index("run_requester", "run", ["requested_by", "created"])
    op.create_index("run_id", "run", ["dag_run_id"])
    op.create_table(
        "post",
        Column("key", Text, primary_key=True),
        Column("channel", Text, nullable=False),
        Column("ts", Text),
        Column("nonce", Text, nullable=False),
        Column("at", Double, nullable=False),
    )
