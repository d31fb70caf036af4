"""What a database in trouble raises: locked, full, restarted, out of reach. It may be tried again."""

from __future__ import annotations

import sqlalchemy.exc

TROUBLE = (
    sqlalchemy.exc.OperationalError,  # no connection, no lock in time, a deadlock, a full disk, a server that stops
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.InternalError,  # a transaction that was ended for its idleness, a server that only reads for now
    sqlalchemy.exc.TimeoutError,  # no free connection
)


def plainly(error: BaseException) -> str:
    """What the database said, without the statement."""
    return str(getattr(error, "orig", None) or error).strip()
