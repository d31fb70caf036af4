"""The arguments of a call: from a form, a JSON body or the query, always read in the same way."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from demo.slack.errors import SlackError

_NAME = re.compile(r"[A-Za-z0-9_]{1,80}")
_ARRAY_NAME = re.compile(r"\w+\[.*\]")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_TYPES = ("application/json", *_FORMS, "text/plain")
_CHARSETS = (None, "utf-8", "iso-8859-1")


class Arguments(Mapping[str, Any]):
    """What a caller sent, by name. Forms give strings, JSON bodies give values: the readers accept both.

    `token` is the one that a form carried beside them.
    """

    def __init__(self, values: Mapping[str, Any], token: str = "") -> None:
        self._values = {key: value for key, value in values.items() if value is not None and key != "token"}
        self.token = token

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str:
        """A required string; raises invalid_arguments where it is missing or an object, invalid_array_arg if a list."""
        value = self.optional(name)
        if value is None:
            raise invalid_arguments(f"[ERROR] missing required field: {name}")
        return value

    def optional(self, name: str) -> str | None:
        """A string, or None where it is missing or empty; refuses what `text` refuses."""
        value = self._values.get(name)
        if isinstance(value, list):
            raise SlackError("invalid_array_arg")
        if isinstance(value, dict):
            raise invalid_arguments(f"[ERROR] must provide a string [json-pointer:/{name}]")
        return None if value in (None, "") else str(value)

    def flag(self, name: str) -> bool:
        """Whether a switch is on: true, 1, or their strings."""
        return str(self._values.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int, *, error: str = "invalid_arguments") -> int:
        """A whole number, or the default where it is missing; raises SlackError with that code where it is none."""
        value = self.optional(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal()):
            raise SlackError(error)
        return int(value)


def invalid_arguments(*messages: str) -> SlackError:
    """Slack's refusal of arguments, with what is wrong with each."""
    return SlackError("invalid_arguments", response_metadata={"messages": list(messages)})


async def read_arguments(request: web.Request) -> Arguments:
    """Read the query and the body.

    Raises SlackError: missing_post_type, invalid_post_type, invalid_charset, invalid_json, json_not_object,
    invalid_form_data, invalid_array_arg, invalid_arg_name.
    """
    body = await _body(request) if request.body_exists else {}
    for name in (*request.query, *body):
        if not _NAME.fullmatch(name):
            raise SlackError("invalid_array_arg" if _ARRAY_NAME.fullmatch(name) else "invalid_arg_name")
    token = str(body.get("token", "")) if request.content_type in _FORMS else ""
    return Arguments({**request.query, **body}, token)


async def _body(request: web.Request) -> dict[str, Any]:
    if "Content-Type" not in request.headers:
        raise SlackError("missing_post_type")
    if request.content_type not in _TYPES:
        raise SlackError("invalid_post_type")
    if request.charset is not None and request.charset.lower() not in _CHARSETS:
        raise SlackError("invalid_charset")
    if request.content_type == "application/json":
        return await _json(request)
    try:
        return dict(await request.post())
    except (ValueError, AssertionError) as exc:  # aiohttp's reader of multipart forms asserts
        raise SlackError("invalid_form_data") from exc


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as exc:
        raise SlackError("invalid_json") from exc
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body
