"""Forms that are open."""

from alembic import op
from sqlalchemy import Column, Double, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of drafts."""
    op.create_table(
        "draft",
        Column("id", Text, primary_key=True),
        Column("person", Text, nullable=False),
        Column("channel", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("data", Text, nullable=False),
        Column("created", Double, nullable=False),
    )
    op.create_index("ix_draft_created", "draft", ["created"])
