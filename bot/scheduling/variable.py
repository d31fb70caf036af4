"""Schedules in an Airflow Variable, where the bot has nothing but Airflow's REST API. For a single writer.

The Variable holds one JSON object, a schedule by each id, packed (zlib, base64): of what Airflow's API shows of a
Variable it puts *** in the place of what looks like a secret, under a key such as `max_tokens` or equal to some
connection's password, and the next change would write that down.

Airflow knows no condition for writing one: of two changes at the same moment, by two processes or by a hand on
Airflow's page, one would be lost. This process makes its own one after the other.
"""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from bot.errors import ServiceConfused, ServiceRejected
from bot.ports import Orchestrator
from bot.scheduling.revisions import Kept, change, removal
from bot.scheduling.spec import ScheduleSpec, read_spec

SERVICE = "Airflow"
LARGEST = 4 * 1024 * 1024  # bytes of all schedules; each parsing of the DAG file reads them


class VariableSpecs:
    """`bot.ports.Specs` in the Variable called `key`; the schedules' DAGs have ids that begin with `prefix`."""

    single_writer = True

    def __init__(self, orchestrator: Orchestrator, key: str, prefix: str) -> None:
        self._orchestrator, self._key, self.prefix = orchestrator, key, prefix
        self._turn = asyncio.Lock()

    async def all(self) -> Mapping[str, Kept]:
        """See Specs. One call."""
        return {spec_id: _kept(spec_id, each) for spec_id, each in sorted((await self._load()).items())}

    async def get(self, spec_id: str) -> Kept | None:
        """See Specs."""
        return (await self.all()).get(spec_id)

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """See Specs."""
        async with self._turn:
            loaded = await self._load()
            kept = _kept(spec.id, loaded[spec.id]) if spec.id in loaded else None
            new = change(kept, spec, expected)
            if kept != new:
                await self._save({**loaded, spec.id: json.loads(new.to_json())})
            return new

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """See Specs."""
        async with self._turn:
            loaded = await self._load()
            kept = _kept(spec_id, loaded[spec_id]) if spec_id in loaded else None
            if removal(spec_id, kept, expected):
                await self._save({name: each for name, each in loaded.items() if name != spec_id})

    async def install(self) -> bool:
        """See Specs. Airflow's API takes no files: `stationmaster dagfile` prints the one to be put there by hand."""
        if await self._orchestrator.variable(self._key) is None:
            await self._save({})
        return False

    async def _load(self) -> dict[str, Any]:
        """What the Variable holds, by id. ServiceConfused where it isn't ours to read, and so not ours to overwrite."""
        text = await self._orchestrator.variable(self._key)
        try:
            loaded = json.loads(unpacked(text)) if text else {}
        except ValueError as exc:
            raise ServiceConfused(SERVICE, f"its Variable {self._key} holds no schedules that I can read") from exc
        if not isinstance(loaded, dict):
            raise ServiceConfused(SERVICE, f"its Variable {self._key} holds no schedules, but other JSON")
        return loaded

    async def _save(self, loaded: Mapping[str, Any]) -> None:
        text = packed(json.dumps(loaded, sort_keys=True))
        if len(text) > LARGEST:
            raise ServiceRejected(SERVICE, f"its Variable {self._key} would hold more than {LARGEST >> 20} MiB")
        await self._orchestrator.set_variable(self._key, text)


def packed(text: str) -> str:
    """The text as the Variable holds it."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpacked(text: str) -> str:
    """What was packed; plain JSON, such as a hand may have written, as it is. ValueError for anything else."""
    if text.lstrip().startswith("{"):
        return text
    try:
        return zlib.decompress(base64.b64decode(text, validate=True)).decode()
    except zlib.error as exc:
        raise ValueError("what is packed is not whole") from exc


def _kept(spec_id: str, each: Any) -> Kept:
    return read_spec(spec_id, each if isinstance(each, str) else json.dumps(each))
