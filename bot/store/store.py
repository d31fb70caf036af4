"""The store: the database, migrated, and its tables by name."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import sqlalchemy as sa

from bot.migrations import migrate
from bot.store.answerable import Answerable
from bot.store.audit import AuditTrail
from bot.store.backfills import Backfills
from bot.store.catalogue import Catalogue
from bot.store.chain import Chain
from bot.store.charges import Charges
from bot.store.database import Database, Transaction
from bot.store.decisions import Decisions
from bot.store.drafts import Drafts
from bot.store.durations import Durations
from bot.store.ledger import Ledger
from bot.store.looks import Looks
from bot.store.posts import Posts
from bot.store.promotions import Promotions
from bot.store.questions import Questions
from bot.store.retention import Retention
from bot.store.runs import Runs
from bot.store.schedules import Schedules
from bot.store.schema import job
from bot.store.slots import Slots


class Store:
    """What is kept. Make one with `Store.open`, and close it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.answerable = Answerable(database)
        self.audit = AuditTrail(database)
        self.backfills = Backfills(database)
        self.catalogue = Catalogue(database)
        self.chain = Chain(database)
        self.charges = Charges(database)
        self.decisions = Decisions(database)
        self.drafts = Drafts(database)
        self.ledger = Ledger(database)
        self.looks = Looks(database)
        self.durations = Durations(database)
        self.posts = Posts(database)
        self.promotions = Promotions(database)
        self.questions = Questions(database)
        self.retention = Retention(database)
        self.runs = Runs(database)
        self.slots = Slots(database)
        self.schedules = Schedules(database)

    @classmethod
    async def open(cls, url: str, *, busy_timeout: float = 10.0) -> Store:
        """Open the database at `url` (`sqlite:///file`, `postgresql://…`), making or migrating its tables.

        `busy_timeout`: seconds that a write waits for another process's. ValueError where the URL can't be used.
        """
        database = Database(url, busy_timeout=busy_timeout)
        try:
            async with database.write() as tx:
                await migrate(tx)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def check(self) -> None:
        """Raise what stands between the bot and its tables, if anything does."""
        async with self.database.read() as connection:
            await connection.execute(sa.select(job.c.id).limit(1))

    def write(self, *, first: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that may write: see `Database.write`."""
        return self.database.write(first=first)

    async def close(self) -> None:
        """Close every connection."""
        await self.database.close()
