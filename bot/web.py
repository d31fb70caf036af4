"""The one port that the bot listens on: health and metrics always, and whatever else is added, such as Slack's door.

A proxy before it speaks TLS. Nothing here asks who calls: a route that needs proof asks for it itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from structlog import get_logger

from bot.errors import ConfigError

log = get_logger(__name__)

MOST_BYTES = 1024 * 1024  # of a body; Slack's views have at most 250 KB, which a form's escapes may triple
IDLE = 75.0  # seconds until a connection without a whole request is closed; proxies keep theirs for 60
LINGER = 1.0  # seconds to read on, after an answer that did not need the whole body
GRACE = 2.5  # seconds that requests under way have to finish at a stop


class WebServer:
    """Listens on `host` and `port`; `port` 0 is any free one, which `port` then says. Add routes before `open`."""

    def __init__(self, host: str, port: int, *, idle: float = IDLE) -> None:
        self._host, self.port = host, port
        self._app = web.Application(client_max_size=MOST_BYTES)
        self._runner = web.AppRunner(
            self._app, access_log=None, keepalive_timeout=idle, lingering_time=LINGER, shutdown_timeout=GRACE
        )

    def add(self, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Answer these routes too. ValueError where one is there already."""
        self._app.add_routes(routes)

    async def open(self) -> None:
        """Listen. ConfigError where the address can't be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"BIND_ADDRESS, PORT: can't listen on {self._host}:{self.port}: {error.strerror or error}. "
                "Give PORT a free port, or 0 for any."
            ) from error
        self.port = self._runner.addresses[0][1]
        log.info("http.listening", host=self._host, port=self.port)

    async def close(self) -> None:
        """Take no more requests; those under way are finished, within GRACE seconds."""
        await self._runner.cleanup()
