"""What a message says, read from an API call, a `response_url` or an acknowledgement, and checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.slack import limits
from demo.slack.blocks import check_blocks, complete_ids, shown_characters
from demo.slack.errors import SlackError


@dataclass(frozen=True)
class Content:
    """Text, blocks and metadata that passed Slack's checks; each block and element has its id."""

    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any] | None = None


def read_content(body: Mapping[str, Any]) -> Content:
    """Read `text`, `blocks` and `metadata`; blocks and metadata may be JSON in a string, as in forms.

    Raises SlackError: no_text, msg_too_long, invalid_blocks, invalid_blocks_format, msg_blocks_too_long,
    invalid_metadata_format.
    """
    text = str(body.get("text") or "")
    blocks = _blocks(body.get("blocks"))
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    if len(text) > limits.MESSAGE_TEXT:
        raise SlackError("msg_too_long")
    return Content(text, blocks, _metadata(body.get("metadata")))


def _blocks(raw: Any) -> list[dict[str, Any]]:
    blocks = from_json(raw, "invalid_blocks_format")
    if not blocks:
        return []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := check_blocks(blocks, surface="message"):
        raise SlackError("invalid_blocks", errors=problems, response_metadata={"messages": problems})
    if shown_characters(blocks) > limits.MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return complete_ids(blocks)


def _metadata(raw: Any) -> dict[str, Any] | None:
    metadata = from_json(raw, "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata["event_type"], str) or not isinstance(metadata["event_payload"], dict):
        raise SlackError("invalid_metadata_format")
    return metadata


def from_json(raw: Any, error: str) -> Any:
    """The value behind a string of JSON, or the value itself; SlackError with that code if it is none."""
    if not isinstance(raw, str) or not raw:
        return raw
    try:
        return json.loads(raw)
    except ValueError as exc:
        raise SlackError(error) from exc
