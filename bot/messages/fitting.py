"""A message's blocks, cut to what Slack takes: a list that is too long ends in "and 12 more". Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from bot.messages import limits

Block: TypeAlias = dict[str, Any]

_LISTS = {  # where a block of this type holds its items, and how many Slack takes
    "plan": ("tasks", limits.TASKS),
    "table": ("rows", limits.TABLE_ROWS),
    "context": ("elements", limits.CONTEXT_ELEMENTS),
    "actions": ("elements", limits.ACTIONS),
}


@dataclass(frozen=True, slots=True)
class Room:
    """How many blocks fit, and how many characters of them together."""

    blocks: int
    characters: int


MESSAGE = Room(limits.BLOCKS - limits.SPARE_BLOCKS, limits.ALL_BLOCKS - limits.SPARE_CHARACTERS)
VIEW = Room(limits.VIEW_BLOCKS, limits.VIEW_CHARACTERS)


@dataclass
class _Part:
    """What is cut as one: the items of `frame`, or, without one, sections that follow each other."""

    frame: Block | None
    items: list[Any]
    left_out: int = 0
    sizes: list[int] = field(init=False)
    frame_size: int = field(init=False)

    def __post_init__(self) -> None:
        self.sizes = [_size(item) for item in self.items]
        self.frame_size = _size(self.frame | {_LISTS[self.frame["type"]][0]: []}) if self.frame else 0

    @property
    def size(self) -> int:
        """About how many characters it writes."""
        return self.frame_size + sum(self.sizes) + (_size(self.more()) if self.left_out else 0)

    @property
    def count(self) -> int:
        """How many items it writes, the one that says "and 12 more" among them."""
        return len(self.items) + (len(self.more()) if self.left_out else 0)

    @property
    def blocks(self) -> int:
        """How many blocks it writes."""
        return bool(self.items) if self.frame else self.count

    @property
    def most(self) -> int:
        """How many items its own list takes; of what is no list, as many as there are."""
        return _LISTS[self.frame["type"]][1] if self.frame else len(self.items)

    @property
    def cuttable(self) -> bool:
        """Can it do with an item less? One always stays, and the head of a table."""
        return len(self.items) > (2 if self.frame and self.frame["type"] == "table" else 1)

    def cut(self) -> None:
        """Leave the last item out."""
        self.items.pop()
        self.sizes.pop()
        self.left_out += 1

    def more(self) -> list[Any]:
        """The item that says how many are missing."""
        return _and_more(self.frame, self.items, self.left_out)

    def written(self) -> list[Block]:
        """Its blocks; a list without items is none."""
        items = [*self.items, *(self.more() if self.left_out else ())]
        if self.frame is None:
            return items
        return [{**self.frame, _LISTS[self.frame["type"]][0]: items}] if items else []


def fitted(blocks: Sequence[Block], room: Room = MESSAGE) -> list[Block]:
    """The blocks, the largest list among them cut until all fit; where that isn't enough, without the largest."""
    parts = [part for kind, run in groupby(blocks, key=lambda block: block["type"]) for part in _parts(kind, list(run))]
    for part in parts:
        while part.count > part.most:
            part.cut()
    while problem := _too_much(parts, room):
        candidates = [part for part in parts if part.cuttable and not (problem == "blocks" and part.frame)]
        if candidates:
            max(candidates, key=lambda part: part.size).cut()
        else:
            parts.remove(max(parts, key=lambda part: part.size))
    return [block for part in parts for block in part.written()]


def _parts(kind: str, run: list[Block]) -> list[_Part]:
    if kind not in _LISTS:
        return [_Part(None, run)]
    return [_Part(block, list(block[_LISTS[kind][0]])) for block in run]


def _too_much(parts: Sequence[_Part], room: Room) -> str:
    """What there is too much of: "blocks", "characters", or nothing."""
    if sum(part.blocks for part in parts) > room.blocks:
        return "blocks"
    return "characters" if sum(part.size for part in parts) > room.characters else ""


def _size(item: Any) -> int:
    """Characters as JSON, with the comma after it: Slack doesn't say how it counts, and this is the most there are."""
    return len(json.dumps(item, ensure_ascii=False)) + len(", ")


def _and_more(frame: Block | None, items: Sequence[Any], many: int) -> list[Any]:
    words = f"and {many} more"
    text = {"type": "plain_text", "text": words}
    match frame["type"] if frame else "":
        case "plan":
            return [{"task_id": "more", "type": "task_card", "title": words, "status": "pending"}]
        case "table":
            blank = {"type": "raw_text", "text": "–"}
            return [[{"type": "raw_text", "text": words}, *[blank] * (len(items[0]) - 1)]]
        case "context":
            return [text]
        case "actions":
            return []  # a button that isn't there needs no words
        case _:
            return [{"type": "context", "elements": [text]}]
