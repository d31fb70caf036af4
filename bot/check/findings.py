"""One line of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How it stands."""

    GOOD = "✓"
    BAD = "✗"  # the bot, or a part of it, can't work so
    ODD = "!"  # worth knowing


@dataclass(frozen=True)
class Finding:
    """`about` says of what: a setting, a service, a part of the configuration; `words` how it stands, what to do."""

    mark: Mark
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.mark} {self.about}: {' '.join(self.words.split())}"


def good(about: str, words: str) -> Finding:
    """As it should be."""
    return Finding(Mark.GOOD, about, words)


def bad(about: str, words: str) -> Finding:
    """Wrong: `words` say what to do."""
    return Finding(Mark.BAD, about, words)


def odd(about: str, words: str) -> Finding:
    """Perhaps meant so."""
    return Finding(Mark.ODD, about, words)


def failed(findings: Sequence[Finding]) -> bool:
    """Whether anything is wrong."""
    return any(finding.mark is Mark.BAD for finding in findings)
