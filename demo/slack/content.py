"""What a message says, read from an API call, a `response_url` or an acknowledgement, and checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.slack import limits
from demo.slack.blocks import check_blocks, complete_ids, shown_characters
from demo.slack.errors import SlackError

LONGEST_TEXT = 40_000  # characters; Slack cuts the rest of a new message off
LARGEST_METADATA = 8_000  # characters of JSON; Slack does not publish its limit
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Content:
    """Text, blocks and metadata that passed Slack's checks; each block and element has its id.

    `metadata` None leaves a message's metadata as it is, an empty one takes it away.
    """

    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any] | None = None


def read_content(body: Mapping[str, Any], *, editing: bool = False) -> Content:
    """Read `text`, `blocks` and `metadata`; blocks and metadata may be JSON in a string, as in forms.

    Too long a text of a new message is cut, of one that is edited (`editing`) refused. Raises SlackError: no_text,
    msg_too_long, invalid_blocks, invalid_blocks_format, msg_blocks_too_long, invalid_metadata_format,
    metadata_too_large.
    """
    text = str(body.get("text") or "")
    blocks = _blocks(body.get("blocks"))
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    if editing and len(text) > limits.MESSAGE_TEXT:
        raise SlackError("msg_too_long")
    return Content(text[:LONGEST_TEXT], blocks, _metadata(body.get("metadata")))


def _blocks(raw: Any) -> list[dict[str, Any]]:
    blocks = from_json(raw, "invalid_blocks_format")
    if not blocks:
        return []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := check_blocks(blocks, surface="message"):
        errors = [problem.removeprefix("[ERROR] ") for problem in problems]
        raise SlackError("invalid_blocks", errors=errors, response_metadata={"messages": problems})
    if shown_characters(blocks) > limits.MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return complete_ids(blocks)


def _metadata(raw: Any) -> dict[str, Any] | None:
    metadata = from_json(raw, "invalid_metadata_format")
    if metadata in (None, "", {}):
        return {} if metadata == {} else None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    event_type, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(event_type, str) or not _EVENT_TYPE.fullmatch(event_type) or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > LARGEST_METADATA:
        raise SlackError("metadata_too_large")
    return metadata


def from_json(raw: Any, error: str) -> Any:
    """The value behind a string of JSON, or the value itself; SlackError with that code if it is none."""
    if not isinstance(raw, str) or not raw:
        return raw
    try:
        return json.loads(raw)
    except ValueError as exc:
        raise SlackError(error) from exc
