"""A local HTTP server that answers as a test scripts it: late, wrongly, in part, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True)
class Reply:
    """An answer: JSON, or `raw` text as HTML. `cut` breaks off in the middle of it; `delay` is in seconds."""

    body: Any = None
    status: int = 200
    raw: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    then: Callable[[], object] = bool  # what happens before the answer: the effect that the asker may not hear of


class Asked(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str


class Wire:
    """Replies by method and path, the last of each for ever; what is not scripted is a 404 in Airflow's words."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self._server.make_url("/")).rstrip("/")

    def reply(self, method: str, path: str, *replies: Reply) -> None:
        """Answer so from now on, instead of what was scripted before."""
        self._replies[(method, path)] = deque(replies)

    def count(self, method: str, path: str = "") -> int:
        """How many requests by this method came, for this path or for any."""
        return sum(asked.method == method and path in {"", asked.path} for asked in self.asked)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.asked.append(
            Asked(
                request.method,
                request.path,
                dict(request.query),
                _read(text),
                request.headers.get("Authorization", ""),
            )
        )
        replies = self._replies[(request.method, request.path)]
        reply = (replies.popleft() if len(replies) > 1 else replies[0]) if replies else NOT_FOUND
        reply.then()
        await asyncio.sleep(reply.delay)
        return await _cut(request, reply) if reply.cut else _whole(reply)


NOT_FOUND = Reply({"detail": "Not found here"}, 404)


def _read(text: str) -> Any:
    """JSON as what it says; a form as it is."""
    return json.loads(text) if text[:1] in "{[" and text else text or None


def _whole(reply: Reply) -> web.Response:
    if reply.raw:
        return web.Response(text=reply.raw, status=reply.status, headers=reply.headers, content_type="text/html")
    return web.json_response(reply.body, status=reply.status, headers=reply.headers)


async def _cut(request: web.Request, reply: Reply) -> web.StreamResponse:
    body = json.dumps(reply.body).encode()
    response = web.StreamResponse(status=reply.status, headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport
    request.transport.close()
    return response
