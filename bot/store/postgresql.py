"""PostgreSQL's engines: a pool for transactions, another for reading.

No statement waits for ever: the server ends one that takes too long, or waits too long for a lock, and the kernel gives
up a connection whose other end has vanished. Whoever is ended so finds `bot.store.trouble`, which says that it may be
tried again.
"""

from __future__ import annotations

import select
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WRITERS = 8
READERS = 4
STATEMENT = 30.0  # seconds that one statement may take
IDLE = 15.0  # seconds that a transaction may be left open with nothing asked of it
POOL = 10.0  # seconds to wait for a free connection


def address(url: sa.URL) -> sa.URL:
    """The URL with the driver that is installed, whichever it names."""
    return url.set(drivername="postgresql+psycopg")


def writer(url: sa.URL, lock_timeout: float) -> AsyncEngine:
    """Connections for transactions, each of which sees what was committed before its statement."""
    return _engine(url, WRITERS, "READ COMMITTED", lock_timeout)


def readers(url: sa.URL, lock_timeout: float) -> AsyncEngine:
    """Connections for single queries, without a BEGIN and an end to wait for."""
    return _engine(url, READERS, "AUTOCOMMIT", lock_timeout, "-c default_transaction_read_only=on")


def _engine(url: sa.URL, size: int, isolation: Any, lock_timeout: float, more: str = "") -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL,
        hide_parameters=True,
        isolation_level=isolation,
        connect_args=_connecting(url, lock_timeout, more),
    )
    event.listen(engine.sync_engine, "checkout", _refuse_dead)
    return engine


def _connecting(url: sa.URL, lock_timeout: float, more: str) -> dict[str, Any]:
    """What libpq is told; what the URL says goes before that."""
    limits = {
        "statement_timeout": STATEMENT,
        "lock_timeout": lock_timeout,
        "idle_in_transaction_session_timeout": IDLE,
    }
    options = [f"-c {name}={seconds * 1_000:.0f}" for name, seconds in limits.items()]
    ours = {
        "application_name": "stationmaster",
        "connect_timeout": 5,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    theirs = url.query.get("options", "")
    return {name: value for name, value in ours.items() if name not in url.query} | {
        "options": " ".join([*options, more, theirs if isinstance(theirs, str) else " ".join(theirs)]).strip()
    }


def _refuse_dead(connection: Any, record: Any, proxy: Any) -> None:
    """Don't hand out a connection that the server has closed; the pool then makes a new one.

    An idle connection on which there is something to read has been told its end. So this costs no round trip.
    """
    socket = select.poll()
    socket.register(connection.driver_connection.fileno(), select.POLLIN)
    if socket.poll(0):
        raise sa.exc.DisconnectionError("the server has closed it")
