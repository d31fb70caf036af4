"""Events: what happens in the workspace, told to an app that subscribed to it; retried until acknowledged."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any

from demo.slack.backend import Backend
from demo.slack.courier import send
from demo.slack.payloads import TOKEN
from demo.slack.transport import FIRST, Retry

RETRIES = (0.0, 60.0, 300.0)


class Events:
    """Sends events in the background, three times more where they are not acknowledged.

    `retry_seconds` is how long it waits before each retry.
    """

    def __init__(self, backend: Backend, retry_seconds: Sequence[float] = RETRIES) -> None:
        self.retry_seconds = retry_seconds
        self._backend = backend
        self._under_way: set[asyncio.Task[None]] = set()

    def emit(self, event: dict[str, Any]) -> None:
        """Send an event, without waiting for it."""
        task = asyncio.create_task(self._send(self._envelope(event)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Return once every event is acknowledged or given up."""
        while self._under_way:
            await asyncio.gather(*self._under_way)

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _send(self, payload: dict[str, Any]) -> None:
        retry = FIRST
        for wait in (*self.retry_seconds, None):
            outcome = await send(self._backend, "events_api", payload, retry)
            if outcome.acked or wait is None:
                return
            await asyncio.sleep(wait)
            retry = Retry(retry.attempt + 1, outcome.error or "")

    def _envelope(self, event: dict[str, Any]) -> dict[str, Any]:
        world = self._backend.world
        authorization = {"enterprise_id": None, "team_id": world.team.id, "user_id": world.app.bot_user,
                         "is_bot": True, "is_enterprise_install": False}  # fmt: skip
        return {
            "token": TOKEN,
            "team_id": world.team.id,
            "context_team_id": world.team.id,
            "context_enterprise_id": None,
            "api_app_id": world.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev0{secrets.token_hex(4).upper()}",
            "event_time": int(time.time()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
            "event_context": f"4-{secrets.token_urlsafe(48)}",
        }
