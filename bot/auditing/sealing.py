"""Sealing the trail, in batches, a few seconds behind it: by one process at a time, whichever has the hold.

Rows are written unsealed, in the transaction that accepts what they tell of, so that nobody waits for a chain. Until it
is sealed a row can be changed or removed without a trace: the metrics say how many there are and for how long, and
`stationmaster audit verify` says how long it ever was.
"""

from __future__ import annotations

from collections.abc import Sequence

from structlog import get_logger

from bot.auditing.heads import Head, Publication
from bot.auditing.seals import Seals
from bot.duties import keep
from bot.errors import ConfigError, ServiceError
from bot.jobs import Jobs
from bot.store import Store
from bot.store.chain import Link

log = get_logger(__name__)
HOLD = "audit"
BATCH = 500
EVERY = 5.0  # seconds
TTL = 20.0


class Sealing:
    """Seals what is new, and publishes the head: in the log, and wherever else."""

    def __init__(self, store: Store, jobs: Jobs, seals: Seals, places: Sequence[Publication] = ()) -> None:
        self._store, self._jobs, self._seals, self._places = store, jobs, seals, places
        self._published: dict[Publication | None, Head] = {}
        self._compared = False

    async def keep_sealed(self, every: float = EVERY) -> None:
        """Seal what is new every so many seconds, for ever, while this replica has the hold."""
        await keep(self._jobs, HOLD, every, self.seal, self.stand_by)

    async def stand_by(self) -> None:
        """Another replica seals: where this one takes over, it compares the heads anew."""
        self._compared = False

    async def seal(self, fence: int) -> None:
        """Seal all that is new, and publish the head if it isn't yet. Fenced where the hold is another's by now."""
        if not self._compared:
            await self._compare()
        while await self._batch(fence) == BATCH:
            await self._jobs.hold(HOLD, TTL)  # there is more to do than a hold may last
        place, seal = await self._store.chain.head()
        if place:
            await self._publish(Head(place, seal))

    async def _batch(self, fence: int) -> int:
        """Seal the next rows, all or none of them; how many."""
        async with self._store.write() as tx:
            await self._jobs.check_hold(tx, HOLD, fence)
            place, prev = await self._store.chain.head(tx)
            now, rows = await self._store.chain.unsealed(BATCH, tx)
            links = []
            for row in rows:
                place, seal = place + 1, self._seals.seal(row, place + 1, prev, now)
                links.append(Link(row["seq"], place, prev, seal, now))
                prev = seal
            if links:
                await self._store.chain.add(links, tx)
        return len(links)

    async def _publish(self, head: Head) -> None:
        """In each place where it isn't yet. One that fails is tried again at the next round."""
        if self._published.get(None) != head:
            log.info("audit.head", place=head.place, seal=head.seal)
            self._published[None] = head
        for where in self._places:
            if self._published.get(where) != head:
                try:
                    await where.publish(head)
                    self._published[where] = head
                except (OSError, ServiceError) as error:
                    log.error("audit.head_not_published", place=head.place, error=str(error))

    async def _compare(self) -> None:
        """Once, when this process begins to seal: is the chain shorter than a head says that was published?"""
        place, _ = await self._store.chain.head()
        for where in self._places:
            try:
                longest = max((head.place for head in await where.heads()), default=0)
            except (OSError, ServiceError, ConfigError) as error:
                log.error("audit.heads_not_read", error=str(error))
            else:
                if longest > place:
                    log.error("audit.cut", place=place, published=longest)
        self._compared = True
