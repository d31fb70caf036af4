"""What the two ways to an app, Socket Mode and HTTP, have in common."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Kind = Literal["slash_commands", "interactive", "events_api"]


class NotDelivered(Exception):
    """An app could not be reached, refused, or did not acknowledge in time.

    `code` is what went wrong (`timeout`, `not_connected`, `http_service_error`, …), `reason` what Slack says about it
    when it retries an event, and `no_retry` that the app asked it not to.
    """

    def __init__(self, code: str, reason: str, *, no_retry: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.no_retry = no_retry


@dataclass(frozen=True)
class Ack:
    """An app's acknowledgement: its payload, if it sent one, and after how many seconds it came."""

    payload: dict[str, Any] | None
    seconds: float


@dataclass(frozen=True)
class Retry:
    """Which attempt this is (0 is the first), and why the one before it failed."""

    attempt: int = 0
    reason: str = ""


FIRST = Retry()


class Transport(Protocol):
    """A way to an app."""

    async def deliver(self, kind: Kind, payload: dict[str, Any], retry: Retry = FIRST) -> Ack:
        """Send one payload and wait for its acknowledgement; raises NotDelivered."""
        ...
