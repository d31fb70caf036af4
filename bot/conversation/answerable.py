"""Where a request can still be answered: Slack's response_urls, which are secrets, and die after half an hour.

With STORE_KEY they are kept in the store, encrypted, so that whichever process goes on with a piece of work can answer
the person who asked for it. Without it they stay in this process's memory, and end with it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from structlog import get_logger

from bot.cipher import Cipher
from bot.store import Store, Transaction

log = get_logger(__name__)
KEPT_SECONDS = 29 * 60.0  # Slack takes answers for 30 minutes
MOST = 10_000  # in memory
CLEANED_EVERY = 60.0


class Answerable:
    """Keeps response_urls by request."""

    def __init__(self, store: Store, cipher: Cipher | None = None) -> None:
        self._store, self._cipher = store, cipher
        self._here: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def remember(self, request_id: str, response_url: str, tx: Transaction) -> None:
        """Keep where this request can be answered, if it can."""
        if not response_url:
            return
        if self._cipher:
            await self._store.answerable.keep(request_id, self._cipher.encrypt(response_url, request_id), tx)
            return
        self._here[request_id] = (time.monotonic() + KEPT_SECONDS, response_url)
        while len(self._here) > MOST:
            self._here.popitem(last=False)

    async def of(self, request_id: str) -> str:
        """Where it can be answered; empty where it can't be, any more."""
        if self._cipher:
            kept = await self._store.answerable.get(request_id)
            return (self._cipher.decrypt(kept, request_id) or "") if kept else ""
        until, url = self._here.get(request_id, (0.0, ""))
        return url if time.monotonic() < until else ""

    async def keep_clean(self, every: float = CLEANED_EVERY) -> None:
        """Delete what is too old, every so many seconds, for ever."""
        while True:
            try:
                await self._store.answerable.expire()
                now = time.monotonic()
                for request_id in [each for each, (until, _) in self._here.items() if until < now]:
                    del self._here[request_id]
            except Exception:  # one look that fails must not end the looking
                log.exception("answerable.not_cleaned")
            await asyncio.sleep(every)
