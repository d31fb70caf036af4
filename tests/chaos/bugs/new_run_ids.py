"""Each attempt to start a run gives it another id."""

from __future__ import annotations

from uuid import uuid4

from bot.jobs import JobContext
from commands import run


def run_id(ctx: JobContext) -> str:
    """An id that no attempt had before."""
    return f"slack__2026-01-01T00:00:00_{uuid4().hex[:8]}"


vars(run)["run_id"] = run_id
