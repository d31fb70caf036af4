"""Slack's Web API as it answers: for looking at a workspace, where a refusal is an answer like any other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ServiceError
from bot.slack.answers import TIMEOUT, translated

PATIENCE = 5  # times that a call is repeated when Slack says that it comes too soon


@dataclass(frozen=True)
class Answer:
    """What Slack said: `error` is empty where it did as asked. `scopes` are the token's, None where Slack is silent."""

    error: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] | None = None

    @property
    def words(self) -> str:
        """The error with the details that Slack gives of some."""
        details = (self.data.get("response_metadata") or {}).get("messages") or self.data.get("errors") or ()
        said = [each.get("message", "") if isinstance(each, dict) else str(each) for each in details]
        needed = self.data.get("needed")
        return "; ".join([self.error, *([f"needs {needed}"] if needed else []), *said[:3]])


class Workspace:
    """The workspace that a token belongs to: `async with Workspace(token, base_url) as workspace`."""

    def __init__(self, token: str, base_url: str) -> None:
        self.client = AsyncWebClient(token, base_url=base_url, timeout=TIMEOUT)
        self.client.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=PATIENCE)]

    async def __aenter__(self) -> Self:
        self.client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.client.session:
            await self.client.session.close()

    async def ask(self, method: str, **arguments: Any) -> Answer:
        """Call a method of the Web API. ServiceDown or ServiceConfused where nothing that is Slack's came back."""
        form = {name: _formed(value) for name, value in arguments.items() if value is not None}
        try:
            return _answer(await translated(self.client.api_call(method, data=form)))
        except ServiceError as error:
            response: Any = getattr(error.__cause__, "response", None)
            data = getattr(response, "data", None)
            if isinstance(data, dict) and data.get("error"):
                return _answer(response)
            raise


def _formed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _answer(response: Any) -> Answer:
    headers = {name.lower(): value for name, value in (response.headers or {}).items()}
    listed = headers.get("x-oauth-scopes")
    scopes = None if listed is None else frozenset(filter(None, (each.strip() for each in listed.split(","))))
    return Answer(error=str(response.data.get("error", "")), data=response.data, scopes=scopes)
