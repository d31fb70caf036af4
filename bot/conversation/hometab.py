"""The app's home tab: published when it is opened, and drawn anew when work that was asked for there is done."""

from __future__ import annotations

from typing import Any

from structlog import get_logger
from structlog.contextvars import bound_contextvars

from bot.access import Right
from bot.conversation.answers import Closed
from bot.conversation.asked import Asked
from bot.conversation.commands import Registered
from bot.conversation.interpret import Interpreter, Request
from bot.errors import Refusal, ServiceError
from bot.messages.render import Home
from bot.station import Station

log = get_logger(__name__)


class HomeTabs:
    """Publishes what `@home_tab` declares."""

    def __init__(self, station: Station, registered: Registered, interpreter: Interpreter) -> None:
        self._station, self._homes, self._interpreter = station, registered.homes, interpreter

    async def open(self, request: Request) -> None:
        """Show this person their home tab as it is now; to who has no role, why it is empty."""
        with bound_contextvars(request=request.id, person=request.person):
            try:
                for view in await self._views(request):
                    await self._station.chat.publish(request.person, view.render())
            except ServiceError as error:
                log.warning("home.not_published", error=str(error))

    async def _views(self, request: Request) -> list[Home]:
        try:
            call = await self._interpreter.call(request, Right.READ)
            return [await home.handler(call) for home in self._homes.values()]
        except Refusal as error:
            return [Closed(sentence=error.sentence)]

    async def worked(self, args: dict[str, Any]) -> None:
        """A piece of work is done. Asked for on the home tab, it shows there, and the next click is another one."""
        asked = Asked(**args["asked"]) if isinstance(args, dict) and "asked" in args else None
        if asked and asked.channel == asked.person:
            await self.open(Request(asked.request_id, asked.person, "", asked.channel, ""))
