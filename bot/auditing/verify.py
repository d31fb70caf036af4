"""Is the trail what was written? Every sealed row is held against its seal, the one before, and the published heads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.auditing.heads import Head
from bot.auditing.seals import Seals
from bot.store import Store

BATCH = 1_000


@dataclass(frozen=True)
class Report:
    """What was found. `bad` names the first row that is not as it was written, and how; empty where all are.

    `unsealed` rows can't be judged; `waiting` says for how many seconds the oldest of them has been written. `window`
    is the longest that a sealed row had waited, the one with the number `widest`. `heads` were compared with.
    """

    sealed: int = 0
    bad: str = ""
    unsealed: int = 0
    waiting: float = 0.0
    window: float = 0.0
    widest: int | None = None
    heads: int = 0
    last: str = ""


async def verify(store: Store, seals: Seals, heads: Collection[Head]) -> Report:
    """Look at the whole trail, in batches, until the first row that is wrong."""
    walk = _Walk(seals, heads)
    while rows := await store.chain.after(walk.place or None, BATCH):
        for row in rows:
            if bad := walk.step(row):
                return await _report(store, walk, bad)
    stray = await store.chain.stray()
    return await _report(store, walk, f"{_name(stray)}: put in with a seal, but no place" if stray else walk.cut())


def _name(row: Mapping[str, Any]) -> str:
    return f"row {row['seq']} (id {row['id']}, place {row['place']} of the chain)"


async def _report(store: Store, walk: _Walk, bad: str) -> Report:
    left = await store.audit.unsealed()
    return Report(
        sealed=walk.place,
        bad=bad,
        unsealed=left.rows,
        waiting=left.seconds,
        window=walk.window,
        widest=walk.widest,
        heads=walk.heads,
        last=walk.prev,
    )


class _Walk:
    """Goes along the chain. `place` and `prev` are of the last row that was as it should be."""

    def __init__(self, seals: Seals, heads: Collection[Head]) -> None:
        self._seals = seals
        self._heads: dict[int, list[Head]] = defaultdict(list)
        for head in heads:
            self._heads[head.place].append(head)
        self.heads = len(heads)
        self.place, self.prev = 0, ""
        self.window, self.widest = 0.0, None

    def step(self, row: Mapping[str, Any]) -> str:
        """What is wrong with the next row; empty where nothing is."""
        if bad := self._wrong(row):
            return bad
        self.place, self.prev = row["place"], row["seal"]
        if (waited := row["sealed"] - row["at"]) > self.window:
            self.window, self.widest = waited, row["seq"]
        return ""

    def _wrong(self, row: Mapping[str, Any]) -> str:
        name, expected = _name(row), self.place + 1
        if not isinstance(row["place"], int) or row["place"] < expected:
            return f"{name}: put in; the chain has no such place, or has it already"
        if row["place"] != expected:
            return f"{_places(expected, row['place'] - 1)} of the chain: removed; the next is {name}"
        if not str(row["seal"]).startswith(f"{self._seals.name}:"):
            key = str(row["seal"]).partition(":")[0]
            return f"{name}: sealed with another key ({key[:8]}) than the one given ({self._seals.name})"
        if not self._seals.fits(row):
            return f"{name}: changed after it was sealed, or moved here from another place"
        if row["prev"] != self.prev:
            return f"{name}: does not follow the row before it; the chain was rewritten from here on"
        published = self._heads.get(expected, ())
        if other := next((head for head in published if head.seal != row["seal"]), None):
            return f"{name}: rewritten; {other.told} has another seal for this place"
        return ""

    def cut(self) -> str:
        """What is missing at the end, by the heads that were published; empty where nothing is."""
        longest = max(self._heads, default=0)
        if longest <= self.place:
            return ""
        gone = _places(self.place + 1, longest)
        return f"{gone} of the chain: removed from its end; {self._heads[longest][0].told} has its seal"


def _places(first: int, last: int) -> str:
    return f"place {first}" if first == last else f"places {first} to {last}"
