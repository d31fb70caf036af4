"""All parts of a running stand-in, for the handlers that need several of them."""

from dataclasses import dataclass

from demo.slack.feed import Feed
from demo.slack.files import Files
from demo.slack.http_delivery import HttpDelivery
from demo.slack.socket_mode import SocketMode
from demo.slack.tickets import ResponseUrls, Triggers
from demo.slack.transport import Transport
from demo.slack.views import Views
from demo.slack.workspace import Workspace
from demo.slack.world import World


@dataclass
class Backend:
    """The workspace and the ways to and from the app; `url` is the server's address once it listens."""

    world: World
    workspace: Workspace
    feed: Feed
    triggers: Triggers
    response_urls: ResponseUrls
    views: Views
    sockets: SocketMode
    files: Files
    http: HttpDelivery
    url: str = ""

    @property
    def transport(self) -> Transport:
        """The way to the app: HTTP where it has a request URL, else Socket Mode."""
        return self.sockets if self.http.request_url is None else self.http
