"""All parts of a running stand-in, for the handlers that need several of them."""

from dataclasses import dataclass

from demo.slack.feed import Feed
from demo.slack.socket_mode import SocketMode
from demo.slack.tickets import ResponseUrls, Triggers
from demo.slack.transport import Transport
from demo.slack.views import Views
from demo.slack.workspace import Workspace
from demo.slack.world import World


@dataclass
class Backend:
    """The workspace and what apps do with it; `url` is the server's address once it listens."""

    world: World
    workspace: Workspace
    feed: Feed
    triggers: Triggers
    response_urls: ResponseUrls
    views: Views
    sockets: SocketMode
    url: str = ""

    @property
    def transport(self) -> Transport:
        """The way to the app."""
        return self.sockets
