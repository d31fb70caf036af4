"""Long lists in pages, by Slack's cursors."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from demo.slack.arguments import Arguments
from demo.slack.errors import SlackError

T = TypeVar("T")
DEFAULT, MOST = 100, 999


def page(items: Sequence[T], args: Arguments) -> tuple[Sequence[T], dict[str, Any]]:
    """The items behind the call's `cursor`, `limit` at most, and the keys that name the next page.

    Raises SlackError: invalid_cursor, invalid_limit.
    """
    start = _start(args.optional("cursor"))
    stop = start + min(args.number("limit", DEFAULT, error="invalid_limit") or DEFAULT, MOST)
    following = base64.b64encode(f"next:{stop}".encode()).decode() if stop < len(items) else ""
    return items[start:stop], {
        "has_more": bool(following),
        "response_metadata": {"next_cursor": following},
    }


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (ValueError, binascii.Error) as exc:
        raise SlackError("invalid_cursor") from exc
