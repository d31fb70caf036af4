"""Socket Mode: up to ten connections of one app; each envelope goes to one of them, and must be acknowledged."""

import asyncio
import json
import logging
import secrets
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiohttp import WSMsgType, web

from demo.slack import limits
from demo.slack.transport import FIRST, Ack, Kind, NotDelivered, Retry

log = logging.getLogger(__name__)


@dataclass
class _Waiting:
    sent: float
    done: asyncio.Future[Ack] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SocketMode:
    """The sockets of one app. `ack_seconds` is how long it may take to acknowledge.

    Which connection an envelope goes to is chance; a `seed` makes it the same chance each time.
    """

    def __init__(self, app_id: str, *, ack_seconds: float = limits.ACK, seed: int | None = None) -> None:
        self._app_id = app_id
        self._ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, _Waiting] = {}
        self._random = Random(seed)  # noqa: S311 - which connection is no secret

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._sockets)

    def ticket(self) -> str:
        """A new ticket, good for one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="bad ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        if len(self._sockets) >= limits.SOCKETS:
            await self._bye(socket, "too_many_websockets")
            return socket
        self._sockets.append(socket)
        try:
            await self._hello(socket)
            await self._receive(socket)
        finally:
            if socket in self._sockets:
                self._sockets.remove(socket)
        return socket

    async def deliver(self, kind: Kind, payload: dict[str, Any], retry: Retry = FIRST) -> Ack:
        """Send one envelope to one connection and wait for its acknowledgement.

        Raises NotDelivered where nothing is connected, TimeoutError where nothing is acknowledged in time.
        """
        if not self._sockets:
            raise NotDelivered
        socket = self._random.choice(self._sockets)
        envelope_id = secrets.token_hex(16)
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry.attempt, "retry_reason": retry.reason}
        waiting = self._waiting[envelope_id] = _Waiting(time.perf_counter())
        try:
            await socket.send_json(envelope)
            return await asyncio.wait_for(waiting.done, self._ack_seconds)
        except ConnectionError as exc:
            raise NotDelivered from exc
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go, and close it: apps come back by themselves."""
        sockets, self._sockets = self._sockets, []
        await asyncio.gather(*(self._bye(socket, reason) for socket in sockets))

    async def _hello(self, socket: web.WebSocketResponse) -> None:
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": self.connected,
                "connection_info": {"app_id": self._app_id},
                "debug_info": {"host": "stand-in", "approximate_connection_time": 18_060},
            }
        )

    async def _receive(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self._acknowledged(frame.data)

    def _acknowledged(self, text: str) -> None:
        try:
            body = json.loads(text)
            waiting = self._waiting.get(body["envelope_id"])
        except (ValueError, KeyError, TypeError):
            log.warning("not an acknowledgement: %.200s", text)
            return
        if waiting is not None and not waiting.done.done():
            waiting.done.set_result(Ack(body.get("payload"), time.perf_counter() - waiting.sent))

    async def _bye(self, socket: web.WebSocketResponse, reason: str) -> None:
        try:
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}})
        except ConnectionError:
            log.debug("the connection was gone already")
        await socket.close()
