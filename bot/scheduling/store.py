"""The schedules' store that the configuration names, as it names it now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bot.errors import Refusal
from bot.ports import Buckets, Orchestrator, Specs
from bot.scheduling.dagfile import dag_file, specs_name
from bot.scheduling.folder import FolderSpecs
from bot.scheduling.objects import S3Specs
from bot.scheduling.revisions import Kept
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.variable import VariableSpecs
from bot.settings.config import ConfigFile
from bot.settings.schedules import Schedules


class ConfiguredSpecs:
    """`bot.ports.Specs` in whichever store `schedules` of the configuration names; a Refusal where it names none."""

    def __init__(self, config: ConfigFile, orchestrator: Orchestrator, buckets: Buckets) -> None:
        self._config = config
        self._make = partial(store, orchestrator=orchestrator, buckets=buckets)
        self._made: tuple[Schedules, Specs] | None = None

    @property
    def prefix(self) -> str:
        """See Specs."""
        return self._section().name

    @property
    def single_writer(self) -> bool:
        """See Specs."""
        return self._now().single_writer

    async def all(self) -> Mapping[str, Kept]:
        """See Specs."""
        return await self._now().all()

    async def get(self, spec_id: str) -> Kept | None:
        """See Specs."""
        return await self._now().get(spec_id)

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """See Specs."""
        return await self._now().put(spec, expected)

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """See Specs."""
        await self._now().remove(spec_id, expected)

    async def install(self) -> bool:
        """See Specs."""
        return await self._now().install()

    def _now(self) -> Specs:
        section = self._section()
        if self._made is None or self._made[0] != section:
            self._made = section, self._make(section)
        return self._made[1]

    def _section(self) -> Schedules:
        section = self._config.current().schedules
        if section is None:
            raise Refusal(
                "Schedules are not set up here yet.", hint="An admin can add `schedules` to the configuration."
            )
        return section


def store(section: Schedules, *, orchestrator: Orchestrator, buckets: Buckets) -> Specs:
    """The store that this section names."""
    if section.store == "variable":
        return VariableSpecs(orchestrator, section.variable, section.name)
    if section.store == "s3" and section.bucket:
        return S3Specs(buckets, section.bucket, section.prefix, section.name)
    assert section.path is not None, "the section was validated"  # noqa: S101
    return FolderSpecs(section.path, section.name)


def generic_dag_file(section: Schedules) -> str:
    """The source of the DAG file that reads this store."""
    if section.store == "variable":
        return dag_file(prefix=section.name, store="variable", specs=section.variable)
    return dag_file(prefix=section.name, store="folder", specs=specs_name(section.name))
