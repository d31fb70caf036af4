"""Which version of each DAG is the newest: what a catalogue needs to notice a change without reading every DAG again.

Airflow gives a DAG a new version when its parameters or tasks change, but only if a run has used the last one; else it
changes that one in place, and of a listing only the time of parsing tells. So we also learn which versions were used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from bot.airflow.endpoints import PAGE, Endpoints
from bot.airflow.reading import JSON, number, text


class Versions:
    """Remembers what it has learnt, so that a look costs one call, and one more for each DAG that never ran."""

    def __init__(self, airflow: Endpoints) -> None:
        self._airflow = airflow
        self._newest: dict[str, tuple[int, str]] = {}  # DAG: the version's number and id
        self._used: set[str] = set()

    async def settled(self, dag_ids: Collection[str]) -> Mapping[str, str]:
        """The newest version's id of each DAG whose version can't change in place any more."""
        await self._look(set(dag_ids))
        known = [dag_id for dag_id in dag_ids if dag_id in self._newest]
        await asyncio.gather(*(self._learn_use(dag_id) for dag_id in known))
        return {dag_id: self._newest[dag_id][1] for dag_id in known if self._newest[dag_id][1] in self._used}

    async def _look(self, wanted: set[str]) -> None:
        """Read versions, newest first, until every wanted DAG is known and what is read was known before."""
        offset, before = 0, {version_id for _, version_id in self._newest.values()}
        while True:
            page = await self._airflow.newest_versions(offset)
            for row in page:
                self._note(row)
            met = any(text(row, "id") in before for row in page)
            if len(page) < PAGE or (met and wanted <= self._newest.keys()):
                return
            offset += len(page)

    def _note(self, row: JSON) -> None:
        dag_id, version = text(row, "dag_id"), (number(row, "version_number", 0), text(row, "id"))
        self._newest[dag_id] = max(version, self._newest.get(dag_id, version))

    async def _learn_use(self, dag_id: str) -> None:
        version, version_id = self._newest[dag_id]
        if version_id not in self._used and await self._airflow.version_used(dag_id, version):
            self._used.add(version_id)
