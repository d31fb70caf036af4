"""The page's addresses: itself, its news, its raw data, and what people do on it."""

from pathlib import Path

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.deliveries import Deliveries
from demo.slack.page.doing import Doing
from demo.slack.page.names import conversation_name, is_app, is_direct
from demo.slack.page.news import News
from demo.slack.page.reader import Reader
from demo.slack.page.render import Renderer
from demo.slack.page.sight import Sight
from demo.slack.page.unread import Unread
from demo.slack.workspace import Conversation

STATIC = Path(__file__).parent.parent / "static"
# Nothing that a message carries may run: no scripts but the page's own, whatever its HTML says.
_POLICY = "default-src 'self'; img-src 'self' http: https: data:; base-uri 'none'; form-action 'self'"
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}


class Page:
    """Serves the page. Who looks is said in the address: `?user=U0DANA&channel=C0TRAINING&thread=…`.

    `with=U0OMAR` in place of `channel` is the direct message with that person.
    `tab` is `home` or `messages` in the direct message with the app, `at` the ts of a message to point out.
    `?users=U0DANA,U0OMAR` shows the pages of several people side by side.
    """

    def __init__(self, backend: Backend, deliveries: Deliveries) -> None:
        self._backend = backend
        self._sight = Sight(backend)
        self._unread = Unread(backend.workspace)
        self._renderer = Renderer(backend, self._unread)
        self._news = News(backend, self._sight, self._renderer, self._unread)
        self._doing = Doing(backend, deliveries, self._sight, self._renderer, self._unread)

    def add_routes(self, app: web.Application) -> None:
        """Put the page's addresses into the server."""
        app.router.add_get("/", self.show)
        app.router.add_get("/archives/{channel}/{message}", self.permalink)
        app.router.add_get("/events", self._news.stream)
        app.router.add_get("/raw", self.raw)
        self._doing.add_routes(app)
        app.router.add_static("/static/", STATIC)

    async def show(self, request: web.Request) -> web.Response:
        """The page for one reader, or for several side by side."""
        query = request.query
        if users := query.get("users"):
            people = [self._sight.reader(user).person for user in users.split(",")]
            html = self._renderer.panes(people, query.get("channel", ""))
        else:
            reader = self._sight.reader(query.get("user", self._backend.world.people[0].id))
            if other := query.get("with"):
                conversation = self._sight.direct(reader, other)
            else:
                conversation = self._sight.conversation(reader, query.get("channel", ""))
            html = self._drawn(reader, conversation, query.get("tab"), query.get("thread"), query.get("at", ""))
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)

    async def permalink(self, request: web.Request) -> web.Response:
        """From a message's permalink to the page, with the thread open that it is in."""
        channel, digits = request.match_info["channel"], request.match_info["message"].removeprefix("p")
        words = {"channel": channel, "at": f"{digits[:-6]}.{digits[-6:]}", "thread": request.query.get("thread_ts"),
                 "user": request.query.get("user")}  # fmt: skip
        given = {key: value for key, value in words.items() if value}
        raise web.HTTPFound(request.url.with_path("/").with_query(given))

    async def raw(self, request: web.Request) -> web.Response:
        """A message, a modal or a home tab that this reader sees, as the API gives it."""
        query = request.query
        reader = self._sight.reader(query.get("user", ""))
        if view_id := query.get("view"):
            views = [*self._backend.views.stack(reader.person.id), self._backend.views.home(reader.person.id)]
            for view in views:
                if view is not None and view["id"] == view_id:
                    return web.json_response(view)
        elif message := self._sight.message(reader, query.get("channel", ""), query.get("ts", "")):
            return web.json_response(message.to_slack(reader.world.team.id, with_metadata=True))
        raise web.HTTPNotFound(text="No such message or view here.")

    def _drawn(self, reader: Reader, conversation: Conversation, tab: str | None, thread: str | None, at: str) -> str:
        mine = self._backend.workspace.conversations_of(reader.person.id)
        app = is_app(conversation, reader)
        if not (app and tab == "home"):
            self._unread.read(reader.person, conversation)
        return self._renderer.page(
            reader,
            conversation=conversation,
            names={each.id: conversation_name(each, reader) for each in mine},
            unread={each.id: self._unread.mark(reader.person, each) for each in mine},
            channels=[each for each in mine if not is_direct(each)],
            people=[each for each in mine if is_direct(each) and not is_app(each, reader)],
            apps=[each for each in mine if is_app(each, reader)],
            members=[self._backend.world.users[user] for user in sorted(conversation.members)],
            messages=self._sight.messages(reader, conversation),
            thread=self._sight.thread(reader, conversation, thread),
            direct=is_direct(conversation),
            tabs=app,
            tab="home" if app and tab == "home" else "messages",
            at=at,
            seen=self._backend.feed.count,
        )
