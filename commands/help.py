"""`help [COMMAND]`: what this person may do, with an example each."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from bot.access import MATRIX, Right
from bot.answers import Proposal
from bot.commands import Call, Command, command, discover
from bot.render import Message
from bot.words import Arguments


class Entry(NamedTuple):
    """One command as help shows it."""

    usage: str
    summary: str
    example: str


class HelpMessage(Message):
    """The commands, or one."""

    template: ClassVar[str] = "help"
    headline: str
    entries: tuple[Entry, ...]
    proposals: tuple[Proposal, ...] = ()


class HelpArguments(Arguments):
    """A COMMAND, or all."""

    command: str = ""


@command("help", summary="what you may do, with an example each", example="help run", right=Right.READ)
async def help_(call: Call, arguments: HelpArguments) -> HelpMessage:
    """Show one command whole, or every one that the person's roles reach."""
    slash = call.station.config.current().command
    model = await _a_model(call)
    registered = discover()
    if arguments.command:
        chosen = registered.command(arguments.command)
        return HelpMessage(headline=f"{slash} {chosen.name}", entries=(_entry(chosen, slash, model),))
    mine = [each for each in registered.commands.values() if each.name and MATRIX[each.right].keys() & call.roles]
    entries = tuple(_entry(each, slash, model) for each in mine)
    return HelpMessage(headline="What you can do here", entries=entries)


def _entry(declared: Command, slash: str, model: str) -> Entry:
    example = declared.example.replace("MODEL", model)
    return Entry(f"{slash} {declared.usage}", declared.summary, f"{slash} {example}")


async def _a_model(call: Call) -> str:
    """A model that exists, for the examples."""
    models = await call.station.catalogue.models()
    return next((model.name for model in models if not model.trouble), "MODEL")
