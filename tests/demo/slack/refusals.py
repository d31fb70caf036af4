"""How tests say what is refused: one thing changed in an example, the words of the refusal, and its place."""

from __future__ import annotations

from typing import Any

from tests.demo.slack.block_kit import GONE, Json, changed
from tests.demo.slack.cards import mrkdwn

Case = tuple[str, str, Any, str, str] | tuple[str, str, Any, str]
"""The example's name, the pointer of what is changed and to what, the refusal's words, and its place if another."""


def long(characters: int) -> tuple[str, str]:
    """A text of one character too many, and what is said to it."""
    return "x" * (characters + 1), f"must be less than {characters + 1} characters"


def many(items: int, item: Any) -> tuple[list[Any], str]:
    """A list of one item too many, and what is said to it."""
    return [item] * (items + 1), f"no more than {items} items allowed"


def plain_text(example: str, pointer: str, characters: int) -> list[Case]:
    """What every text object refuses, of one that must be plain."""
    return [
        (example, pointer, mrkdwn("x"), "unsupported type: mrkdwn", f"{pointer}/type"),
        *any_text(example, pointer, characters),
    ]


def any_text(example: str, pointer: str, characters: int) -> list[Case]:
    """What every text object refuses: too much, nothing, blanks, a bare string, unknown keys."""
    return [
        (example, f"{pointer}/text", *long(characters)),
        (example, f"{pointer}/text", "", "must be more than 0 characters"),
        (example, f"{pointer}/text", " \n", "must be more than 0 characters"),
        (example, f"{pointer}/text", 1, "must provide a string"),
        (example, f"{pointer}/text", GONE, "missing required field: text", pointer),
        (example, pointer, "x", "must provide an object"),
        (example, f"{pointer}/colour", "red", "invalid additional property: colour", pointer),
    ]


def told(case: Case) -> str:
    """A test's name."""
    return f"{case[0]}{case[1]}: {case[3]}"


def spoilt(case: Case, examples: dict[str, Json]) -> tuple[Json, str, str]:
    """The example with the one thing wrong, the words of the refusal, and its JSON pointer in the example."""
    name, pointer, value, reason = case[:4]
    return changed(examples[name], pointer, value), reason, case[4] if len(case) > 4 else pointer


def only_complaint(complaints: list[str], reason: str, pointer: str) -> bool:
    """Whether this is told, and nothing about any other place."""
    told_so = f"[ERROR] {reason} [json-pointer:{pointer}]" in complaints
    return told_so and all(f"json-pointer:{pointer}" in complaint for complaint in complaints)
