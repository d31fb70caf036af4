"""Socket Mode: up to ten connections of one app; each envelope goes to one of them, and must be acknowledged."""

import asyncio
import json
import logging
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from aiohttp import WSMsgType, web

from demo.slack import limits
from demo.slack.transport import FIRST, Ack, Kind, NotDelivered, Retry

log = logging.getLogger(__name__)
Cut = Literal["unsent", "unacked", "acked"]
Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass
class _Waiting:
    sent: float
    done: asyncio.Future[Ack] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(eq=False)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None

    def abort(self) -> None:
        """Drop the connection without a goodbye."""
        if self.transport is not None:
            self.transport.abort()


class SocketMode:
    """The sockets of one app. `ack_seconds` is how long it may take to acknowledge.

    Which connection an envelope goes to is chance; a `seed` makes it the same chance each time.
    """

    def __init__(self, app_id: str, *, ack_seconds: float = limits.ACK, seed: int | None = None) -> None:
        self._app_id = app_id
        self._ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self._waiting: dict[str, _Waiting] = {}
        self._random = Random(seed)  # noqa: S311 - which connection is no secret
        self._cuts: deque[Cut] = deque()

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

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
        connection = _Connection(socket, request.transport)
        if len(self._connections) >= limits.SOCKETS:
            await self._bye(connection, "too_many_websockets")
            return socket
        self._connections.append(connection)
        try:
            await self._hello(socket)
            await self._receive(socket)
        finally:
            self._forget(connection)
        return socket

    async def deliver(self, kind: Kind, payload: dict[str, Any], retry: Retry = FIRST) -> Ack:
        """Send one envelope to one connection and wait for its acknowledgement.

        Raises NotDelivered: not_connected, timeout.
        """
        if not self._connections:
            raise NotDelivered("not_connected", "connection_failed")
        connection = self._random.choice(self._connections)
        envelope = _envelope(kind, payload, retry)
        cut = self._cuts.popleft() if self._cuts else None
        waiting = self._waiting[envelope["envelope_id"]] = _Waiting(time.perf_counter())
        try:
            if cut == "unsent":
                self._drop(connection)
            else:
                await connection.socket.send_json(envelope)
            ack = await asyncio.wait_for(waiting.done, self._ack_seconds)
        except ConnectionError as exc:
            raise NotDelivered("not_connected", "connection_failed") from exc
        except TimeoutError as exc:
            raise NotDelivered("timeout", "timeout") from exc
        finally:
            del self._waiting[envelope["envelope_id"]]
        if cut is not None:
            self._drop(connection)
        if cut == "unacked":
            raise NotDelivered("timeout", "timeout")
        return ack

    def cut_next(self, when: Cut) -> None:
        """Drop the connection that the next envelope takes: before it is sent, before or after it is acknowledged.

        `unacked` means that the app did get it, and that Slack never heard so.
        """
        self._cuts.append(when)

    async def warn(self) -> None:
        """Say that every connection will be closed soon: an app opens another one and uses both meanwhile."""
        for connection in self._connections:
            await self._say_goodbye(connection, "warning")

    async def disconnect(self, reason: Reason = "refresh_requested") -> None:
        """Ask every connection to go, and close it: apps come back by themselves."""
        connections, self._connections = self._connections, []
        await asyncio.gather(*(self._bye(connection, reason) for connection in connections))

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
            payload = body.get("payload")
            said = payload if isinstance(payload, dict) else {"text": str(payload)} if payload else None
            waiting.done.set_result(Ack(said, time.perf_counter() - waiting.sent))

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    def _drop(self, connection: _Connection) -> None:
        self._forget(connection)
        connection.abort()

    async def _bye(self, connection: _Connection, reason: Reason) -> None:
        await self._say_goodbye(connection, reason)
        await connection.socket.close()

    async def _say_goodbye(self, connection: _Connection, reason: Reason) -> None:
        goodbye = {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
        try:
            await connection.socket.send_json(goodbye)
        except ConnectionError:
            log.debug("the connection was gone already")


def _envelope(kind: Kind, payload: dict[str, Any], retry: Retry) -> dict[str, Any]:
    """What goes over the socket; only events are ever retried, and count their attempts."""
    answerable = kind == "slash_commands" or payload.get("type") in ("view_submission", "block_suggestion")
    envelope: dict[str, Any] = {
        "envelope_id": secrets.token_hex(16),
        "type": kind,
        "payload": payload,
        "accepts_response_payload": answerable,
    }
    if kind == "events_api":
        envelope |= {"retry_attempt": retry.attempt, "retry_reason": retry.reason}
    return envelope
