"""The audit trail's chain, encrypted response_urls, a shared budget of edits, and the trace that a job belongs to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Double, Integer, Text

revision = "0007"
down_revision = "0006"

BigInteger = sa.BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Add columns, indices and tables."""
    op.add_column("job", Column("trace", Text))
    op.add_column("audit", Column("place", BigInteger))
    op.add_column("audit", Column("sealed", Double))
    op.create_index("audit_place", "audit", ["place"], unique=True)
    unsealed = sa.text("seal IS NULL")
    op.create_index("audit_unsealed", "audit", ["seq"], sqlite_where=unsealed, postgresql_where=unsealed)
    op.create_index("audit_at", "audit", ["at"])
    op.create_table(
        "answerable",
        Column("request_id", Text, primary_key=True),
        Column("url", Text, nullable=False),
        Column("at", Double, nullable=False),
    )
    op.create_index("ix_answerable_at", "answerable", ["at"])
    op.create_table(
        "slot",
        Column("name", Text, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("at", Double, nullable=False),
    )
