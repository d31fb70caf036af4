"""What Slack takes, as this project read its reference: sizes, rules between blocks, and nothing live by accident.

An opinion of its own: it shares no code with the stand-in Slack and no number with the bot. Where Slack's pages differ
from each other, or a limit rose lately, the smaller number stands here, because it costs nothing to stay within it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from bot.messages.render import Rendered

Json = dict[str, Any]

TOKEN = re.compile(r"<[^<>]*>?")
DATE = re.compile(r"<!date\^\d+\^[^|<>]+\|[^|<>]+>")
HALF_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)|>")

EVERYWHERE = {"section", "context", "actions", "header", "divider", "image", "input", "rich_text"}
KNOWN = {
    "message": EVERYWHERE - {"input"} | {"plan", "table", "data_table", "data_visualization", "markdown"},
    "modal": EVERYWHERE | {"alert"},
    "home": EVERYWHERE | {"table", "data_table"},
}
BLOCKS = {"message": 50, "modal": 100, "home": 100}
CHARACTERS = {"message": 13_000, "modal": 250_000, "home": 250_000}  # as JSON
ONCE = {"plan": 1, "table": 1, "data_table": 1, "data_visualization": 2}

# How many characters a text has, by the object that holds it and its key there. An object without a type is named by
# the key that it stands at: an option, a confirm. A star is any object.
SIZES = {
    "message.text": 4_000, "modal.title": 24, "modal.submit": 24, "modal.close": 24,
    "section.text": 3_000, "section.fields": 2_000, "context.elements": 2_000, "header.text": 150, "alert.text": 200,
    "input.label": 2_000, "input.hint": 2_000, "image.title": 2_000, "image.alt_text": 2_000, "image.image_url": 3_000,
    "markdown.text": 12_000, "plan.title": 150, "task_card.title": 150, "task_card.task_id": 255,
    "button.text": 75, "button.value": 2_000, "button.url": 3_000, "button.accessibility_label": 75,
    "options.text": 75, "options.value": 150, "options.description": 75, "options.url": 3_000,
    "option_groups.label": 75, "initial_option.text": 75, "initial_option.value": 150,
    "initial_options.text": 75, "initial_options.value": 150, "initial_option.description": 75,
    "initial_options.description": 75,
    "confirm.title": 100, "confirm.text": 300, "confirm.confirm": 30, "confirm.deny": 30,
    "*.placeholder": 150, "*.block_id": 255, "*.action_id": 255,
    "raw_text.text": 1_000, "raw_number.text": 100, "data_table.caption": 150, "data_visualization.title": 50,
    "series.name": 20, "data.label": 20, "segments.label": 20, "axis_config.categories": 20,
    "axis_config.x_label": 50, "axis_config.y_label": 50, "text.text": 3_000, "url.url": 3_000, "link.url": 3_000,
}  # fmt: skip
MAY_BE_EMPTY = {"modal.private_metadata": 3_000, "home.private_metadata": 3_000, "modal.callback_id": 255,
                "home.callback_id": 255, "modal.external_id": 255, "home.external_id": 255,
                "plain_text_input.initial_value": 3_000}  # fmt: skip
COUNTS = {
    "section.fields": 10, "context.elements": 10, "actions.elements": 25, "plan.tasks": 50, "table.rows": 100,
    "data_table.rows": 101, "static_select.options": 100, "multi_static_select.options": 100, "overflow.options": 5,
    "static_select.option_groups": 100, "multi_static_select.option_groups": 100, "option_groups.options": 100,
    "radio_buttons.options": 10, "checkboxes.options": 10, "pie.segments": 6, "line.series": 6, "bar.series": 6,
    "area.series": 6, "series.data": 20, "axis_config.categories": 20,
}  # fmt: skip


def problems(message: Rendered, live: frozenset[str] = frozenset()) -> list[str]:
    """Why Slack would refuse a message, or show something that wasn't meant; `live` are the tokens that were meant."""
    return [
        *_mrkdwn(message.text, live, "message.text"),
        *_sizes("message", message.text, "text"),
        *_of_blocks(message.blocks, "message", live),
    ]


def problems_of_view(view: Json) -> list[str]:
    """Why Slack would refuse a modal or a home tab, or show something that wasn't meant."""
    kind = view["type"]
    around = {key: value for key, value in view.items() if key != "blocks"}
    inputs = any(block["type"] == "input" for block in view["blocks"])
    return [
        *_of_part(around, kind, frozenset()),
        *([f"a home tab has no {key}" for key in ("title", "submit", "close") if kind == "home" and key in view]),
        *(["a modal without a title"] if kind == "modal" and "title" not in view else []),
        *(["an input, and no submit"] if kind == "modal" and inputs and "submit" not in view else []),
        *_of_blocks(view["blocks"], kind, frozenset()),
    ]


def _of_blocks(blocks: list[Json], surface: str, live: frozenset[str]) -> Iterator[str]:
    yield from _between_blocks(blocks, surface)
    for block in blocks:
        yield from _of_part(block, "blocks", live)
        yield from _of_a_grid(block)
        yield from _of_a_chart(block)


