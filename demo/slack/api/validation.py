"""`blocks.validate`: what Slack would refuse, without sending anything."""

import re
from collections.abc import Iterator
from typing import Any

from demo.slack.arguments import Arguments, invalid_arguments
from demo.slack.backend import Backend
from demo.slack.blocks import check_blocks, check_view
from demo.slack.content import from_json
from demo.slack.errors import SlackError

_KINDS = ("blocks", "message", "view")
_PROBLEM = re.compile(r"(?:\[ERROR\] )?(?P<message>.*?)(?: \[json-pointer:(?P<pointer>.*)\])?", re.DOTALL)


def validate(_backend: Backend, args: Arguments) -> dict[str, Any]:
    """`blocks.validate` of exactly one of `blocks`, `message` and `view`.

    Raises SlackError: invalid_arguments, or invalid_blocks, invalid_message or invalid_view with `errors`, each of
    which has a `pointer`, a `code` and a `message`.
    """
    given = [kind for kind in _KINDS if args.get(kind)]
    if len(given) != 1:
        raise invalid_arguments("[ERROR] provide exactly one of blocks, message or view")
    kind = given[0]
    value = from_json(args[kind], f"invalid_{kind}")
    if errors := [_error(problem, kind) for problem in _problems(kind, value)]:
        raise SlackError(f"invalid_{kind}", errors=errors)
    return {}


def _problems(kind: str, value: Any) -> Iterator[str]:
    if kind == "blocks":
        yield from check_blocks(value, surface="message") if isinstance(value, list) else ["must be an array"]
    elif not isinstance(value, dict):
        yield "must be an object"
    elif kind == "message":
        yield from _message_problems(value)
    else:
        yield from _view_problems(value)


def _message_problems(message: dict[str, Any]) -> Iterator[str]:
    blocks = message.get("blocks", [])
    if not blocks and not message.get("text"):
        yield "missing required field: text"
    yield from check_blocks(blocks, surface="message") if isinstance(blocks, list) else ["must be an array"]


def _view_problems(view: dict[str, Any]) -> Iterator[str]:
    try:
        check_view(view)
    except SlackError as exc:
        yield from exc.extra.get("response_metadata", {}).get("messages", [exc.code])


def _error(problem: str, kind: str) -> dict[str, str]:
    """A problem in this method's shape. Its pointers start at what was given, which messages and views name."""
    found = _PROBLEM.fullmatch(problem)
    message, pointer = (found["message"], found["pointer"] or "") if found else (problem, "")
    start = {"blocks": "/blocks", "message": "", "view": "/view"}[kind]
    return {"pointer": pointer.removeprefix(start), "code": "failed_constraint", "message": message}
