"""From a request's words to a declared command, authorised: what a command, a button and a share have in common."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from bot.access import Right, decide
from bot.conversation.commands import Call, Command, Registered, Work
from bot.conversation.words import Token, bind, split
from bot.errors import NotAllowed, Refusal, ServiceDown, UnknownWord
from bot.following.whichrun import find_run
from bot.messages.render import Message, Modal
from bot.scheduling.which import find_schedule
from bot.station import Station
from bot.store import AuditEntry

FIND_WITHIN = 1.5  # seconds; a run that isn't in the store is looked for in Airflow before Slack has its answer


@dataclass(frozen=True, slots=True)
class Request:
    """One delivery from Slack. `id` is made from it, so that the same delivery has the same id."""

    id: str
    person: str
    team: str
    channel: str
    text: str
    response_url: str = ""
    trigger: str = ""  # opens one modal, within three seconds
    label: str = ""  # of the button that was clicked


class Interpreter:
    """Reads requests, and calls what they name."""

    def __init__(self, station: Station, registered: Registered) -> None:
        self._station, self._registered = station, registered

    async def carry_out(self, request: Request) -> tuple[Command, Call, Message | Modal | Work]:
        """The command that the text names, the call it was given, and what it returned. Refusal where it can't be."""
        command, rest = self.chosen(request.text)
        arguments = bind(command.arguments, rest, command.usage)
        model, run, schedule = (getattr(arguments, name, "") for name in ("model", "run", "schedule"))
        call = await self.call(request, command.right, model, run=run, schedule=schedule)
        return command, call, await command.handler(call, arguments)

    async def read(self, request: Request) -> Message:
        """The answer of a command that only reads. Refusal for any other."""
        if self.chosen(request.text)[0].reads_only:
            _, _, answer = await self.carry_out(request)
            if isinstance(answer, Message):
                return answer
        raise Refusal("Only an answer can be shared.")

    def chosen(self, text: str) -> tuple[Command, list[Token]]:
        """The command that the first word names, and the tokens after it; without a word, the launcher."""
        tokens = split(text)
        if not tokens:
            return self._registered.commands[""], []
        first = tokens[0]
        if first.key or first.option:
            raise Refusal(f"A command comes first, not “{first.key or first.option}”.", example="help")
        return self._registered.command(first.text), tokens[1:]

    async def call(self, request: Request, right: Right, word: str = "", *, run: str = "", schedule: str = "") -> Call:
        """Who asks, about the model called `word`, the run or the schedule of these names, and whether they may.

        NotAllowed where they may not, which is audited.
        """
        people = self._station.people
        person = await people.person(request.person)
        roles = await people.roles(person)
        call = Call(self._station, person, roles, request.channel, request.text, request_id=request.id)
        await self._authorise(request, call, Right.READ)  # a stranger learns no model's name
        if run:
            call = await self._about_run(call, run)
        elif schedule:
            kept = await find_schedule(self._station, schedule)
            call = replace(call, schedule=kept, model=await self._station.catalogue.find(kept.model))
        elif word:
            call = replace(call, model=await self._station.catalogue.find(word))
        if call.model:
            call = replace(call, roles=await people.roles(person, call.model))
        await self._authorise(request, call, right)
        return call

    async def _about_run(self, call: Call, word: str) -> Call:
        """The call, about the run that the word names, and its model. Without one nobody's roles could be told."""
        try:
            async with asyncio.timeout(FIND_WITHIN):
                run = await find_run(self._station, word)
        except TimeoutError as error:
            raise ServiceDown("Airflow", f"no answer within {FIND_WITHIN:g} s") from error
        if run is None:
            raise UnknownWord("run", word, hint=await self._which_run(word))
        model = await self._station.catalogue.of_dag(run.dag_id)
        if model is None:
            raise Refusal(f"The pipeline of this run, {run.dag_id}, is in the catalogue no longer.")
        return replace(call, run=run, model=model)

    async def _which_run(self, word: str) -> str:
        try:
            model = await self._station.catalogue.find(word)
        except UnknownWord:
            return "Its id, or the end of it, will do; status lists the last ones."
        last = await self._station.store.runs.latest(model=model.name, limit=1)
        return f"{model.name} is a model" + (f": its last run is {last[0].dag_run_id}." if last else ".")

    async def _authorise(self, request: Request, call: Call, right: Right) -> None:
        name = call.model.name if call.model else None
        named = call.model.contract.promotion.rollback if call.model and right is Right.ROLLBACK else None
        own = call.own or (right is Right.SCHEDULE and call.schedule is None)  # what one is about to make is one's own
        own = own or right is Right.AUDIT  # that command shows each reader no more than they may read
        decision = decide(right, call.roles, name or "", own=own, named=named)
        if decision.allowed:
            return
        entry = AuditEntry(
            id=f"{request.id}:refused",
            actor=call.person.id,
            actor_name=call.person.name,
            action=right,
            outcome="refused",
            model=name,
            subject=call.run.dag_run_id if call.run else call.schedule.id if call.schedule else None,
            detail={"why": decision.why},
        )
        await self._station.store.audit.append(entry)
        unknown = call.model is not None and not call.model.configured
        hint = f"{name} has no entry in my configuration yet; an admin can open it to others there." if unknown else ""
        raise NotAllowed(decision.why, hint=hint)
