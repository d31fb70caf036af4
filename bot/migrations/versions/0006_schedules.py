"""Schedules as they were published, and backfills."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Double, Integer, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "schedule",
        Column("id", Text, primary_key=True),
        Column("model", Text, nullable=False),
        Column("dag_id", Text, nullable=False),
        Column("schedule_dag", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("owner_name", Text, nullable=False),
        Column("spec", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("changed_by", Text, nullable=False),
        Column("seen", Text),
        Column("told", Text),
        Column("card_channel", Text),
        Column("card_ts", Text),
        Column("created", Double, nullable=False),
        Column("updated", Double, nullable=False),
        Column("removed", Double),
    )
    is_kept = sa.text("removed IS NULL")
    op.create_index("schedule_model", "schedule", ["model"], sqlite_where=is_kept, postgresql_where=is_kept)
    op.create_index("schedule_dag_id", "schedule", ["schedule_dag"])
    op.create_table(
        "backfill",
        Column("id", Text, primary_key=True),
        Column("model", Text, nullable=False),
        Column("dag_id", Text, nullable=False),
        Column("plan", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("by_airflow", Text),
        Column("requested_by", Text, nullable=False),
        Column("requested_by_name", Text, nullable=False),
        Column("cancelled_by", Text),
        Column("card_channel", Text),
        Column("card_ts", Text),
        Column("shown", Text),
        Column("created", Double, nullable=False),
        Column("ended", Double),
    )
    is_open = sa.text("ended IS NULL")
    op.create_index("backfill_open", "backfill", ["created"], sqlite_where=is_open, postgresql_where=is_open)
