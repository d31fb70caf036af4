"""Schedules as objects in S3, below the prefix of a DAG bundle (`S3DagBundle`).

A change is a write on the condition that the object is still the one that was read (its ETag), or that there is none:
of two changes at once S3 refuses the second. A removal first puts a note that it is removed in the object's place, on
the same condition, and then deletes that; the DAG file passes over such a note.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from bot.errors import ServiceDown, ServiceRejected
from bot.ports import Buckets
from bot.scheduling.dagfile import dag_file, specs_name
from bot.scheduling.revisions import Kept, change, removal
from bot.scheduling.spec import ScheduleSpec, read_spec

AT_ONCE = 8  # objects that are fetched at the same time
CHANGED = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)  # S3's words for "somebody else was here"
REMOVED = json.dumps({"removed": True})
MISSING = ""  # the ETag of what is not there


class S3Specs:
    """`bot.ports.Specs` in `bucket`, below `prefix`; the schedules' DAGs have ids that begin with `name`."""

    single_writer = False

    def __init__(self, buckets: Buckets, bucket: str, prefix: str, name: str) -> None:
        self._buckets, self._bucket = buckets, bucket
        before = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._file = f"{before}{specs_name(name)}.py"
        self._folder = f"{before}{specs_name(name)}/"
        self.prefix = name
        self._known: dict[str, tuple[str, Kept | None]] = {}  # by key: an ETag, and what that object says

    async def all(self) -> Mapping[str, Kept]:
        """See Specs. One call a 1,000 objects, and one for each that changed since it was last read."""
        etags = await self._buckets.objects(self._bucket, self._folder)
        wanted = {key: etag for key, etag in etags.items() if key.endswith(".json") and "/" not in self._rest(key)}
        slots = asyncio.Semaphore(AT_ONCE)

        async def fetch(key: str) -> None:
            async with slots:
                await self._fetch(self._rest(key).removesuffix(".json"))

        changed = [key for key, etag in wanted.items() if self._known.get(key, (MISSING, None))[0] != etag]
        await asyncio.gather(*map(fetch, changed))
        self._known = {key: known for key, known in self._known.items() if key in wanted}
        found = {self._rest(key).removesuffix(".json"): kept for key, (_, kept) in sorted(self._known.items())}
        return {spec_id: kept for spec_id, kept in found.items() if kept is not None}

    async def get(self, spec_id: str) -> Kept | None:
        """See Specs."""
        return (await self._fetch(spec_id))[1]

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """See Specs."""
        etag, kept = await self._fetch(spec.id)
        new = change(kept, spec, expected)
        if kept != new:
            await self._write(spec.id, new.to_json(), etag, done=lambda now: change(now, spec, expected) == now)
        return new

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """See Specs."""
        etag, kept = await self._fetch(spec_id)
        if removal(spec_id, kept, expected):
            await self._write(spec_id, REMOVED, etag, done=lambda now: not removal(spec_id, now, expected))
        if etag != MISSING:
            await self._buckets.delete_object(self._bucket, self._key(spec_id))

    async def install(self) -> bool:
        """See Specs."""
        text = dag_file(prefix=self.prefix, store="folder", specs=specs_name(self.prefix)).encode()
        found = await self._buckets.object(self._bucket, self._file)
        if found and found.body == text:
            return False
        await self._buckets.put_object(self._bucket, self._file, text, etag=None)
        return True

    async def _fetch(self, spec_id: str) -> tuple[str, Kept | None]:
        """The object's ETag and what it says; MISSING and None where there is none, None of one that is removed."""
        key = self._key(spec_id)
        found = await self._buckets.object(self._bucket, key)
        if found is None:
            self._known.pop(key, None)
            return MISSING, None
        kept = None if found.body.decode("utf-8", "replace") == REMOVED else read_spec(spec_id, found.body)
        self._known[key] = (found.etag, kept)
        return found.etag, kept

    async def _write(self, spec_id: str, text: str, etag: str, *, done: Callable[[Kept | None], bool]) -> None:
        """Write it where the object is still that one. `done` says whether an earlier attempt did, or why it can't."""
        try:
            await self._buckets.put_object(self._bucket, self._key(spec_id), text.encode(), etag=etag)
        except ServiceRejected as error:
            if error.status not in CHANGED:
                raise
            if not done((await self._fetch(spec_id))[1]):
                raise ServiceDown(
                    error.service, "somebody else was changing this schedule", status=error.status
                ) from error

    def _key(self, spec_id: str) -> str:
        return f"{self._folder}{spec_id}.json"

    def _rest(self, key: str) -> str:
        return key.removeprefix(self._folder)
