"""The trail for other programs: CSV for a spreadsheet, or a JSON object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from bot.store import Store

BATCH = 1_000
COLUMNS = (
    "seq", "at", "actor", "actor_name", "action", "outcome", "model", "subject", "detail", "job_id", "id", "place",
    "prev", "seal", "sealed",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # what a spreadsheet would calculate

Format = Literal["csv", "jsonl"]


async def export(store: Store, kind: Format, since: float = 0.0) -> AsyncIterator[str]:
    """The rows written `since` (epoch seconds) in the order of their numbers, as text with its line ends.

    Times are ISO 8601 in UTC. In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    if kind == "csv":
        yield _line(COLUMNS)
    seq = 0
    while rows := await store.chain.all_after(seq, BATCH, since):
        for row in rows:
            yield _csv(row) if kind == "csv" else _json(row)
        seq = rows[-1]["seq"]


def _csv(row: Mapping[str, Any]) -> str:
    told = _told(row)
    return _line([_harmless(told[name]) for name in COLUMNS])


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _json(row: Mapping[str, Any]) -> str:
    told = _told(row)
    with suppress(ValueError, TypeError):
        told["detail"] = None if row["detail"] is None else json.loads(row["detail"])
    return json.dumps({name: told[name] for name in COLUMNS}, ensure_ascii=False) + "\n"


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {name: _iso(row[name]) for name in ("at", "sealed")}


def _iso(at: Any) -> Any:
    return datetime.fromtimestamp(at, UTC).isoformat() if isinstance(at, int | float) else at


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" \n\0").startswith(_FORMULA) else cell
