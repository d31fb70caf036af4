"""From something that a person asked to what they are told of it, whatever goes wrong; at once, or a little later."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any

from structlog import get_logger
from structlog.contextvars import bound_contextvars

from bot.conversation.answers import Proposal, Refused
from bot.conversation.interpret import Request
from bot.errors import NotAllowed, Refusal, ServiceError, UnknownWord
from bot.messages.render import Rendered
from bot.observing.tracing import span
from bot.station import Station
from bot.store.trouble import TROUBLE, plainly

log = get_logger(__name__)


class Answering:
    """Gives answers, and the sentences of what went wrong."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._late: set[asyncio.Task[Any]] = set()

    async def answer(self, request: Request, name: str, doing: Coroutine[Any, Any, Rendered | None]) -> Rendered | None:
        """What `doing` says, or the sentence of what went wrong. The one place that catches everything.

        `name` is what was asked for: a declared command, button or form.
        """
        with bound_contextvars(request=request.id, person=request.person):
            try:
                with span(f"request {name}", request=request.id):
                    return await doing
            except Exception as error:  # noqa: BLE001  # the one
                return self.excuse(error, name).render()

    def came(self, name: str, outcome: str) -> None:
        """Count what came of a request."""
        self._station.metrics.requested(name, outcome)

    def excuse(self, error: Exception, name: str) -> Refused:
        """What the person is told of an error; of an unforeseen one an id, under which the log has the whole story."""
        self.came(name, _outcome(error))
        if isinstance(error, Refusal):
            return self._refused(error)
        if isinstance(error, ServiceError):
            log.warning("request.service_failed", error=str(error))
            return Refused(sentence=error.sentence, hint="Nothing was changed; try again in a minute.")
        if isinstance(error, TROUBLE):
            log.warning("database.unavailable", error=plainly(error))
            return Refused(
                sentence="I can't reach my own database right now.",
                hint="Try again in a minute. Should this have got through all the same, you'll see it.",
            )
        incident = secrets.token_hex(4)
        log.error("request.failed", incident=incident, exc_info=error)
        return Refused(
            sentence="That failed, and it is my fault, not yours.", hint=f"Tell an admin this id: {incident}."
        )

    def _refused(self, error: Refusal) -> Refused:
        example = f"Try: {self._station.config.current().command} {error.example}" if error.example else ""
        hint = " ".join(filter(None, (error.hint, example)))
        return Refused(sentence=error.sentence, hint=hint, proposals=_proposals(error))

    def later(self, answering: asyncio.Task[Rendered | None], request: Request) -> None:
        """When the answer is there, give it to the person alone."""

        async def deliver() -> None:
            if answer := await answering:
                await self.deliver(request, answer)

        self._go_on(deliver())

    def settle(self, request: Request, answer: Rendered) -> None:
        """Put the answer in the place of the question that was clicked on."""
        self._go_on(self.deliver(request, answer, replace=True))

    def _go_on(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def deliver(self, request: Request, answer: Rendered, *, replace: bool = False) -> None:
        """Give an answer to the person alone: where they asked, else directly; or in the place of what they clicked."""
        try:
            if request.response_url:
                await self._station.chat.respond(request.response_url, answer, replace=replace)
            else:
                await self._station.posting.aside(request.channel, request.person, answer)
        except ServiceError as error:
            log.warning("answer.not_delivered", error=str(error))

    async def close(self, within: float) -> None:
        """Let late answers finish, for at most so many seconds."""
        if self._late:
            _, unfinished = await asyncio.wait(self._late, timeout=within)
            for task in unfinished:
                task.cancel()


def _outcome(error: Exception) -> str:
    """The word for a request that came to nothing."""
    kinds = ((NotAllowed, "denied"), (Refusal, "refused"), (ServiceError, "service_failed"))
    return next((word for kind, word in kinds if isinstance(error, kind)), "failed")


def _proposals(error: Refusal) -> tuple[Proposal, ...]:
    """The nearest words as buttons, where a whole command can be made of them."""
    if not isinstance(error, UnknownWord):
        return ()
    if error.kind == "model":
        return (*(Proposal(f"Run {name}", f"run {name}") for name in error.nearest), Proposal("All models", "models"))
    return tuple(Proposal(name, name) for name in error.nearest) if error.kind == "command" else ()
