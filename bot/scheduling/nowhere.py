"""Where schedules are kept in an installation that has no place for them: nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import Refusal
from bot.scheduling.revisions import Kept
from bot.scheduling.spec import ScheduleSpec

NOT_SET_UP = "Schedules aren't set up here yet."
HOW_TO = "An admin can say in my configuration where they are kept."


class Nowhere:
    """`bot.ports.Specs` without a schedule, and without room for one."""

    single_writer = False

    async def all(self) -> Mapping[str, Kept]:
        """See Specs."""
        return {}

    async def get(self, spec_id: str) -> Kept | None:
        """See Specs."""
        return None

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """See Specs."""
        raise Refusal(NOT_SET_UP, hint=HOW_TO)

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """See Specs."""

    async def install(self) -> bool:
        """See Specs."""
        return False
