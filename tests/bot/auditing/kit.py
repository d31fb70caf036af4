"""A trail with a few rows, and what seals it."""

from __future__ import annotations

from bot.auditing.heads import Publication
from bot.auditing.sealing import HOLD, TTL, Sealing
from bot.auditing.seals import Seals
from bot.auditing.verify import Report, verify
from bot.jobs import Jobs
from bot.store import AuditEntry, Store

KEY = "k" * 40


def entry(number: int, **more: object) -> AuditEntry:
    """A row, told apart by its number."""
    given = {"actor": "U0DANA", "actor_name": "Dana", "action": "run", "outcome": "accepted", "model": "delays"}
    return AuditEntry(**{"id": f"e{number}", "detail": {"learning_rate": 0.1, "n": number}, **given, **more})  # type: ignore[arg-type]


async def written(store: Store, many: int, first: int = 1) -> None:
    """So many rows, unsealed."""
    for number in range(first, first + many):
        await store.audit.append(entry(number))


class Rounds(Sealing):
    """Sealing, a round at a time."""

    async def round(self) -> None:
        """What `keep_sealed` does every few seconds."""
        fence = await self._jobs.hold(HOLD, TTL)
        await (self.stand_by() if fence is None else self.seal(fence))


def sealing(store: Store, *places: Publication, key: str = KEY, jobs: Jobs | None = None) -> Rounds:
    """What seals this store."""
    return Rounds(store, jobs or Jobs(store), Seals(key), places)


async def sealed(store: Store, many: int, *places: Publication) -> None:
    """So many rows, sealed, the head published."""
    await written(store, many)
    await sealing(store, *places).round()


async def looked(store: Store, *places: Publication) -> Report:
    """What verifying finds."""
    heads = [head for place in places for head in await place.heads()]
    return await verify(store, Seals(KEY), heads)
