"""What Slack takes of a message: the limits of `bot.limits`, the rules between blocks, and nothing live by accident."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block

from bot import limits
from bot.render import Rendered
from demo.slack.blocks import check_blocks

TOKEN = re.compile(r"<[^<>]*>?")
HALF_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)|>")
KNOWN = {"section", "context", "actions", "plan", "table", "header", "divider", "image", "rich_text"}


def problems(message: Rendered, live: frozenset[str] = frozenset()) -> list[str]:
    """Why Slack would refuse this, or show something that wasn't meant; `live` are the tokens that were meant."""
    return [
        *_of_the_text(message.text, live, limits.TEXT, "the message"),
        *_of_the_library(message.blocks),
        *check_blocks(message.blocks, surface="message"),
        *_between_blocks(message.blocks),
        *(problem for block in message.blocks for problem in _of_a_block(block, live)),
    ]


def _of_the_library(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """What slack_sdk's own classes say."""
    for block, parsed in zip(blocks, Block.parse_all(blocks), strict=True):
        try:
            parsed.to_dict()
        except Exception as error:  # noqa: BLE001  # whatever it raises, Slack would have refused
            yield f"{block['type']}: {error}"


def _between_blocks(blocks: list[dict[str, Any]]) -> Iterator[str]:
    if not 1 <= len(blocks) <= limits.BLOCKS:
        yield f"{len(blocks)} blocks"
    if (size := len(json.dumps(blocks, ensure_ascii=False))) >= limits.ALL_BLOCKS:
        yield f"{size} characters of blocks"
    kinds = Counter(block["type"] for block in blocks)
    yield from (f"{kinds[kind]} {kind} blocks" for kind in ("plan", "table") if kinds[kind] > 1)
    yield from (f"an unknown block, {kind}: teach the tests" for kind in kinds.keys() - KNOWN)
    actions = Counter(element["action_id"] for block in blocks for element in buttons(block))
    yield from (f"action_id {name} twice" for name, times in actions.items() if times > 1)


def buttons(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a block."""
    found = [block.get("accessory"), *(block["elements"] if block["type"] == "actions" else ())]
    return [element for element in found if element]


def _of_a_block(block: dict[str, Any], live: frozenset[str]) -> Iterator[str]:
    yield from _of_plain(block.get("block_id", "none"), limits.CHARACTERS["id"], "a block's id")
    yield from (problem for button in buttons(block) for problem in _of_a_button(button))
    match block["type"]:
        case "section" | "header":
            yield from _of_a_text(block["text"], live, block["type"])
        case "context":
            yield from _count(block["elements"], limits.CONTEXT_ELEMENTS, "elements of a context")
            for element in block["elements"]:
                yield from _of_a_text(element, live, "context")
        case "actions":
            yield from _count(block["elements"], limits.ACTIONS, "buttons")
        case "plan":
            yield from _of_a_plan(block)
        case "table":
            yield from _of_a_table(block)


def _of_a_button(button: dict[str, Any]) -> Iterator[str]:
    yield from _of_plain(button["text"]["text"], limits.CHARACTERS["button"], "a button's label")
    yield from _of_plain(button.get("value", "none"), limits.CHARACTERS["value"], "a button's value")
    yield from _of_plain(button.get("url", "none"), limits.CHARACTERS["url"], "a button's address")
    yield from _of_plain(button["action_id"], limits.CHARACTERS["id"], "an action's id")


def _of_a_text(text: dict[str, Any], live: frozenset[str], kind: str) -> Iterator[str]:
    most = limits.CHARACTERS[kind]
    if text["type"] == "mrkdwn":
        yield from _of_the_text(text["text"], live, most, kind)
    else:
        yield from _of_plain(text["text"], most, kind)


def _of_the_text(text: str, live: frozenset[str], most: int, what: str) -> Iterator[str]:
    """mrkdwn: what is alive in it, and what a cut may have left."""
    yield from _of_plain(text, most, what)
    alive = {token for token in TOKEN.findall(text) if not re.fullmatch(r"<!date\^\d+\^[^|<>]+\|[^|<>]+>", token)}
    yield from (f"{what}: {token} is alive" for token in alive - live)
    if HALF_ENTITY.search(TOKEN.sub("", text)):
        yield f"{what}: half of an entity in {text[-80:]!r}"


def _of_plain(text: str, most: int, what: str) -> Iterator[str]:
    if not text.strip():
        yield f"{what} is empty"
    if len(text) > most:
        yield f"{what} has {len(text)} characters"


def _of_a_plan(block: dict[str, Any]) -> Iterator[str]:
    yield from _of_plain(block["title"], limits.CHARACTERS["plan"], "a plan's title")
    yield from _count(block["tasks"], limits.TASKS, "tasks")
    for task in block["tasks"]:
        yield from _of_plain(task["title"], limits.CHARACTERS["task"], "a task's title")
        yield from _of_plain(task["task_id"], limits.CHARACTERS["id"], "a task's id")


def _of_a_table(block: dict[str, Any]) -> Iterator[str]:
    yield from _count(block["rows"], limits.TABLE_ROWS, "rows")
    for row in block["rows"]:
        yield from _count(row, limits.TABLE_COLUMNS, "columns")
        if len(row) != len(block["rows"][0]):
            yield "rows of different widths"
        for cell in row:
            yield from _of_plain(cell["text"], limits.CHARACTERS["cell"], "a cell")


def _count(items: list[Any], most: int, what: str) -> Iterator[str]:
    if not 1 <= len(items) <= most:
        yield f"{len(items)} {what}"
