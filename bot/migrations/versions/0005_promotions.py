"""Requests to promote, and the ledger of aliases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Double, Integer, Text

revision = "0005"
down_revision = "0004"

BigInteger = sa.BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.add_column("decision", Column("name", Text, nullable=False, server_default=""))
    op.create_table(
        "promotion",
        Column("id", Text, primary_key=True),
        Column("model", Text, nullable=False),
        Column("registered_model", Text, nullable=False),
        Column("alias", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("requested_by", Text, nullable=False),
        Column("requested_by_name", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("override", Text, nullable=False),
        Column("evidence", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("needed", Integer, nullable=False),
        Column("expires", Double, nullable=False),
        Column("voided", Text, nullable=False),
        Column("why", Text, nullable=False),
        Column("moved", Text, nullable=False),
        Column("deploy", Text, nullable=False),
        Column("card_channel", Text),
        Column("card_ts", Text),
        Column("created", Double, nullable=False),
        Column("decided", Double),
    )
    pending = sa.text("state IN ('waiting', 'approved', 'moving')")
    op.create_index(
        "promotion_pending",
        "promotion",
        ["registered_model", "alias", "version"],
        unique=True,
        sqlite_where=pending,
        postgresql_where=pending,
    )
    op.create_index("promotion_model", "promotion", ["model", "created"])
    op.create_table(
        "ledger",
        Column("seq", BigInteger, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("registered_model", Text, nullable=False),
        Column("alias", Text, nullable=False),
        Column("before", Text),
        Column("after", Text),
        Column("how", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("promotion", Text),
        Column("digest", Text, nullable=False),
        Column("by", Text, nullable=False),
        Column("by_name", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("job_id", Text),
        Column("at", Double, nullable=False),
        sqlite_autoincrement=True,
    )
    intended = sa.text("state = 'intended'")
    op.create_index(
        "ledger_intended",
        "ledger",
        ["registered_model", "alias"],
        unique=True,
        sqlite_where=intended,
        postgresql_where=intended,
    )
    op.create_index("ledger_alias", "ledger", ["registered_model", "alias", "seq"])
