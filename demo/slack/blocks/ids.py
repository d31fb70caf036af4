"""The ids of blocks and of the elements that people act on."""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any

_Json = dict[str, Any]
_ACTED_ON = frozenset({"actions", "context_actions", "section", "input", "card"})


def complete_ids(blocks: list[_Json]) -> list[_Json]:
    """The blocks with a `block_id` and each element's `action_id`, made up where they are missing."""
    for _, block in every_block(blocks):
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for _, element in own_elements(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return blocks


def interactive_elements(block: _Json) -> Iterator[_Json]:
    """The elements that a person can act on, of a block and of the blocks in it."""
    for _, inner in every_block([block]):
        yield from (element for _, element in own_elements(inner))


def every_block(blocks: Iterable[_Json], at: str = "") -> Iterator[tuple[str, _Json]]:
    """All blocks with their JSON pointers, each before those that it holds."""
    for index, block in enumerate(blocks):
        yield f"{at}/{index}", block
        for key in {"container": ("child_blocks",), "carousel": ("elements",)}.get(str(block.get("type")), ()):
            yield from every_block(block.get(key) or (), f"{at}/{index}/{key}")


def own_elements(block: _Json) -> Iterator[tuple[str, _Json]]:
    """A block's own interactive elements with their JSON pointers in it."""
    if block.get("type") not in _ACTED_ON:
        return
    for key in ("accessory", "element"):
        if block.get(key):
            yield from _acted_on(f"/{key}", block[key])
    for key in ("elements", "actions"):
        for index, element in enumerate(block.get(key) or ()):
            yield from _acted_on(f"/{key}/{index}", element)


def _acted_on(at: str, element: _Json) -> Iterator[tuple[str, _Json]]:
    if element.get("type") != "image":
        yield at, element
