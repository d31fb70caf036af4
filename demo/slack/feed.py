"""News of what changed, for pages that show it and tests that wait for it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Change:
    """A message was posted or edited (`shown`), deleted (`gone`), or a click on it failed (`warned`).

    `view` says that a person's modals changed, `home` their home tab: both have no channel, and the view's id as `ts`.

    `only` is the one person whom it concerns; None means everybody.
    """

    kind: Literal["shown", "gone", "warned", "view", "home"]
    channel: str
    ts: str
    thread_ts: str | None = None
    only: str | None = None


class Feed:
    """Hands each change to every subscriber; `close` ends them all. `count` says how many there were."""

    def __init__(self) -> None:
        self.count = 0
        self._recent: deque[Change] = deque(maxlen=1_000)
        self._queues: set[asyncio.Queue[Change | None]] = set()

    def publish(self, change: Change) -> None:
        """Tell every subscriber."""
        self.count += 1
        self._recent.append(change)
        for queue in self._queues:
            queue.put_nowait(change)

    def close(self) -> None:
        """End every subscription."""
        for queue in self._queues:
            queue.put_nowait(None)

    @contextmanager
    def subscribe(self, after: int | None = None) -> Iterator[asyncio.Queue[Change | None]]:
        """A queue of changes until the block is left; None says that the feed was closed.

        It starts now, or behind the first `after` changes, as far as the last thousand are remembered.
        """
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        missed = 0 if after is None else min(max(self.count - after, 0), len(self._recent))
        for change in list(self._recent)[len(self._recent) - missed :]:
            queue.put_nowait(change)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
