"""When runs were looked at, and what tasks ask of people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Double, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "look",
        Column("name", Text, primary_key=True),
        Column("first", Double, nullable=False),
        Column("last", Double, nullable=False),
    )
    op.create_table(
        "question",
        Column("id", Text, primary_key=True),
        Column("dag_id", Text, nullable=False),
        Column("dag_run_id", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("asked", Text, nullable=False),
        Column("channel", Text, nullable=False),
        Column("ts", Text),
        Column("job_id", Text),
        Column("person", Text),
        Column("person_name", Text),
        Column("created", Double, nullable=False),
        Column("closed", Double),
    )
    is_open = sa.text("closed IS NULL")
    op.create_index("question_open", "question", ["created"], sqlite_where=is_open, postgresql_where=is_open)
