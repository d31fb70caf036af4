"""What happens to a command or a click: parse, authorise, record, acknowledge, carry out, render, answer.

A request that only reads is answered in the acknowledgement itself if that is ready in time, else a little later.
A request that changes something is written down, with its audit row, in one transaction before it is acknowledged;
it is known by an id made from the delivery, so the same delivery twice is one piece of work.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any

from structlog import get_logger
from structlog.contextvars import bound_contextvars

from bot.access import Right
from bot.answers import Closed, Proposal, Refused, Told, shared_by, with_share
from bot.commands import Asked, Button, Call, Registered, Work
from bot.errors import Refusal, ServiceDown, ServiceError, StationmasterError, UnknownWord, shorten
from bot.interpret import Interpreter, Request
from bot.jobs import JobContext, JobRow, RetryLater
from bot.render import Home, Message, Rendered
from bot.station import Station
from bot.store import AuditEntry, Transaction

log = get_logger(__name__)
ACKNOWLEDGE_WITHIN = 2.0  # seconds; Slack gives 3
SHARE_AGAIN = 10.0  # seconds between attempts while Slack doesn't answer
MOST_HEARD = 10_000  # messages to the bot that are remembered, so that one that comes again is known


class Dispatcher:
    """Turns requests into answers and durable work."""

    def __init__(self, station: Station, registered: Registered) -> None:
        self._station, self._buttons, self._homes = station, registered.buttons, registered.homes
        self._interpreter = Interpreter(station, registered)
        self._late: set[asyncio.Task[Any]] = set()
        self._heard: OrderedDict[str, None] = OrderedDict()

    async def command(self, request: Request) -> Rendered | None:
        """The answer to acknowledge with; None where it comes later, or as a card."""
        answering = asyncio.create_task(self._answer(request, self._carry_out_text(request)))
        within = ACKNOWLEDGE_WITHIN if self._only_reads(request.text) else None  # never "heard" before it is kept
        done, _ = await asyncio.wait({answering}, timeout=within)
        if done:
            return answering.result()
        self._answer_later(answering, request)
        return None

    async def click(self, request: Request, action_id: str) -> None:
        """Carry out what a button stands for; what there is to say goes to the person who clicked."""
        name = action_id.split(":", 1)[0]
        if name == "say":  # a button that stands for a command
            doing, reads = self._carry_out_text(request), self._only_reads(request.text)
        elif name == "share":
            doing, reads = self._share(request), False
        elif button := self._buttons.get(name):
            doing, reads = self._carry_out_button(button, request), False
        else:
            return  # a link: there is nothing to do
        answering = asyncio.create_task(self._answer(request, doing))
        if not reads:
            await asyncio.wait({answering})
        self._answer_later(answering, request)

    async def mention(self, request: Request) -> None:
        """Carry out what was written to the bot. Slack delivers a message again where it is unsure; once is enough."""
        if self._first(request) and (answer := await self.command(request)):
            await self._deliver(request, answer)

    async def open_home(self, request: Request) -> None:
        """Show this person their home tab as it is now; to who has no role, why it is empty."""
        with bound_contextvars(request=request.id, person=request.person):
            try:
                for view in await self._home_views(request):
                    await self._station.chat.publish(request.person, view.render())
            except ServiceError as error:
                log.warning("home.not_published", error=str(error))

    async def _home_views(self, request: Request) -> list[Home]:
        try:
            call = await self._interpreter.call(request, Right.READ, None)
            return [await home.handler(call) for home in self._homes.values()]
        except Refusal as error:
            return [Closed(sentence=error.sentence)]

    async def worked(self, args: dict[str, Any]) -> None:
        """A piece of work is done. Asked for on the home tab, it shows there, and the next click is another one."""
        asked = Asked(**args["asked"]) if isinstance(args, dict) and "asked" in args else None
        if asked and asked.channel == asked.person:
            await self.open_home(Request(asked.request_id, asked.person, "", asked.channel, ""))

    def _first(self, request: Request) -> bool:
        """Has this delivery not been here before? As far as this process remembers."""
        new = request.id not in self._heard
        self._heard[request.id] = None
        while len(self._heard) > MOST_HEARD:
            self._heard.popitem(last=False)
        return new

    async def close(self, within: float) -> None:
        """Let late answers finish, for at most so many seconds."""
        if self._late:
            _, unfinished = await asyncio.wait(self._late, timeout=within)
            for task in unfinished:
                task.cancel()

    # ---- one request, from its words to an answer ---------------------------------------------------------------

    async def _carry_out_text(self, request: Request) -> Rendered | None:
        command, call, result = await self._interpreter.carry_out(request)
        return await self._finish(request, call, command.name or "launcher", result)

    async def _carry_out_button(self, button: Button, request: Request) -> Rendered | None:
        call = await self._interpreter.call(request, button.right, None)
        return await self._finish(request, call, button.name, await button.handler(call, request.text))

    async def _share(self, request: Request) -> Rendered | None:
        call = await self._interpreter.call(request, Right.READ, None)
        return await self._finish(request, call, "share", Work("share", {}))

    async def carry_out_share(self, ctx: JobContext, args: dict[str, Any], station: Station) -> None:
        """The work "share": what one person was shown, read again with that person's rights, for the channel."""
        asked = Asked(**args["asked"])
        try:
            answer = (
                await self._interpreter.read(Request(ctx.id, asked.person, "", asked.channel, asked.text))
            ).render()
            await station.posting.once(f"{ctx.id}:shared", asked.channel, shared_by(asked.name, answer))
        except ServiceDown as error:
            raise RetryLater(str(error), after=error.retry_after or SHARE_AGAIN) from error
        except (Refusal, ServiceError) as error:
            told = Refused(sentence=error.sentence).render()
            await station.posting.tell(ctx.id, asked.channel, asked.person, told)

    def _only_reads(self, text: str) -> bool:
        try:
            return self._interpreter.chosen(text)[0].reads_only
        except StationmasterError:
            return True  # it will be refused

    async def _finish(self, request: Request, call: Call, name: str, result: Message | Work) -> Rendered | None:
        if isinstance(result, Message):
            return with_share(result.render(), request.text) if result.shareable else result.render()
        self._station.posting.remember(request.id, request.response_url)
        entry = AuditEntry(
            id=f"{request.id}:accepted",
            actor=call.person.id,
            actor_name=call.person.name,
            action=name,
            outcome="accepted",
            model=call.model.name if call.model else None,
            subject=result.subject or None,
            detail=result.args,
            job_id=request.id,
        )
        asked = Asked(request.id, call.person.id, call.person.name, request.channel, request.text)

        async def also(tx: Transaction) -> None:
            await self._station.store.audit.append(entry, tx)
            if result.also:
                await result.also(tx, request.id)

        args = {"asked": asdict(asked), **result.args}
        accepted = await self._station.jobs.submit(request.id, result.kind, args, also=also)
        return None if accepted else Told(text="That is already under way: I took it the first time.").render()

    async def tell_dead(self, job: JobRow) -> None:
        """A request that was accepted has failed for good: its person hears of it, with the id that the log has."""
        if isinstance(job.args, dict) and "asked" in job.args:
            asked = Asked(**job.args["asked"])
            told = Refused(
                sentence=f"I could not finish “{shorten(asked.text)}”, and have stopped trying.",
                hint=f"Tell an admin this id: {job.id}.",
            )
            await self._station.posting.tell(asked.request_id, asked.channel, asked.person, told.render())

    # ---- answers ------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request, doing: Coroutine[Any, Any, Rendered | None]) -> Rendered | None:
        """What `doing` says, or the sentence of what went wrong. The one place that catches everything."""
        with bound_contextvars(request=request.id, person=request.person):
            try:
                return await doing
            except Refusal as error:
                return self._refused(error).render()
            except ServiceError as error:
                log.warning("request.service_failed", error=str(error))
                return Refused(sentence=error.sentence, hint="Nothing was changed; try again in a minute.").render()
            except Exception:  # the one: the person gets an id, the log the whole story
                incident = secrets.token_hex(4)
                log.exception("request.failed", incident=incident)
                return Refused(
                    sentence="That failed, and it is my fault, not yours.",
                    hint=f"Tell an admin this id: {incident}.",
                ).render()

    def _refused(self, error: Refusal) -> Refused:
        example = f"Try: {self._station.config.current().command} {error.example}" if error.example else ""
        hint = " ".join(filter(None, (error.hint, example)))
        return Refused(sentence=error.sentence, hint=hint, proposals=self._proposals(error))

    def _proposals(self, error: Refusal) -> tuple[Proposal, ...]:
        """The nearest words as buttons, where a whole command can be made of them."""
        if not isinstance(error, UnknownWord):
            return ()
        if error.kind == "model":
            return (
                *(Proposal(f"Run {name}", f"run {name}") for name in error.nearest),
                Proposal("All models", "models"),
            )
        if error.kind == "command":
            return tuple(Proposal(name, name) for name in error.nearest)
        return ()

    def _answer_later(self, answering: asyncio.Task[Rendered | None], request: Request) -> None:
        """When the answer is there, give it to the person alone."""

        async def deliver() -> None:
            if answer := await answering:
                await self._deliver(request, answer)

        task = asyncio.create_task(deliver())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _deliver(self, request: Request, answer: Rendered) -> None:
        """Give an answer to the person alone: where they asked, else directly."""
        try:
            if request.response_url:
                await self._station.chat.respond(request.response_url, answer)
            else:
                await self._station.posting.tell(request.id, request.channel, request.person, answer)
        except ServiceError as error:
            log.warning("answer.not_delivered", error=str(error))
