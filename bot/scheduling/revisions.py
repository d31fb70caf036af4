"""What a change to a schedule makes of what is kept, whichever store keeps it. Pure."""

from __future__ import annotations

from bot.scheduling.spec import BrokenSpec, Conflict, ScheduleSpec

Kept = ScheduleSpec | BrokenSpec


def change(kept: Kept | None, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
    """The spec to be kept, with its new revision. Conflict where what is kept is not the revision that was expected.

    Expected is 0 where there should be none yet, None to overwrite whatever there is. A change that has been made
    already, as a repeated attempt finds it, is no conflict.
    """
    found = revision(kept)
    new = spec.model_copy(update={"revision": (found if expected is None else expected) + 1})
    if kept == new:
        return new
    if expected is not None and (found != expected or isinstance(kept, BrokenSpec)):
        raise Conflict(spec.id, kept)
    return new


def removal(spec_id: str, kept: Kept | None, expected: int | None) -> bool:
    """Whether there is anything to remove. Conflict where it is another revision than was expected (None: any)."""
    if kept is not None and expected is not None and (revision(kept) != expected or isinstance(kept, BrokenSpec)):
        raise Conflict(spec_id, kept)
    return kept is not None


def revision(kept: Kept | None) -> int:
    """The revision that is kept: 0 where there is none, or one that can't be read."""
    return kept.revision if isinstance(kept, ScheduleSpec) else 0
