"""Checks of whole lists of blocks: each block by its model, then the rules between blocks."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from demo.slack import limits
from demo.slack.blocks.layout import HomeBlock, MessageBlock, ModalBlock
from demo.slack.errors import SlackError

Surface = Literal["message", "home", "modal"]

_MODELS: dict[Surface, TypeAdapter[Any]] = {
    "message": TypeAdapter(list[MessageBlock]),
    "home": TypeAdapter(list[HomeBlock]),
    "modal": TypeAdapter(list[ModalBlock]),
}
_ONCE = {"plan": limits.PLANS, "table": limits.TABLES}


def check_blocks(blocks: Sequence[Any], *, surface: Surface) -> list[str]:
    """What Slack would refuse, in its style: `[ERROR] reason [json-pointer:/blocks/0/…]`; empty if nothing."""
    try:
        _MODELS[surface].validate_json(json.dumps(blocks), strict=True)
    except ValidationError as exc:
        return [_problem(_reason(error), _pointer(error, blocks)) for error in exc.errors(include_url=False)]
    return list(_cross_problems(blocks, surface))


def check_view(view: dict[str, Any]) -> None:
    """Raises SlackError invalid_arguments or view_too_large for a view that Slack would refuse."""
    problems = list(_view_problems(view))
    if problems:
        raise SlackError("invalid_arguments", response_metadata={"messages": problems})
    if len(json.dumps(view)) > limits.VIEW_BYTES:
        raise SlackError("view_too_large")


def shown_characters(blocks: Any) -> int:
    """How many characters all texts of the blocks hold together."""
    if isinstance(blocks, list):
        return sum(map(shown_characters, blocks))
    if not isinstance(blocks, dict):
        return 0
    shown = (len(v) if isinstance(v, str) and k in ("text", "title") else shown_characters(v) for k, v in
             blocks.items())  # fmt: skip
    return sum(shown)


def complete_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks with a `block_id` and each element's `action_id`, made up where they are missing."""
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in interactive_elements(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return blocks


def interactive_elements(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The elements of a block that a person can act on."""
    candidates = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
    for element in candidates if block.get("type") in ("actions", "section", "input") else ():
        if element and element.get("type") != "image":
            yield element


def _cross_problems(blocks: Sequence[dict[str, Any]], surface: Surface) -> Iterator[str]:
    most = limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS
    if len(blocks) > most:
        yield _problem(f"no more than {most} items allowed", "/blocks")
    kinds = Counter(block["type"] for block in blocks)
    for kind, allowed in _ONCE.items():
        if kinds[kind] > allowed:
            yield _problem(f"no more than {allowed} {kind} block allowed", "/blocks")
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > limits.MARKDOWN_CHARACTERS:
        yield _problem(f"no more than {limits.MARKDOWN_CHARACTERS} characters of markdown allowed", "/blocks")
    for block_id in _repeated(block.get("block_id") for block in blocks):
        yield _problem(f'block_id "{block_id}" already exists', "/blocks")
    for index, block in enumerate(blocks):
        for action_id in _repeated(element.get("action_id") for element in interactive_elements(block)):
            yield _problem(f'action_id "{action_id}" already exists', f"/blocks/{index}")


def _repeated(ids: Iterator[str | None]) -> list[str]:
    return [found for found, times in Counter(ids).items() if found is not None and times > 1]


def _view_problems(view: dict[str, Any]) -> Iterator[str]:
    surface = view.get("type")
    if surface not in ("modal", "home"):
        yield _problem("must be one of: modal, home", "/view/type")
        return
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        yield _problem("missing required field: blocks", "/view")
        return
    yield from check_blocks(blocks, surface="modal" if surface == "modal" else "home")
    if len(view.get("private_metadata") or "") > limits.VIEW_METADATA:
        yield _problem(f"must be less than {limits.VIEW_METADATA + 1} characters", "/view/private_metadata")
    if surface == "modal":
        yield from _modal_problems(view, blocks)


def _modal_problems(view: dict[str, Any], blocks: list[Any]) -> Iterator[str]:
    if view.get("title") is None:
        yield _problem("missing required field: title", "/view")
    for key in ("title", "submit", "close"):
        if view.get(key) is not None and not 0 < _length(view[key]) <= limits.VIEW_TITLE:
            yield _problem(f"must be less than {limits.VIEW_TITLE + 1} characters", f"/view/{key}")
    inputs = [block for block in blocks if isinstance(block, dict) and block.get("type") == "input"]
    if inputs and view.get("submit") is None:
        yield _problem("submit is needed where there is an input block", "/view")


def _length(text: Any) -> int:
    return len(str(text.get("text", ""))) if isinstance(text, dict) else 0


def _problem(reason: str, pointer: str) -> str:
    return f"[ERROR] {reason} [json-pointer:{pointer}]"


def _reason(error: ErrorDetails) -> str:
    context = error.get("ctx") or {}
    last = error["loc"][-1] if error["loc"] else ""
    return {
        "missing": f"missing required field: {last}",
        "extra_forbidden": f"invalid additional property: {last}",
        "union_tag_invalid": f"unsupported type: {context.get('tag')}",
        "union_tag_not_found": "missing required field: type",
        "string_too_long": f"must be less than {context.get('max_length', 0) + 1} characters",
        "string_too_short": f"must be more than {context.get('min_length', 1) - 1} characters",
        "too_long": f"no more than {context.get('max_length')} items allowed",
        "too_short": f"no fewer than {context.get('min_length')} items allowed",
        "value_error": str(context.get("error")),
    }.get(error["type"], error["msg"])


def _pointer(error: ErrorDetails, blocks: Sequence[Any]) -> str:
    """The JSON pointer of an error: pydantic's location without the tags of its unions."""
    here: Any = blocks
    found = "/blocks"
    for part in error["loc"]:
        inside = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)
        if inside:
            here = here[part]
            found += f"/{part}"
    return found
