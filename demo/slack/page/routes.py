"""The page's addresses: itself, its news, and what people do on it."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.deliveries import Deliveries
from demo.slack.driver import Actor
from demo.slack.errors import SlackError
from demo.slack.feed import Change
from demo.slack.messages import Message
from demo.slack.page.reader import Reader
from demo.slack.page.render import Renderer
from demo.slack.workspace import Conversation

STATIC = Path(__file__).parent.parent / "static"
# Nothing that a message carries may run: no scripts but the page's own, whatever its HTML says.
_POLICY = "default-src 'self'; img-src 'self' http: https: data:; base-uri 'none'; form-action 'self'"
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
_HEARTBEAT = 15.0


class Page:
    """Serves the page. Who looks is said in the address: `?user=U0DANA&channel=C0TRAINING&thread=…`."""

    def __init__(self, backend: Backend, deliveries: Deliveries) -> None:
        self._backend = backend
        self._deliveries = deliveries
        self._renderer = Renderer(backend.workspace)

    def add_routes(self, app: web.Application) -> None:
        """Put the page's addresses into the server."""
        app.router.add_get("/", self.show)
        app.router.add_get("/archives/{channel}/{message}", self.permalink)
        app.router.add_get("/events", self.events)
        app.router.add_get("/raw", self.raw)
        app.router.add_post("/say", self.say)
        app.router.add_post("/act", self.act)
        app.router.add_static("/static/", STATIC)

    async def show(self, request: web.Request) -> web.Response:
        """The page for one reader: a conversation, and a thread beside it where one is open."""
        reader = self._reader(request.query.get("user", self._backend.world.people[0].id))
        workspace = self._backend.workspace
        mine = workspace.conversations_of(reader.person.id)
        conversation = self._chosen(request.query.get("channel", ""), mine)
        html = self._renderer.page(
            reader,
            conversation=conversation,
            seen=self._backend.feed.count,
            conversations=mine,
            members=[self._backend.world.users[user] for user in sorted(conversation.members)],
            messages=self._messages(conversation, reader),
            thread=self._thread(conversation, reader, request.query.get("thread")),
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)

    async def permalink(self, request: web.Request) -> web.Response:
        """From a message's permalink to the page."""
        channel, digits = request.match_info["channel"], request.match_info["message"].removeprefix("p")
        thread = request.query.get("thread_ts")
        beside = f"&thread={thread}" if thread else ""
        raise web.HTTPFound(f"/?channel={channel}{beside}#m-{digits[:-6]}.{digits[-6:]}")

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: every message that changes `after` a page was drawn, drawn for its reader."""
        reader = self._reader(request.query.get("user", ""))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        after = request.query.get("after", "")
        with self._backend.feed.subscribe(int(after) if after.isdecimal() else None) as changes:
            await response.prepare(request)
            await response.write(b": hello\n\n")
            while True:
                try:
                    change = await asyncio.wait_for(changes.get(), _HEARTBEAT)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if change is None:
                    return response
                for news in self._news(change, reader):
                    await response.write(f"data: {json.dumps(news)}\n\n".encode())

    async def raw(self, request: web.Request) -> web.Response:
        """A message that this reader sees, as the API gives it."""
        reader = self._reader(request.query.get("user", ""))
        workspace = self._backend.workspace
        for conversation in workspace.conversations_of(reader.person.id):
            if conversation.id == request.query.get("channel") and reader.person.id in conversation.members:
                message = workspace.find(conversation.id, request.query.get("ts", ""))
                if message is not None and message.shown_to in (None, reader.person.id):
                    return web.json_response(message.to_slack(reader.world.team.id, with_metadata=True))
        raise web.HTTPNotFound(text="No such message here.")

    async def say(self, request: web.Request) -> web.Response:
        """What was typed in the composer: a slash command, or a message to everybody."""
        body = await _json(request, "user", "channel", "text")
        user, channel, text = str(body["user"]), str(body["channel"]), str(body["text"])
        thread = body.get("thread_ts")
        actor = Actor(user, self._backend, self._deliveries)
        try:
            if text.startswith("/") and thread is None:
                outcome = await actor.slash(channel, text)
                return web.json_response({"ok": outcome.acked, "error": outcome.error})
            if text.startswith("/"):
                command = text.split()[0]
                raise SlackError(f"{command} is not supported in threads. Sorry!")
            await actor.say(channel, text, thread_ts=str(thread) if thread else None)
        except SlackError as exc:
            return web.json_response(exc.answer())
        return web.json_response({"ok": True})

    async def act(self, request: web.Request) -> web.Response:
        """A click on an element of a message."""
        body = await _json(request, "user", "channel", "ts", "block_id", "action_id")
        actor = Actor(str(body["user"]), self._backend, self._deliveries)
        try:
            outcome = await actor.click(
                str(body["channel"]),
                str(body["ts"]),
                str(body["action_id"]),
                block_id=str(body["block_id"]),
                value=body.get("value"),
            )
        except SlackError as exc:
            return web.json_response(exc.answer())
        return web.json_response({"ok": outcome.acked, "error": outcome.error})

    def _reader(self, user: str) -> Reader:
        world = self._backend.world
        person = next((person for person in world.people if person.id == user), None)
        if person is None:
            raise web.HTTPNotFound(text="No such person here.")
        return Reader(person, world, time.time())

    def _chosen(self, channel: str, mine: list[Conversation]) -> Conversation:
        """The conversation asked for, if it is in the sidebar; else the first that its reader is in."""
        return next((c for c in mine if c.id == channel), mine[0])

    def _messages(self, conversation: Conversation, reader: Reader) -> list[Message]:
        if reader.person.id not in conversation.members:
            return []
        workspace = self._backend.workspace
        private = workspace.ephemerals(reader.person.id, conversation.id)
        shown = [message for message in private if not message.is_reply]
        return sorted([*workspace.history(conversation.id), *shown], key=lambda message: message.ts)

    def _thread(self, conversation: Conversation, reader: Reader, ts: str | None) -> list[Message]:
        """The open thread: its parent, then its replies; empty where none is open."""
        workspace = self._backend.workspace
        parent = workspace.find(conversation.id, ts) if ts else None
        if parent is None or parent.shown_to is not None or reader.person.id not in conversation.members:
            return []
        private = workspace.ephemerals(reader.person.id, conversation.id)
        replies = [*workspace.replies(conversation.id, parent.ts), *(m for m in private if m.thread_ts == ts)]
        return [parent, *sorted(replies, key=lambda message: message.ts)]

    def _news(self, change: Change, reader: Reader) -> list[dict[str, Any]]:
        """What one change means to one reader: nothing, its message, or its thread's parent as well."""
        if change.kind in ("view", "home"):
            return []
        conversation = self._backend.workspace.conversation(change.channel)
        if reader.person.id not in conversation.members or change.only not in (None, reader.person.id):
            return []
        reader = Reader(reader.person, reader.world, time.time())
        news = [self._one(change.kind, change.channel, change.ts, change.thread_ts, reader)]
        if change.thread_ts is not None and change.only is None:
            news.append(self._one("shown", change.channel, change.thread_ts, None, reader))
        return news

    def _one(self, kind: str, channel: str, ts: str, thread_ts: str | None, reader: Reader) -> dict[str, Any]:
        news: dict[str, Any] = {"kind": kind, "channel": channel, "ts": ts, "thread_ts": thread_ts}
        message = self._backend.workspace.find(channel, ts)
        if kind != "shown":
            return news
        if message is None:  # deleted meanwhile
            return news | {"kind": "gone"}
        in_thread = self._renderer.message(message, reader, in_thread=True)
        return news | {"html": self._renderer.message(message, reader), "thread_html": in_thread}


async def _json(request: web.Request, *required: str) -> dict[str, Any]:
    """The body with its required keys, JSON only: another site's form cannot send that."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    body = await request.json()
    if not isinstance(body, dict) or not body.keys() >= set(required):
        raise web.HTTPBadRequest
    return body
