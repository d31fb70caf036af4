"""From a request's words to a declared command, authorised: what a command, a button and a share have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.access import Right, decide
from bot.commands import Call, Command, Registered, Work
from bot.errors import NotAllowed, Refusal
from bot.render import Message, Modal
from bot.station import Station
from bot.store import AuditEntry
from bot.words import Token, bind, split


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


class Interpreter:
    """Reads requests, and calls what they name."""

    def __init__(self, station: Station, registered: Registered) -> None:
        self._station, self._registered = station, registered

    async def carry_out(self, request: Request) -> tuple[Command, Call, Message | Modal | Work]:
        """The command that the text names, the call it was given, and what it returned. Refusal where it can't be."""
        command, rest = self.chosen(request.text)
        arguments = bind(command.arguments, rest, command.usage)
        call = await self.call(request, command.right, getattr(arguments, "model", ""))
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

    async def call(self, request: Request, right: Right, word: str = "") -> Call:
        """Who asks, about the model called `word` if any, and whether they may. NotAllowed where not: it is audited."""
        people = self._station.people
        person = await people.person(request.person)
        call = Call(self._station, person, await people.roles(person), request.channel, request.text)
        await self._authorise(request, call, Right.READ)  # a stranger learns no model's name
        if word:
            model = await self._station.catalogue.find(word)
            call = replace(call, model=model, roles=await people.roles(person, model))
        await self._authorise(request, call, right)
        return call

    async def _authorise(self, request: Request, call: Call, right: Right) -> None:
        name = call.model.name if call.model else None
        decision = decide(right, call.roles, name or "")
        if decision.allowed:
            return
        entry = AuditEntry(
            id=f"{request.id}:refused",
            actor=call.person.id,
            actor_name=call.person.name,
            action=right,
            outcome="refused",
            model=name,
            detail={"why": decision.why},
        )
        await self._station.store.audit.append(entry)
        unknown = call.model is not None and not call.model.configured
        hint = f"{name} has no entry in my configuration yet; an admin can open it to others there." if unknown else ""
        raise NotAllowed(decision.why, hint=hint)
