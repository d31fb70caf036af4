"""Server-sent events: what changes after a page was drawn, drawn for its reader."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.feed import Change
from demo.slack.page.reader import Reader
from demo.slack.page.render import Renderer
from demo.slack.page.sight import Sight
from demo.slack.page.unread import Unread

_HEARTBEAT = 15.0
_EVENT_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}


Changes = asyncio.Queue[Change | None]


class News:
    """Serves `/events`."""

    def __init__(self, backend: Backend, sight: Sight, renderer: Renderer, unread: Unread) -> None:
        self._backend = backend
        self._sight = sight
        self._renderer = renderer
        self._unread = unread

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Every change behind the first `after` ones, until the page leaves or the server stops."""
        query = request.query
        reader, after = self._sight.reader(query.get("user", "")), query.get("after", "")
        response = web.StreamResponse(headers=_EVENT_STREAM)
        with self._backend.feed.subscribe(int(after) if after.isdecimal() else None) as changes:
            await response.prepare(request)
            with suppress(ConnectionResetError):  # the page was closed
                await self._send(response, changes, reader, query.get("channel", ""))
        return response

    async def _send(self, response: web.StreamResponse, changes: Changes, reader: Reader, channel: str) -> None:
        await response.write(b": hello\n\n")
        while True:
            try:
                change = await asyncio.wait_for(changes.get(), _HEARTBEAT)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if change is None:
                return
            for news in self._of(change, self._sight.reader(reader.person.id), channel):
                await response.write(f"data: {json.dumps(news)}\n\n".encode())

    def _of(self, change: Change, reader: Reader, channel: str) -> Iterator[dict[str, Any]]:
        """What one change means to one reader: nothing, a mark, its message, or its thread's parent as well."""
        if change.only not in (None, reader.person.id):
            return
        if change.kind == "view":
            yield {"kind": "views", "views": self._renderer.views(reader, self._sight.conversation(reader, channel))}
        elif change.kind == "home":
            yield {"kind": "home", "html": self._renderer.home(reader)}
        elif change.channel == channel:
            yield from self._here(change, reader)
        else:
            yield from self._elsewhere(change, reader)

    def _elsewhere(self, change: Change, reader: Reader) -> Iterator[dict[str, Any]]:
        conversation = self._backend.workspace.conversation(change.channel)
        if reader.person.id in conversation.members:
            mark = self._unread.mark(reader.person, conversation)
            yield {"kind": "unread", "channel": conversation.id, "any": mark.any, "mentions": mark.mentions}

    def _here(self, change: Change, reader: Reader) -> Iterator[dict[str, Any]]:
        conversation = self._backend.workspace.conversation(change.channel)
        if reader.person.id not in conversation.members:
            return
        yield self._one(change.kind, change.channel, change.ts, change.thread_ts, reader)
        if change.thread_ts is not None and change.only is None:
            yield self._one("shown", change.channel, change.thread_ts, None, reader)

    def _one(self, kind: str, channel: str, ts: str, thread_ts: str | None, reader: Reader) -> dict[str, Any]:
        news: dict[str, Any] = {"kind": kind, "channel": channel, "ts": ts, "thread_ts": thread_ts}
        message = self._backend.workspace.find(channel, ts)
        if kind != "shown":
            return news
        if message is None:  # deleted meanwhile
            return news | {"kind": "gone"}
        in_thread = self._renderer.message(message, reader, in_thread=True)
        return news | {"html": self._renderer.message(message, reader), "thread_html": in_thread}
