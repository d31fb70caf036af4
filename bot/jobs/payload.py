"""JSON in and out of a job's rows."""

from __future__ import annotations

import json
from typing import Any

from bot.jobs.errors import Permanent


def encode(value: Any, what: str) -> str:
    """`value` as JSON; Permanent, naming `what` it is, where it can't be."""
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise Permanent(f"{what} can't be kept as JSON: {error}") from error


def decode(text: str, what: str) -> Any:
    """The value of a kept JSON text; Permanent, naming `what` it is, where it can't be read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Permanent(f"{what} can't be read: {error}") from error


def decode_args(text: str) -> dict[str, Any]:
    """A job's arguments; Permanent where they are not an object of JSON."""
    args = decode(text, "the job's arguments")
    if not isinstance(args, dict):
        raise Permanent("the job's arguments can't be read: not an object")
    return args
