"""A card that no longer says what is so: put right a little later.

A replica edited it after it had lost the tracker; or its version was promoted since, and need not be proposed.
"""

from __future__ import annotations

from typing import Any

from bot.domain import RunKey
from bot.errors import ServiceError
from bot.following.refreshing import refresh
from bot.jobs import JobContext, RetryLater
from bot.station import Station
from bot.store import FollowedRun

AFTER = 10.0  # seconds: by then an end that was shown at the same time is written down
ASK_AGAIN = 20.0
GIVE_UP = 24 * 3_600.0


async def submit_redraw(station: Station, followed: FollowedRun, *, because: str = "") -> None:
    """Have the card put right, once for its revision, or for what it is because of."""
    job_id = f"redraw:{followed.dag_id}:{followed.dag_run_id}:{because or followed.revision}"
    await station.jobs.submit(job_id, "run.redraw", {"key": list(followed.key)})


async def redraw(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "run.redraw": the tracker is told that it doesn't know what the card shows; an ended run's is shown."""
    await ctx.sleep("settled", AFTER)
    key = RunKey(*args["key"])
    kept = await station.store.runs.get(key)
    if kept is None:
        return
    if not kept.ended:
        shown = {name: value for name, value in (kept.shown or {}).items() if name != "digest"}
        if not await station.store.runs.change(key, at_revision=kept.revision, shown=shown, revision=kept.revision + 1):
            raise RetryLater("the card is being edited", after=1.0)
        return
    try:
        await refresh(station, kept)
    except ServiceError as error:
        if ctx.age < GIVE_UP:
            raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
