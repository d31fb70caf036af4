"""What people do on the page: each is a POST with a JSON body that names its `user`."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.deliveries import Deliveries, Outcome
from demo.slack.errors import SlackError
from demo.slack.page.reader import Reader
from demo.slack.page.render import Renderer
from demo.slack.page.sight import Sight
from demo.slack.page.unread import Unread

Body = dict[str, Any]
Act = Callable[[Reader, Body], Awaitable[Body]]


class Doing:
    """Serves `/do/…`. Answers `{"ok": …}`, with `error` and what the page shows for it."""

    def __init__(
        self, backend: Backend, deliveries: Deliveries, sight: Sight, renderer: Renderer, unread: Unread
    ) -> None:
        self._unread = unread
        self._backend = backend
        self._deliveries = deliveries
        self._sight = sight
        self._renderer = renderer

    def add_routes(self, app: web.Application) -> None:
        """Put the addresses into the server; each with the keys that its body needs."""
        acts: dict[str, tuple[Act, tuple[str, ...]]] = {
            "say": (self._say, ("channel", "text")),
            "act": (self._act, ("action_id", "block_id")),
            "submit": (self._submit, ("view_id", "inputs")),
            "close": (self._close, ("view_id",)),
            "suggest": (self._suggest, ("action_id", "block_id", "text")),
            "shortcut": (self._shortcut, ("callback_id", "channel", "ts")),
            "home": (self._home, ()),
            "read": (self._read, ("channel",)),
        }
        for name, (act, required) in acts.items():
            app.router.add_post(f"/do/{name}", self._handler(act, required))
        app.router.add_post("/do/upload", self._upload)

    def _handler(self, act: Act, required: tuple[str, ...]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body = await _json(request, "user", *required)
            try:
                return web.json_response(await act(self._sight.reader(str(body["user"])), body))
            except SlackError as exc:
                return web.json_response(exc.answer())

        return handle

    async def _say(self, reader: Reader, body: Body) -> Body:
        """What was typed in a composer: a slash command, or a message to everybody."""
        user, channel, text, thread = reader.person.id, str(body["channel"]), str(body["text"]), body.get("thread_ts")
        if not text.startswith("/"):
            await self._deliveries.say(user, channel, text, str(thread) if thread else None)
            return {"ok": True}
        if thread:
            raise SlackError(f"{text.split()[0]} is not supported in threads. Sorry!")
        return _told(await self._deliveries.slash(user, channel, text))

    async def _act(self, reader: Reader, body: Body) -> Body:
        """A click, or a choice in a menu, in a message or in a view."""
        action_id, block_id = str(body["action_id"]), str(body["block_id"])
        value, view_id = _raw(body.get("value"), reader), body.get("view_id")
        if view_id:
            inputs = _inputs(body.get("inputs"), reader)
            return _told(
                await self._deliveries.view_action(
                    reader.person.id, str(view_id), action_id, block_id=block_id, value=value, inputs=inputs
                )
            )
        channel, ts = str(body.get("channel")), str(body.get("ts"))
        return _told(
            await self._deliveries.action(reader.person.id, channel, ts, action_id, block_id=block_id, value=value)
        )

    async def _submit(self, reader: Reader, body: Body) -> Body:
        """A modal's submit button. The answer holds the stack as it is now, and errors by block."""
        inputs = _inputs(body["inputs"], reader)
        outcome = await self._deliveries.submit(reader.person.id, str(body["view_id"]), inputs)
        told = _told(outcome) | {"errors": outcome.errors, "notice": outcome.notice}
        return told | {"views": self._renderer.views(reader)}

    async def _close(self, reader: Reader, body: Body) -> Body:
        """Back from a modal, or with `all` out of all of them."""
        outcome = await self._deliveries.close(reader.person.id, str(body["view_id"]), all=bool(body.get("all")))
        return _told(outcome) | {"views": self._renderer.views(reader)}

    async def _suggest(self, reader: Reader, body: Body) -> Body:
        """What the app suggests for what was typed, as the HTML of a list."""
        view_id = body.get("view_id")
        place = {"view_id": str(view_id)} if view_id else {"channel": str(body["channel"]), "ts": str(body["ts"])}
        options = await self._deliveries.suggest(
            reader.person.id, str(body["action_id"]), str(body["text"]), block_id=str(body["block_id"]), **place
        )
        return {"ok": True, "html": self._renderer.options(reader, options)}

    async def _shortcut(self, reader: Reader, body: Body) -> Body:
        """The app's entry in a message's menu."""
        channel, ts = str(body["channel"]), str(body["ts"])
        return _told(
            await self._deliveries.shortcut(reader.person.id, str(body["callback_id"]), channel=channel, ts=ts)
        )

    async def _read(self, reader: Reader, body: Body) -> Body:
        """The reader has the conversation open and sees what came."""
        conversation = self._sight.conversation(reader, str(body["channel"]))
        self._unread.read(reader.person, conversation)
        return {"ok": True}

    async def _upload(self, request: web.Request) -> web.Response:
        """A file that was chosen in a modal, as raw bytes: kept, and answered with its id."""
        if request.content_type != "application/octet-stream":
            raise web.HTTPUnsupportedMediaType
        reader = self._sight.reader(request.query.get("user", ""))
        content = await request.read()
        try:
            path, file_id = self._backend.files.ask(request.query.get("name", "file"), len(content))
            self._backend.files.receive(path, content)
            self._backend.files.complete([(file_id, "")], reader.person.id, self._backend.url)
        except SlackError as exc:
            return web.json_response(exc.answer())
        return web.json_response({"ok": True, "id": file_id})

    async def _home(self, reader: Reader, _body: Body) -> Body:
        """The reader opened the app's home tab."""
        await self._deliveries.open_home(reader.person.id)
        return {"ok": True}


def _told(outcome: Outcome) -> Body:
    return {"ok": outcome.acked, "error": outcome.error}


def _inputs(values: Any, reader: Reader) -> dict[str, dict[str, Any]]:
    """A form's values by block and action."""
    if not isinstance(values, dict) or not all(isinstance(block, dict) for block in values.values()):
        raise web.HTTPBadRequest
    return {block: {action: _raw(value, reader) for action, value in each.items()} for block, each in values.items()}


def _raw(value: Any, reader: Reader) -> Any:
    """A value as deliveries take it: `{"local": …}`, a moment in the reader's zone, becomes epoch seconds."""
    if not isinstance(value, dict):
        return value
    moment = datetime.fromisoformat(str(value.get("local"))).replace(tzinfo=reader.person.zone)
    return str(int(moment.timestamp()))


async def _json(request: web.Request, *required: str) -> Body:
    """The body with its required keys, JSON only: another site's form cannot send that."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    body = await request.json()
    if not isinstance(body, dict) or not body.keys() >= set(required):
        raise web.HTTPBadRequest
    return body
