"""The arguments of a call: from a form, a JSON body or the query, always read in the same way."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from demo.slack.errors import SlackError


class Arguments(Mapping[str, Any]):
    """What a caller sent, by name. Forms give strings, JSON bodies give values: the readers accept both."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str:
        """A required string; raises invalid_arguments where it is missing."""
        value = self._values.get(name)
        if value is None or value == "":
            message = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})
        return str(value)

    def optional(self, name: str) -> str | None:
        """A string, or None where it is missing or empty."""
        value = self._values.get(name)
        return None if value in (None, "") else str(value)

    def flag(self, name: str) -> bool:
        """Whether a switch is on: true, 1, or their strings."""
        return str(self._values.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """A whole number, or the default where it is missing or none."""
        value = str(self._values.get(name, ""))
        return int(value) if value.isdecimal() else default


async def read_arguments(request: web.Request) -> Arguments:
    """Read the query and the body; raises invalid_json, json_not_object."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError as exc:
            raise SlackError("invalid_json") from exc
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return Arguments(values | body)
    return Arguments(values | dict(await request.post()))
