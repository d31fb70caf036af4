"""Checks of whole lists of blocks and of views: each part by its model, then the rules between blocks."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from demo.slack import limits
from demo.slack.blocks.complaints import complaint, complaints
from demo.slack.blocks.ids import every_block, interactive_elements, own_elements
from demo.slack.blocks.surfaces import BLOCKS, VIEW, Surface
from demo.slack.errors import SlackError

__all__ = ["check_blocks", "check_view", "interactive_elements", "shown_characters"]

_Blocks = Sequence[dict[str, Any]]
_AT_MOST = {
    "plan": limits.PLANS,
    "table": limits.TABLES,
    "data_visualization": limits.CHARTS,
}
_COUNTED_APART = frozenset({"table", "data_table", "data_visualization"})


def check_blocks(blocks: Sequence[Any], *, surface: Surface, root: str = "/blocks") -> list[str]:
    """What Slack would refuse, in its style: `[ERROR] reason [json-pointer:/blocks/0/…]`; empty if nothing.

    `root` is the JSON pointer of the list.
    """
    found = list(complaints(BLOCKS[surface], json.dumps(blocks), blocks, root))
    return found or list(_between_blocks(blocks, surface, root))


def check_view(view: dict[str, Any]) -> None:
    """Raises SlackError invalid_arguments or view_too_large for a view that Slack would refuse."""
    document = json.dumps(view, ensure_ascii=False)
    if len(document.encode()) > limits.VIEW_BYTES:
        raise SlackError("view_too_large")
    if problems := list(_view_problems(view, document)):
        raise SlackError("invalid_arguments", response_metadata={"messages": problems})


def shown_characters(blocks: _Blocks) -> int:
    """How many characters count towards what a message may hold: those of the JSON, tables and charts apart."""
    counted = [block for block in blocks if block["type"] not in _COUNTED_APART]
    return len(json.dumps(counted, ensure_ascii=False, separators=(",", ":"))) if counted else 0


def _between_blocks(blocks: _Blocks, surface: Surface, root: str) -> Iterator[str]:
    most = limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS
    if len(blocks) > most:
        yield complaint(f"no more than {most} items allowed", root)
    yield from (complaint(reason, root) for reason in _too_many(blocks))
    yield from _repeated_ids(blocks, root)
    focused = [at for at, element in _elements(blocks) if element.get("focus_on_load")]
    yield from (complaint("only one element may have `focus_on_load`", root + at) for at in focused[1:])


def _too_many(blocks: _Blocks) -> Iterator[str]:
    """Too many blocks of one kind, kinds that exclude each other, or too much text in all blocks of a kind."""
    kinds = Counter(block["type"] for _, block in every_block(blocks))
    yield from (f"too many {kind} blocks" for kind, most in _AT_MOST.items() if kinds[kind] > most)
    if kinds["plan"] and kinds["task_card"]:
        yield "plan and task_card blocks can not be combined"
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > limits.MARKDOWN_CHARACTERS:
        yield f"markdown blocks must be less than {limits.MARKDOWN_CHARACTERS + 1} characters together"
    if sum(_text_in(block["rows"]) for block in blocks if block["type"] == "data_table") > limits.DATA_TABLE_CHARACTERS:
        yield f"data_table blocks must be less than {limits.DATA_TABLE_CHARACTERS + 1} characters together"


def _text_in(part: Any) -> int:
    """How many characters the texts of some JSON have."""
    if isinstance(part, list):
        return sum(map(_text_in, part))
    if not isinstance(part, dict):
        return 0
    return sum(len(each) if key == "text" and isinstance(each, str) else _text_in(each) for key, each in part.items())


def _elements(blocks: _Blocks) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, block in every_block(blocks):
        yield from ((at + inside, element) for inside, element in own_elements(block))


def _repeated_ids(blocks: _Blocks, root: str) -> Iterator[str]:
    """A block_id twice in the list, or an action_id twice in one block."""
    seen: set[str] = set()
    for at, block in every_block(blocks):
        yield from _again(block, "block_id", seen, root + at)
        actions: set[str] = set()
        for inside, element in own_elements(block):
            yield from _again(element, "action_id", actions, root + at + inside)


def _again(part: dict[str, Any], key: str, seen: set[str], at: str) -> Iterator[str]:
    found = part.get(key)
    if found is None:
        return
    if found in seen:
        yield complaint(f'`{key}` "{found}" already exists', f"{at}/{key}")
    seen.add(found)


def _view_problems(view: dict[str, Any], document: str) -> Iterator[str]:
    yield from complaints(VIEW, document, view, "/view")
    blocks = view.get("blocks")
    if view.get("type") not in ("modal", "home") or not isinstance(blocks, list):
        return
    yield from check_blocks(blocks, surface=view["type"], root="/view/blocks")
    if view["type"] == "modal" and view.get("submit") is None:
        for index, block in enumerate(blocks):
            if isinstance(block, dict) and block.get("type") == "input":
                yield complaint("must define `submit` to use an `input` block in modals", f"/view/blocks/{index}/input")
