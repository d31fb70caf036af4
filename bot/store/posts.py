"""What was posted for what: the memory that keeps a message from being posted twice."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.database import Database, Transaction
from bot.store.schema import post


@dataclass(frozen=True, kw_only=True)
class Post:
    """One message to be posted for `key`. `ts` is None until it is certain that it stands in `channel`.

    `nonce` goes with the message as metadata, to find it in the channel's history around `at`, when it was last tried,
    in epoch seconds by the chat service's clock.
    """

    key: str
    channel: str
    ts: str | None
    nonce: str
    at: float


class Posts:
    """Remembers an attempt before it is made, and its result after."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def attempt(self, key: str, channel: str, nonce: str, at: float, tx: Transaction | None = None) -> Post:
        """Note that a message is about to be posted. An earlier attempt for `key` stays, and is returned instead."""
        row = self._database.insert(post).values(key=key, channel=channel, nonce=nonce, at=at)
        async with self._database.within(tx) as connection:
            await connection.execute(row.on_conflict_do_nothing())
            kept = (await connection.execute(sa.select(post).where(post.c.key == key))).one()
        return Post(**kept._asdict())

    async def again(self, attempt: Post, at: float) -> tuple[Post, bool]:
        """Note that a message is about to be posted once more, because this attempt left none.

        Where another process has noted that since, theirs is returned, and False.
        """
        same = sa.and_(post.c.key == attempt.key, post.c.at == attempt.at, post.c.ts.is_(None))
        async with self._database.write() as tx:
            ours = (await tx.execute(post.update().where(same).values(at=at))).rowcount == 1
            kept = (await tx.execute(sa.select(post).where(post.c.key == attempt.key))).one()
        return Post(**kept._asdict()), ours

    async def posted(self, key: str, channel: str, ts: str, tx: Transaction | None = None) -> None:
        """Note where the message stands; `channel` may differ from the attempt's (a person's id, a channel moved)."""
        async with self._database.within(tx) as connection:
            await connection.execute(post.update().where(post.c.key == key).values(channel=channel, ts=ts))

    async def get(self, key: str, tx: Transaction | None = None) -> Post | None:
        """The attempt for `key`, if one was made."""
        async with self._database.read(tx) as connection:
            row = (await connection.execute(sa.select(post).where(post.c.key == key))).first()
        return Post(**row._asdict()) if row else None
