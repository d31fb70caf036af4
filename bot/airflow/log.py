"""Why a task failed, in one line, from its log: JSON objects, one a line, as Airflow 3 keeps them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.errors import shorten

LIMIT = 200  # characters
HIDDEN = "•••"

# What looks like a secret. Best effort: people should not put secrets into errors, and do.
SECRETS = (
    (re.compile(r"(?i)((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|credentials?)"
                r"[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)((?:bearer|basic)\s+)[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|\bgh[pousr]_\w{20,}"
                r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
)  # fmt: skip


def failure(log: bytes) -> str:
    """`ValueError: its first line`; without an exception the last thing said at level error; else empty."""
    entries = list(_entries(log))
    raised = next((_exception(entry) for entry in reversed(entries) if _exception(entry)), "")
    return shorten(masked(raised or _last_words(entries)), LIMIT)


def masked(words: str) -> str:
    """`words` without what looks like a password, a token or a key."""
    for pattern, instead in SECRETS:
        words = pattern.sub(instead, words)
    return words


def _entries(log: bytes) -> Iterable[Mapping[str, Any]]:
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # the line that the tail starts in, or a remote log that is plain text
            continue
        if isinstance(entry, Mapping):
            yield entry


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
