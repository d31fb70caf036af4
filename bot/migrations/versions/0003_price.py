"""How long runs took, and what they are charged for, to whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Double, Integer, Text

revision = "0003"
down_revision = "0002"

BigInteger = sa.BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "duration",
        Column("dag_id", Text, primary_key=True),
        Column("dag_run_id", Text, primary_key=True),
        Column("profile", Text, nullable=False),
        Column("seconds", Double, nullable=False),
        Column("ended", Double, nullable=False),
    )
    op.create_index("duration_ended", "duration", ["dag_id", "ended"])
    op.create_table(
        "charge",
        Column("job_id", Text, primary_key=True),
        Column("state", Text, nullable=False),
        Column("profile", Text, nullable=False),
        Column("month", Text, nullable=False),
        Column("currency", Text, nullable=False),
        Column("price", BigInteger, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("cost", BigInteger),
        Column("settled_by", Text),
        Column("words", Text, nullable=False),
        Column("why", Text, nullable=False),
        Column("answered_by", Text),
        Column("answered_name", Text),
        Column("answered_at", Double),
        Column("at", Double, nullable=False),
    )
    op.create_index("charge_month", "charge", ["month", "currency"])
    op.create_table(
        "charge_account",
        Column("job_id", Text, primary_key=True),
        Column("account", Text, primary_key=True),
    )
    op.create_index("charge_of_account", "charge_account", ["account"])
    op.create_table("account", Column("name", Text, primary_key=True))
