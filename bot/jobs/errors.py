"""What a handler can raise, and what ends it without being its failure."""

from __future__ import annotations


class Permanent(Exception):
    """Trying again can't help: the job is dead at once."""


class RetryLater(Exception):
    """Something the job needs is away: keep the job, and look again `after` seconds. Costs no attempt."""

    def __init__(self, reason: str, *, after: float) -> None:
        super().__init__(reason)
        self.after = after


class Fenced(Exception):
    """Somebody else has this job, or this hold, by now: stop, and write nothing more."""


class Suspended(BaseException):
    """The job waits. It leaves the handler like a cancellation, past every `except Exception`."""
