"""Calls of the stand-in's Web API as anything that speaks HTTP makes them, past slack_sdk's own checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from demo.slack import StandIn

TRAINING, DELAYS, GENERAL = "C0TRAINING", "C0DELAYS", "C0GENERAL"
PARTNERS, PLATFORM, LEADS, FORMER = "C0PARTNERS", "C0PLATFORM", "C0LEADS", "C0FORMER"


@dataclass(frozen=True)
class Api:
    """`await api("chat.postMessage", channel=…)` gives the answer, an error or not; arguments go as JSON."""

    session: ClientSession
    slack: StandIn

    async def __call__(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        async with self.request(method, json=arguments) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def code(self, method: str, /, **arguments: Any) -> str:
        """The error that the call is refused with; empty where it is not."""
        return str((await self(method, **arguments)).get("error", ""))

    async def post(self, channel: str = TRAINING, text: str = "hello", **arguments: Any) -> str:
        """Post a message as the bot; its ts."""
        answer = await self("chat.postMessage", channel=channel, text=text, **arguments)
        assert answer["ok"], answer
        return str(answer["ts"])

    async def bare(self, method: str, token: str | None = None, **request: Any) -> tuple[int, dict[str, Any]]:
        """A request just as given, with that token (None: the bot's, empty: none); its status and answer."""
        async with self.request(method, token=token, **request) as response:
            return response.status, await response.json()

    async def head(self, method: str, token: str | None = None) -> dict[str, str]:
        """The headers of the answer to a call without arguments, in small letters."""
        async with self.request(method, token=token) as response:
            return {name.lower(): value for name, value in response.headers.items()}

    def request(self, method: str, token: str | None = None, **request: Any) -> Any:
        """A request that is still to be sent."""
        token = self.slack.bot_token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= request.pop("headers", {})
        return self.session.post(self.slack.api_url + method, headers=headers, **request)
