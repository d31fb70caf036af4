"""Events: what happens in the workspace, told to an app that subscribed to it; retried until acknowledged."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any

from demo.slack.backend import Backend
from demo.slack.payloads import TOKEN
from demo.slack.transport import FIRST, NotDelivered, Retry

RETRIES = (0.0, 60.0, 300.0)


class Events:
    """Sends events in the background, three times more where they are not acknowledged.

    `retry_seconds` is how long it waits before each retry. Slack promises neither order nor that an event comes only
    once: tests ask for either mishap by `duplicate_next` and `hold_next`.
    """

    def __init__(self, backend: Backend, retry_seconds: Sequence[float] = RETRIES) -> None:
        self.retry_seconds = retry_seconds
        self._backend = backend
        self._under_way: set[asyncio.Task[None]] = set()
        self._duplicated = 0
        self._to_hold = 0
        self._held: list[dict[str, Any]] = []

    def duplicate_next(self, times: int = 1) -> None:
        """Send each of the next events twice, with the same event_id."""
        self._duplicated += times

    def hold_next(self, times: int = 1) -> None:
        """Keep the next events back until one after them was acknowledged or given up, or until `release`."""
        self._to_hold += times

    def release(self) -> None:
        """Send what is held back, the last first."""
        while self._held:
            self._start(self._held.pop())

    def emit(self, event: dict[str, Any]) -> None:
        """Send an event, without waiting for it."""
        envelope = self._envelope(event)
        if self._to_hold:
            self._to_hold -= 1
            self._held.append(envelope)
            return
        if self._duplicated:
            self._duplicated -= 1
            self._start(envelope)
        self._start(envelope)

    async def settle(self) -> None:
        """Return once every event is acknowledged or given up, but for those held back."""
        while self._under_way:
            await asyncio.gather(*self._under_way)

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start(self, envelope: dict[str, Any]) -> None:
        task = asyncio.create_task(self._send(envelope))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, envelope: dict[str, Any]) -> None:
        retry = FIRST
        for wait in (*self.retry_seconds, None):
            try:
                await self._backend.transport.deliver("events_api", envelope, retry)
                break
            except NotDelivered as exc:
                if wait is None or exc.no_retry:
                    break
                retry = Retry(retry.attempt + 1, exc.reason)
                await asyncio.sleep(wait)
        self.release()

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
