"""The stand-in as a whole: all its parts behind one address."""

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from demo.slack import driver, limits
from demo.slack.api import WebApi
from demo.slack.api.server import Call, Tokens
from demo.slack.archive import Archive
from demo.slack.backend import Backend
from demo.slack.deliveries import Deliveries
from demo.slack.events import RETRIES
from demo.slack.faults import Faults
from demo.slack.feed import Feed
from demo.slack.files import Files
from demo.slack.http_delivery import SIGNING_SECRET, HttpDelivery
from demo.slack.messages import Message
from demo.slack.page import Page
from demo.slack.payloads import TOKEN
from demo.slack.rates import Rates
from demo.slack.responses import Responses
from demo.slack.socket_mode import SocketMode
from demo.slack.tickets import ResponseUrls, Triggers
from demo.slack.uploads import Uploads
from demo.slack.views import Views
from demo.slack.workspace import Clock, Workspace
from demo.slack.world import World, load_world

BOT_TOKEN = "xoxb-demo"  # noqa: S105 - the demo's public token
APP_TOKEN = "xapp-demo"  # noqa: S105 - the demo's public token
T = TypeVar("T")


class StandIn:
    """A Slack of its own: `async with StandIn() as slack`, then point an app at `slack.api_url`.

    `data` is the folder that keeps messages (None: memory only), `port` 0 any free one. `rate_limits`
    switches Slack's budgets, `ack_seconds` is how long an app may take to acknowledge, and `clock` tells
    the seconds since 1970 by which messages, budgets, trigger ids and response URLs age. With a `request_url` the app
    is reached by HTTP, signed with `signing_secret`, and else by Socket Mode, where `seed` fixes which connection gets
    what. `retry_seconds` is how long an event waits before each retry.
    """

    def __init__(
        self,
        *,
        world: World | None = None,
        port: int = 0,
        data: Path | None = None,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        rate_limits: bool = True,
        ack_seconds: float = limits.ACK,
        clock: Clock = time.time,
        request_url: str | None = None,
        signing_secret: str = SIGNING_SECRET,
        retry_seconds: Sequence[float] = RETRIES,
        seed: int | None = None,
    ) -> None:
        world = world or load_world()
        feed = Feed()
        self._port = port
        self._archive = Archive(data)
        self.backend = Backend(
            world=world,
            workspace=Workspace(world, self._archive, feed, clock),
            feed=feed,
            triggers=Triggers(clock),
            response_urls=ResponseUrls(clock),
            views=Views(world, feed),
            files=Files(self._archive, clock),
            sockets=SocketMode(world.app.id, ack_seconds=ack_seconds, seed=seed),
            http=HttpDelivery(clock, request_url=request_url, signing_secret=signing_secret, ack_seconds=ack_seconds),
        )
        self.faults = Faults()
        self.rates = Rates(clock, enabled=rate_limits)
        self.deliveries = Deliveries(self.backend, retry_seconds)
        self._api = WebApi(self.backend, Tokens(bot_token, app_token), self.rates, self.faults)
        self.bot_token = bot_token
        self.app_token = app_token

    # The server

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on loopback; raises OSError where the port is taken."""
        self._runner = web.AppRunner(self._routes(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", self._port))
        self.backend.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Say goodbye to apps and pages, and stop listening; within two seconds."""
        self.backend.feed.close()
        await self.deliveries.events.stop()
        await self.backend.sockets.disconnect("link_disabled")
        await self.backend.http.close()
        await self._runner.cleanup()
        self._archive.close()

    async def use_request_url(self, request_url: str | None) -> None:
        """Reach the app by HTTP from now on, after it echoed a challenge; None goes back to Socket Mode.

        Raises SlackError url_verification_failed.
        """
        if request_url is None:
            self.backend.http.request_url = None
        else:
            await self.backend.http.verify(request_url, TOKEN)

    @property
    def signing_secret(self) -> str:
        """The secret that signs what is sent by HTTP."""
        return self.backend.http.signing_secret

    @property
    def url(self) -> str:
        """The address of the page."""
        return self.backend.url

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` wants."""
        return f"{self.url}/api/"

    def _routes(self) -> web.Application:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api.handle)
        app.router.add_get("/link/", self.backend.sockets.connect)
        app.router.add_post("/response/{secret}", Responses(self.backend, self.deliveries, self.faults).handle)
        Uploads(self.backend, self.faults).add_routes(app)
        Page(self.backend, self.deliveries).add_routes(app)
        return app

    # For tests

    @property
    def calls(self) -> Sequence[Call]:
        """The calls of the Web API so far, oldest first."""
        return tuple(self._api.calls)

    def as_user(self, user: str) -> driver.Actor:
        """Someone who can type and click."""
        return driver.Actor(user, self.backend, self.deliveries)

    def messages(self, channel: str) -> list[Message]:
        """What everybody sees in a conversation, outside threads, oldest first."""
        return self.backend.workspace.history(self.backend.workspace.conversation(channel).id)

    def replies(self, channel: str, thread_ts: str) -> list[Message]:
        """A thread's replies without its parent, oldest first."""
        return self.backend.workspace.replies(self.backend.workspace.conversation(channel).id, thread_ts)

    def ephemerals(self, user: str, channel: str) -> list[Message]:
        """What only that person sees in a conversation, oldest first."""
        return self.backend.workspace.ephemerals(user, self.backend.workspace.conversation(channel).id)

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float = 30.0) -> T:  # noqa: ASYNC109 - tests read best so
        """The predicate's first truthy value; raises TimeoutError after `timeout` seconds."""
        return await driver.wait_for(self.backend, predicate, timeout)
