"""Schedules in memory."""

from __future__ import annotations

from collections.abc import Mapping

from bot.scheduling.revisions import Kept, change, removal
from bot.scheduling.spec import BrokenSpec, ScheduleSpec, read_spec
from tests.fakes.service import FakeService


class FakeSpecs(FakeService):
    """`bot.ports.Specs` in memory. `installed` counts how often the DAG file was published."""

    name = "The schedules' store"

    def __init__(self, prefix: str = "stationmaster", *, single_writer: bool = False) -> None:
        super().__init__()
        self.prefix = prefix
        self.single_writer = single_writer
        self.installed = 0
        self._kept: dict[str, Kept] = {}

    def write_by_hand(self, spec_id: str, text: str) -> None:
        """Let somebody have written this in the store itself."""
        self._kept[spec_id] = read_spec(spec_id, text)

    def break_by_hand(self, spec_id: str, why: str) -> None:
        """Let a schedule be unreadable."""
        self._kept[spec_id] = BrokenSpec(id=spec_id, why=why)

    async def all(self) -> Mapping[str, Kept]:
        """See Specs."""
        self._called("all")
        return dict(sorted(self._kept.items()))

    async def get(self, spec_id: str) -> Kept | None:
        """See Specs."""
        self._called("get", spec_id)
        return self._kept.get(spec_id)

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """See Specs."""
        self._called("put", spec, expected)
        new = self._kept[spec.id] = change(self._kept.get(spec.id), spec, expected)
        self._answered()
        return new

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """See Specs."""
        self._called("remove", spec_id, expected)
        if removal(spec_id, self._kept.get(spec_id), expected):
            del self._kept[spec_id]
        self._answered()

    async def install(self) -> bool:
        """See Specs."""
        self._called("install")
        self.installed += 1
        self._answered()
        return self.installed == 1
