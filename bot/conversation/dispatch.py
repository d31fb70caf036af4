"""What happens to a command or a click: parse, authorise, record, acknowledge, carry out, render, answer.

A request that only reads is answered in the acknowledgement itself if that is ready in time, else a little later.
A request that changes something is written down, with its audit row, in one transaction before it is acknowledged;
it is known by an id made from the delivery, so the same delivery twice is one piece of work.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.access import Right
from bot.conversation.accepting import accept
from bot.conversation.answering import Answering
from bot.conversation.answers import Refused, Told, shared_by, with_share
from bot.conversation.asked import STALE_AFTER, Asked
from bot.conversation.commands import Button, Call, Registered, Shortcut, Work
from bot.conversation.hometab import HomeTabs
from bot.conversation.interpret import Interpreter, Request
from bot.conversation.lastwords import tell_admins
from bot.conversation.modals import Modals
from bot.domain import Posted
from bot.errors import Refusal, ServiceConfused, ServiceDown, ServiceError, StationmasterError, shorten
from bot.jobs import JobContext, JobRow, RetryLater
from bot.messages.render import Message, Modal, Rendered
from bot.station import Station

ACKNOWLEDGE_WITHIN = 2.0  # seconds; Slack gives 3
SHARE_AGAIN = 10.0  # seconds between attempts while Slack doesn't answer
SPOKEN = ("say", "settle")  # buttons that stand for a command; the second answer what their message asks
LAUNCHER = "launcher"  # what `/train` alone is called
MOST_HEARD = 10_000  # messages to the bot that are remembered, so that one that comes again is known


class Dispatcher:
    """Turns requests into answers and durable work."""

    def __init__(self, station: Station, registered: Registered) -> None:
        self._station, self._buttons = station, registered.buttons
        self._shortcuts = registered.shortcuts
        self._interpreter = Interpreter(station, registered)
        self._answering = Answering(station)
        self.modals = Modals(station, registered, self._interpreter, self._answering)
        self.homes = HomeTabs(station, registered, self._interpreter)
        self._heard: OrderedDict[str, None] = OrderedDict()

    async def command(self, request: Request) -> Rendered | None:
        """The answer to acknowledge with; None where it comes later, or as a card."""
        doing = self._answering.answer(request, self._named(request.text), self._carry_out_text(request))
        answering = asyncio.create_task(doing)
        within = ACKNOWLEDGE_WITHIN if self._only_reads(request.text) else None  # never "heard" before it is kept
        done, _ = await asyncio.wait({answering}, timeout=within)
        if done:
            return answering.result()
        self._answering.later(answering, request)
        return None

    async def click(self, request: Request, action_id: str) -> None:
        """Carry out what a button stands for; what there is to say goes to the person who clicked."""
        name = action_id.split(":", 1)[0]
        if name in SPOKEN:
            doing = self._carry_out_text(request, settles=name == "settle")
            reads = self._only_reads(request.text)
        elif name == "share":
            doing, reads = self._share(request), False
        elif button := self._buttons.get(name):
            doing, reads = self._carry_out_button(button, request), False
        else:
            return  # a link: there is nothing to do
        name = self._named(request.text) if name in SPOKEN else name
        answering = asyncio.create_task(self._answering.answer(request, name, doing))
        if not reads:
            await asyncio.wait({answering})
        self._answering.later(answering, request)

    async def shortcut(self, request: Request, name: str, messages: Sequence[Posted]) -> None:
        """Carry out what a shortcut stands for on this message, or on the one that it replies to."""
        if chosen := self._shortcuts.get(name):
            doing = self._answering.answer(request, name, self._carry_out_shortcut(chosen, request, messages))
            self._answering.later(asyncio.create_task(doing), request)

    async def mention(self, request: Request) -> None:
        """Carry out what was written to the bot. Slack delivers a message again where it is unsure; once is enough."""
        if self._first(request) and (answer := await self.command(request)):
            await self._answering.deliver(request, answer)

    def _first(self, request: Request) -> bool:
        """Has this delivery not been here before? As far as this process remembers."""
        new = request.id not in self._heard
        self._heard[request.id] = None
        while len(self._heard) > MOST_HEARD:
            self._heard.popitem(last=False)
        return new

    async def close(self, within: float) -> None:
        """Let late answers finish, for at most so many seconds."""
        await self._answering.close(within)

    # ---- one request, from its words to an answer ---------------------------------------------------------------

    async def _carry_out_text(self, request: Request, *, settles: bool = False) -> Rendered | None:
        command, call, result = await self._interpreter.carry_out(request)
        answer = await self._finish(request, call, command.name or LAUNCHER, result)
        words = request.label[:1].lower() + request.label[1:]
        return self._settled(request, result, answer, words) if settles else answer

    async def _carry_out_button(self, button: Button, request: Request) -> Rendered | None:
        call = await self._interpreter.call(request, button.right)
        result = await button.handler(call, request.text)
        # nobody typed the value: what work is called is for the handler to say
        answer = await self._finish(replace(request, text=""), call, button.name, result)
        words = result.words if isinstance(result, Work) else ""
        return self._settled(request, result, answer, words) if button.settles else answer

    def _settled(
        self, request: Request, result: Message | Modal | Work, answer: Rendered | None, words: str
    ) -> Rendered | None:
        """Put what came of it in the place of the question; a modal isn't an answer yet."""
        if isinstance(result, Modal):
            return answer
        self._answering.settle(request, answer or Told(text=f"On it: {words}.").render())
        return None

    async def _carry_out_shortcut(self, chosen: Shortcut, request: Request, at: Sequence[Posted]) -> Rendered | None:
        await self._interpreter.call(request, Right.READ)  # a stranger learns nothing of a card
        return await self._carry_out_text(replace(request, text=await chosen.handler(self._station, at)))

    async def _share(self, request: Request) -> Rendered | None:
        call = await self._interpreter.call(request, Right.READ)
        return await self._finish(request, call, "share", Work("share", {}))

    async def carry_out_share(self, ctx: JobContext, args: dict[str, Any], station: Station) -> None:
        """The work "share": what one person was shown, read again with that person's rights, for the channel."""
        asked = Asked(**args["asked"])
        try:
            answer = (
                await self._interpreter.read(Request(ctx.id, asked.person, "", asked.channel, asked.text))
            ).render()
            await station.posting.once(f"{ctx.id}:shared", asked.channel, shared_by(asked.name, answer))
        except (Refusal, ServiceError) as error:
            if isinstance(error, ServiceDown | ServiceConfused) and ctx.age < STALE_AFTER:
                raise RetryLater(str(error), after=getattr(error, "retry_after", None) or SHARE_AGAIN) from error
            await station.posting.tell(asked, Refused(sentence=error.sentence))

    def _named(self, text: str) -> str:
        """The declared name of the command that the text begins with; "unknown" where there is none."""
        try:
            return self._interpreter.chosen(text)[0].name or LAUNCHER
        except StationmasterError:
            return "unknown"

    def _only_reads(self, text: str) -> bool:
        try:
            return self._interpreter.chosen(text)[0].reads_only
        except StationmasterError:
            return True  # it will be refused

    async def _finish(self, request: Request, call: Call, name: str, result: Message | Modal | Work) -> Rendered | None:
        if isinstance(result, Modal):
            self._answering.came(name, "asked")
            return await self.modals.open(request, result)
        if isinstance(result, Message):
            self._answering.came(name, "answered")
            return with_share(result.render(), request.text) if result.shareable else result.render()
        accepted = await accept(request, call, name, result)
        self._answering.came(name, "accepted" if accepted else "repeated")
        return None if accepted else Told(text="That is already under way: I took it the first time.").render()

    async def tell_dead(self, job: JobRow) -> None:
        """Work has failed for good: the person who asked for it hears of it, with the id that the log has, and admins.

        At least once each; whoever can't be reached keeps nobody else from hearing.
        """
        if isinstance(job.args, dict) and "asked" in job.args:
            asked = Asked(**job.args["asked"])
            told = Refused(
                sentence=f"I could not finish “{shorten(asked.text)}”, and have stopped trying.",
                hint=f"Tell an admin this id: {job.id}.",
            )
            await self._station.posting.tell(asked, told)
        await tell_admins(self._station, job)
