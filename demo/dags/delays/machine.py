"""What the chosen compute profile means here: on how many threads of this machine a model is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

THREADS = {"1-thread": 1, "2-threads": 2}
"""By the profile's `instance`."""


def threads(conf: Mapping[str, Any] | None) -> int | None:
    """Those of the profile that a DAG run's conf names; None where it names none that is known."""
    compute = ((conf or {}).get("stationmaster") or {}).get("compute") or {}
    return THREADS.get(compute.get("instance"))


def in_words(threads: int | None) -> str:
    """ " on 2 threads"; empty where nobody has chosen."""
    return f" on {threads} thread{'s' if threads > 1 else ''}" if threads else ""
