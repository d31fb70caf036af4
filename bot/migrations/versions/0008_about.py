"""What work is about, so that it is found by that."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Text

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("job", Column("about", Text))
    live = sa.text("state IN ('ready', 'running', 'waiting')")
    op.create_index("job_about", "job", ["kind", "about"], sqlite_where=live, postgresql_where=live)