def _between_blocks(blocks: list[Json], surface: str) -> Iterator[str]:
    if not 1 <= len(blocks) <= BLOCKS[surface]:
        yield f"{len(blocks)} blocks"
    if (size := len(json.dumps(blocks, ensure_ascii=False))) >= CHARACTERS[surface]:
        yield f"{size} characters of blocks"
    kinds = Counter(block["type"] for block in blocks)
    yield from (f"{kinds[kind]} {kind} blocks" for kind, most in ONCE.items() if kinds[kind] > most)
    yield from (f"{kind} in a {surface}: teach the tests, if it may be there" for kind in kinds.keys() - KNOWN[surface])
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > SIZES["markdown.text"]:
        yield "too much markdown"
    for key in ("block_id", "action_id", "task_id"):
        yield from (f"{key} {name} twice" for name in _twice(_values(blocks, key)))
    if list(_values(blocks, "focus_on_load")).count(True) > 1:
        yield "focus_on_load twice"


def _values(part: Any, key: str) -> Iterator[Any]:
    """The values of a key, wherever it is."""
    if isinstance(part, list):
        for each in part:
            yield from _values(each, key)
    elif isinstance(part, dict):
        yield from (value for name, value in part.items() if name == key)
        for value in part.values():
            yield from _values(value, key)


def _twice(values: Iterable[Any]) -> list[Any]:
    return [value for value, times in Counter(values).items() if times > 1]


def _of_part(part: Any, key: str, live: frozenset[str]) -> Iterator[str]:
    """What is wrong in an object that stands at `key`: its texts, its lists, and the objects in it."""
    owner = part.get("type", key)
    for name, value in part.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and each.get("type") in ("plain_text", "mrkdwn"):
                yield from _of_a_text(each, owner, name, live)
            elif isinstance(each, dict):
                yield from _of_part(each, name, live)
            elif isinstance(each, str):
                yield from _sizes(owner, each, name)
        if isinstance(value, list):
            yield from _count(value, f"{owner}.{name}")
    yield from _of_choices(part)


def _of_a_text(text: Json, owner: str, name: str, live: frozenset[str]) -> Iterator[str]:
    place = f"{owner}.{name}"
    if place not in SIZES and f"*.{name}" not in SIZES:
        yield f"an unknown text, {place}: teach the tests"
    may_be_marked = place in ("section.text", "section.fields", "context.elements", "confirm.text", "alert.text")
    if text["type"] == "mrkdwn" and not may_be_marked and owner != "options":
        yield f"mrkdwn at {place}"
    if text["type"] == "mrkdwn":
        yield from _mrkdwn(text["text"], live, place)
    yield from _sizes(owner, text["text"], name)


def _sizes(owner: str, text: str, name: str) -> Iterator[str]:
    """What is too long, or empty where Slack wants something."""
    place = f"{owner}.{name}"
    most = SIZES.get(place, SIZES.get(f"*.{name}"))
    if most is not None and not text.strip():
        yield f"{place} is empty"
    most = most or MAY_BE_EMPTY.get(place)
    if most is not None and len(text) > most:
        yield f"{place} has {len(text)} characters"


def _mrkdwn(text: str, live: frozenset[str], place: str) -> Iterator[str]:
    """What is alive in mrkdwn, and what a cut may have left."""
    alive = {token for token in TOKEN.findall(text) if not DATE.fullmatch(token)}
    yield from (f"{place}: {token} is alive" for token in alive - live)
    if HALF_ENTITY.search(TOKEN.sub("", text)):
        yield f"{place}: half of an entity in {text[-80:]!r}"


def _count(items: list[Any], place: str) -> Iterator[str]:
    if place in COUNTS and not 1 <= len(items) <= COUNTS[place]:
        yield f"{len(items)} {place}"


def _of_choices(part: Json) -> Iterator[str]:
    """What is chosen from the start is among what is offered; no two options have one value."""
    groups = part.get("option_groups") or []
    offered = [*(part.get("options") or []), *(option for group in groups for option in group["options"])]
    chosen = [*([part["initial_option"]] if "initial_option" in part else []), *(part.get("initial_options") or [])]
    if offered:
        yield from (f"{option['value']} is chosen, and not offered" for option in chosen if option not in offered)
    if part.get("type") in ("static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"):
        yield from (f"option {value} twice" for value in _twice(option["value"] for option in offered))


def _of_a_grid(block: Json) -> Iterator[str]:
    """A table is a rectangle of at most 20 columns, with something in each cell."""
    rows = block.get("rows", [])
    if any(len(row) != len(rows[0]) or not 1 <= len(row) <= 20 for row in rows):
        yield "rows of different widths, or too wide"
    for row in rows:
        for cell in row:
            yield from _of_part(cell, "cell", frozenset())
    if block["type"] == "data_table":
        if len(rows) < 2 or any(cell["type"] == "rich_text" for cell in rows[0]):
            yield "a data table without a head of plain cells and a row"
        if sum(map(len, _values(rows, "text"))) > 10_000 or not 1 <= block.get("page_size", 5) <= 100:
            yield "too much in a data table, or on its page"


def _of_a_chart(block: Json) -> Iterator[str]:
    """Every series has a value for each category, once."""
    chart = block.get("chart", {})
    categories = Counter(chart.get("axis_config", {}).get("categories", []))
    for series in chart.get("series", []):
        if Counter(point["label"] for point in series["data"]) != categories:
            yield f"series {series['name']} doesn't cover the categories"
    yield from (f"series {name} twice" for name in _twice(series["name"] for series in chart.get("series", [])))
    if any(segment["value"] <= 0 for segment in chart.get("segments", [])):
        yield "a slice of nothing"
