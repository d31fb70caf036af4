"""Seals: a keyed digest of a row, of its place in the chain, and of the seal before it.

HMAC-SHA256 over canonical JSON. Whoever has no key can make no seal, so that a row which was edited, moved, or put in
between others shows. What is missing in the middle shows by the places, which have no gaps. (`seq` may have some: a
transaction that was undone keeps its number.) What is missing at the end shows by a head published elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from bot.errors import ConfigError
from bot.settings.config import SHORTEST_KEY

SEALED = ("seq", "id", "at", "actor", "actor_name", "action", "model", "subject", "outcome", "detail", "job_id")
_PURPOSE = b"stationmaster audit trail, version 1"


class Seals:
    """Makes seals with one key. ConfigError where the key is too short to keep anyone out."""

    def __init__(self, key: str) -> None:
        if len(key) < SHORTEST_KEY:
            raise ConfigError(f"AUDIT_KEY: it has {len(key)} characters; give {SHORTEST_KEY} or more, at random")
        self._key = hmac.new(key.encode(), _PURPOSE, hashlib.sha256).digest()
        self.name = hmac.new(self._key, b"name", hashlib.sha256).hexdigest()[:8]

    def seal(self, row: Mapping[str, Any], place: int, prev: str, sealed: float) -> str:
        """The seal of a row as it is stored: the key's name, and the digest."""
        parts = [place, prev, sealed, *(row[name] for name in SEALED)]
        text = json.dumps(parts, separators=(",", ":"), default=repr)
        return f"{self.name}:{hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()}"

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Is the seal that the row has the one that it should have?"""
        right = self.seal(row, row["place"], row["prev"], row["sealed"])
        return hmac.compare_digest(right.encode(), str(row["seal"]).encode())
