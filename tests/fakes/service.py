"""What every fake of a service has: a record of its calls, and faults on request."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from bot.errors import ServiceDown, ServiceError


class Call(NamedTuple):
    """One call of a port's method, with its positional arguments."""

    name: str
    args: tuple[Any, ...]


class FakeService:
    """`calls` has every call so far, those that failed among them."""

    name = "Service"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._faults: deque[tuple[str, ServiceError]] = deque()
        self._losing = False

    def fail_with(self, error: ServiceError, *, times: int = 1, on: str = "") -> None:
        """Let the next `times` calls, or those of the method called `on`, raise `error` and do nothing."""
        self._faults.extend([(on, error)] * times)

    def recover(self) -> None:
        """Forget the faults that are still to come."""
        self._faults.clear()
        self._losing = False

    def lose_answer_once(self) -> None:
        """Let the next call that changes something do so, and then raise ServiceDown."""
        self._losing = True

    def count(self, name: str) -> int:
        """How often the method was called."""
        return sum(call.name == name for call in self.calls)

    def _called(self, name: str, *args: Any) -> None:
        self.calls.append(Call(name, args))
        for fault in self._faults:
            if fault[0] in {"", name}:
                self._faults.remove(fault)
                raise fault[1]

    def _answered(self) -> None:
        """To be called when a change is done and only the telling is left."""
        if self._losing:
            self._losing = False
            raise ServiceDown(self.name, "no answer within 8 s")
