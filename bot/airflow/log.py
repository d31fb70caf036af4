"""What a task's log says, for people: its lines without secrets, and why the task failed.

Airflow 3 keeps JSON objects, one a line; a remote log may be plain text.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.errors import shorten
from bot.following.masking import masked

LIMIT = 200  # characters
_COLOUR = re.compile(r"\x1b\[[0-9;:]{0,40}[A-Za-z]")
_SOURCES = "::group::Log message source details"  # where Airflow found the log: no part of it
_GROUP, _END = "::group::", "::endgroup::"


def failure(log: bytes, secrets: Iterable[str] = ()) -> str:
    """`ValueError: its first line`; without an exception the last thing said at level error; else empty."""
    entries = [entry for entry in entries_of(log) if isinstance(entry, Mapping)]
    raised = next((_exception(entry) for entry in reversed(entries) if _exception(entry)), "")
    return shorten(masked(raised or _last_words(entries), secrets), LIMIT)


class Lines:
    """A log's text as it is put together: the last `most` characters of what was added, whole lines of it.

    `cut` is true once earlier lines were dropped for later ones.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: deque[str] = deque()
        self._in_sources = False
        self.cut = False

    def add(self, content: Any) -> bool:
        """Add a page: a list of entries or of texts, or one text. False where it says nothing new."""
        said = False
        for entry in content.splitlines() if isinstance(content, str) else content or ():
            for line in self._lines(entry):
                said = True
                self._keep(line)
        return said

    def text(self, secrets: Iterable[str] = ()) -> Sequence[str]:
        """The lines, oldest first, masked."""
        return masked("\n".join(self._kept), secrets).split("\n") if self._kept else ()

    def _lines(self, entry: Any) -> Iterator[str]:
        event = str(entry.get("event") or "") if isinstance(entry, Mapping) else str(entry)
        if event.startswith(_SOURCES):
            self._in_sources = True
        ended, self._in_sources = self._in_sources, self._in_sources and not event.startswith(_END)
        if not ended and not event.startswith(_END):
            yield from _shown(entry, event.removeprefix(_GROUP))

    def _keep(self, line: str) -> None:
        self._kept.append(line[-self._most :])
        self._size += len(self._kept[-1]) + 1
        while self._size > self._most and len(self._kept) > 1:
            self._size -= len(self._kept.popleft()) + 1
            self.cut = True


def entries_of(log: bytes) -> list[Any]:
    """The objects of a log that is one object a line; a line that is none as text, save the first, perhaps cut."""
    found: list[Any] = []
    for line in log.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(line.decode(errors="replace"))
    return found if not found or isinstance(found[0], Mapping) else found[1:]


def _shown(entry: Any, event: str) -> Iterator[str]:
    """`10:42:03 ERROR Task failed`, and below it the exceptions: the one raised first, then its causes."""
    fields: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    moment, level = str(fields.get("timestamp") or ""), str(fields.get("level") or "")
    head = [moment[11:19] if "T" in moment else "", level.upper() if level != "info" else ""]
    yield from _COLOUR.sub("", " ".join([*filter(None, head), event])).splitlines() or [""]
    detail = fields.get("error_detail")
    for raised in detail if isinstance(detail, list) else ():
        if isinstance(raised, Mapping):
            yield from _traceback(raised)


def _traceback(raised: Mapping[str, Any]) -> Iterator[str]:
    frames = raised.get("frames")
    for frame in frames if isinstance(frames, list) else ():
        if isinstance(frame, Mapping):
            yield f"  {frame.get('filename')}, line {frame.get('lineno')}, in {frame.get('name')}"
    yield from f"{raised.get('exc_type') or 'Error'}: {raised.get('exc_value') or ''}".splitlines()


def _exception(entry: Mapping[str, Any]) -> str:
    """The exception of an entry. The first is the one raised; its causes come after."""
    detail = entry.get("error_detail")
    if not isinstance(detail, list) or not detail or not isinstance(detail[0], Mapping):
        return ""
    kind, words = str(detail[0].get("exc_type") or "Error"), str(detail[0].get("exc_value") or "").strip()
    return f"{kind}: {words.splitlines()[0]}" if words else kind


def _last_words(entries: list[Mapping[str, Any]]) -> str:
    loud = [str(entry.get("event") or "") for entry in entries if entry.get("level") in {"error", "critical"}]
    return loud[-1].strip().partition("\n")[0] if loud else ""
