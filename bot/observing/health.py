"""Does the process live, and can it do its work? What a platform's probes ask.

*Alive* is about this process alone: its event loop answers, and its worker comes round. Where it doesn't, a restart
helps. *Ready* is about what it needs. Only the database and Slack decide that: without them nothing can be accepted.
Airflow and MLflow are named with their state, but away they don't make the bot unready, because what people ask for
meanwhile is kept, and they are told so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from structlog import get_logger

from bot.errors import ServiceError
from bot.observing.kept import Kept

log = get_logger(__name__)
NEEDED = frozenset({"database", "slack"})
STUCK = 60.0  # seconds without a round of the worker, which are a second each
WITHIN = 3.0  # seconds that a dependency has to answer
KEPT_SECONDS = 5.0  # a dependency is asked this often at most, however often probes come

Look = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Condition:
    """How a dependency is; `why` is for whoever reads the probe, and holds no address and no secret."""

    ok: bool
    needed: bool
    seconds: float
    why: str = ""


class Health:
    """Looks at the worker through `idle` (seconds since it came round), at dependencies through a `Look` each.

    A look raises where its dependency can't be used.
    """

    def __init__(self, idle: Callable[[], float], looks: Mapping[str, Look]) -> None:
        self._idle = idle
        self._looks = {name: _Dependency(name, look) for name, look in looks.items()}
        self._kept = Kept(self._look, KEPT_SECONDS)

    def alive(self) -> str:
        """Empty where the process lives; else why it doesn't."""
        idle = self._idle()
        return f"the worker has not come round for {idle:.0f} s" if idle > STUCK else ""

    async def conditions(self) -> Mapping[str, Condition]:
        """How each dependency stands, as of the last few seconds."""
        return await self._kept.get()

    async def close(self) -> None:
        """Ask nothing more."""
        for each in self._looks.values():
            await each.close()

    async def _look(self) -> dict[str, Condition]:
        found = await asyncio.gather(*(each.look() for each in self._looks.values()))
        return dict(zip(self._looks, found, strict=True))


class _Dependency:
    """One of them. It is asked no second time while the first is still under way, so that probes can't pile up."""

    def __init__(self, name: str, look: Look) -> None:
        self._name, self._ask = name, look
        self._asking: asyncio.Task[str] | None = None
        self._begun = 0.0

    async def look(self) -> Condition:
        if self._asking is None:
            self._begun, self._asking = time.monotonic(), asyncio.create_task(self._why_not())
        done, _ = await asyncio.wait({self._asking}, timeout=WITHIN)
        seconds = round(time.monotonic() - self._begun, 3)
        needed = self._name in NEEDED
        if not done:
            return Condition(ok=False, needed=needed, seconds=seconds, why=f"no answer within {WITHIN:g} s")
        why, self._asking = self._asking.result(), None
        return Condition(ok=not why, needed=needed, seconds=seconds, why=why)

    async def close(self) -> None:
        if self._asking:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _why_not(self) -> str:
        try:
            await self._ask()
        except ServiceError as error:
            log.info("health.unavailable", dependency=self._name, error=str(error))
            return error.sentence
        except Exception as error:  # noqa: BLE001 - whatever a dependency raises, the probe has its answer
            log.warning("health.unavailable", dependency=self._name, error=repr(error))
            return type(error).__name__
        return ""
