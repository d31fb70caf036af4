"""Who asked for a piece of work, so that whoever carries it out can answer them."""

from __future__ import annotations

from dataclasses import dataclass

STALE_AFTER = 3_600.0  # seconds; what was kept longer than that before it could be begun is to be asked for again


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a piece of work, where and how: kept with it under "asked"."""

    request_id: str
    person: str
    name: str
    channel: str
    text: str
