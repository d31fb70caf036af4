"""Jobs in words, for whoever looks after them at a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.jobs.overview import JobRow

WIDEST = 60  # characters of an error in a list


def listing(rows: Sequence[JobRow]) -> str:
    """A line for each, the one that changed last first."""
    if not rows:
        return "No such jobs."
    table = [("STATE", "KIND", "CHANGED", "FAILED", "ID", "ERROR")]
    table += [(row.state, row.kind, _when(row.updated), str(row.attempts), row.id, _short(row.error)) for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(5)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[5]]).rstrip()
        for line in table
    )


def whole(row: JobRow, steps: Mapping[str, str]) -> str:
    """All that is known of one, with what it remembers."""
    lines = [
        f"{row.id}",
        f"  kind       {row.kind}",
        f"  state      {row.state}{f', waiting for {row.waiting_for}' if row.waiting_for else ''}",
        f"  accepted   {_when(row.created)}",
        f"  changed    {_when(row.updated)}",
        f"  due        {_when(row.due)}",
        f"  taken      {row.epoch} times{f', now by {row.owner}' if row.owner else ''}",
        f"  failures   {row.attempts} since its last step",
    ]
    lines += [f"  error      {row.error}"] if row.error else []
    lines += [f"  asked      {json.dumps(row.args, ensure_ascii=False)}"]
    lines += [f"  result     {json.dumps(row.result, ensure_ascii=False)}"] if row.result is not None else []
    return "\n".join([*lines, *(f"  remembers  {name}: {_short(result)}" for name, result in steps.items())])


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"


def _short(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"
