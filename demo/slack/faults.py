"""Faults on demand, so that tests can see what an app does when Slack misbehaves."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fault:
    """What happens to one call: refused before it is done, done but never answered, or late."""

    kind: Literal["fail", "lose", "delay"]
    status: int = 200
    error: str = "internal_error"
    seconds: float = 0.0


class Faults:
    """A queue of faults for each method; every call takes the next one."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = defaultdict(deque)

    def fail(self, method: str, *, times: int = 1, status: int = 200, error: str = "internal_error") -> None:
        """Refuse the next calls of `method` without doing them."""
        self._queues[method].extend([Fault("fail", status, error)] * times)

    def lose(self, method: str, *, times: int = 1) -> None:
        """Do the next calls of `method`, then drop the connection instead of answering."""
        self._queues[method].extend([Fault("lose")] * times)

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Answer the next calls of `method` that much later."""
        self._queues[method].extend([Fault("delay", seconds=seconds)] * times)

    def take(self, method: str) -> Fault | None:
        """The fault of this call, if one is due."""
        queue = self._queues[method]
        return queue.popleft() if queue else None
