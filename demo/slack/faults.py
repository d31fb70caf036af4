"""Faults on demand, so that tests can see what an app does when Slack, or the way to it, misbehaves."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from demo.slack.errors import SlackError

ANY = "*"
_PROXY_PAGE = "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """What happens to one call. `seconds` pass before anything else does."""

    kind: Literal["fail", "html", "drop", "lose", "cut", "delay"]
    status: int = 200
    error: str = ""
    retry_after: int | None = None
    seconds: float = 0.0

    def refusal(self) -> SlackError | None:
        """What the call is refused with, where that is the fault."""
        if self.kind != "fail":
            return None
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return SlackError(self.error, status=self.status, headers=headers)


class Faults:
    """A queue of faults for each name; every call takes the next one, and is well again when there is none.

    A name is a method of the Web API, `response_url` for all late answers to interactions, `upload` for the bytes of
    files, or `*` for whatever is called. A fault for the name itself goes before one for `*`. With `times` large, a
    fault is a storm; `clear` ends it.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = defaultdict(deque)

    def fail(
        self,
        name: str,
        *,
        times: int = 1,
        status: int = 200,
        error: str = "internal_error",
        retry_after: int | None = None,
    ) -> None:
        """Refuse the next calls without doing them: an HTTP status, an error code, and `Retry-After` in seconds."""
        self._add(name, times, Fault("fail", status, error, retry_after))

    def html(self, name: str, *, times: int = 1, status: int = 502) -> None:
        """Answer the next calls with a proxy's page of HTML, without doing them."""
        self._add(name, times, Fault("html", status))

    def drop(self, name: str, *, times: int = 1) -> None:
        """Drop the connection at the next calls, without doing them."""
        self._add(name, times, Fault("drop"))

    def lose(self, name: str, *, times: int = 1) -> None:
        """Do the next calls, then drop the connection instead of answering."""
        self._add(name, times, Fault("lose"))

    def cut(self, name: str, *, times: int = 1) -> None:
        """Do the next calls, and give only the first half of each answer's text."""
        self._add(name, times, Fault("cut"))

    def delay(self, name: str, seconds: float, *, times: int = 1) -> None:
        """Do and answer the next calls that much later."""
        self._add(name, times, Fault("delay", seconds=seconds))

    def clear(self) -> None:
        """Let every call be well again."""
        self._queues.clear()

    async def serve(
        self, name: str, request: web.Request, act: Callable[[SlackError | None], Awaitable[web.Response]]
    ) -> web.StreamResponse:
        """Answer one request with the fault that is due, if any. `act` does it, or refuses as it is told."""
        fault = self._take(name)
        if fault is None:
            return await act(None)
        if fault.seconds and not request.content_type.startswith("multipart/"):  # which are read as they come
            await request.read()  # what was asked is done later even if nobody waits for the answer any more
        await asyncio.sleep(fault.seconds)
        if fault.kind == "html":
            return web.Response(text=_PROXY_PAGE, status=fault.status, content_type="text/html")
        if fault.kind == "drop":
            return _dropped(request, web.Response())
        answer = await act(fault.refusal())
        if fault.kind == "lose":
            return _dropped(request, answer)
        if fault.kind == "cut" and answer.text:
            answer.text = answer.text[: len(answer.text) // 2]
        return answer

    def _add(self, name: str, times: int, fault: Fault) -> None:
        self._queues[name].extend([fault] * times)

    def _take(self, name: str) -> Fault | None:
        queue = self._queues[name] or self._queues[ANY]
        return queue.popleft() if queue else None


def _dropped(request: web.Request, answer: web.Response) -> web.Response:
    """Cut the connection; aiohttp then has nowhere to write the answer to."""
    if request.transport is not None:
        request.transport.abort()
    return answer
