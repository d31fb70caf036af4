"""`help [COMMAND]`: what this person may do, with an example each."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from bot.access import MATRIX, Right
from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, Command, command, discover
from bot.conversation.words import Arguments
from bot.messages.render import Message
from bot.parameters.paramwords import show


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


def _entry(declared: Command, slash: str, model: Model | None) -> Entry:
    example = declared.example
    if model:
        example = example.replace("MODEL", model.name).replace("key=value", _a_value(model))
    return Entry(f"{slash} {declared.usage}", declared.summary, f"{slash} {example}".rstrip())


async def _a_model(call: Call) -> Model | None:
    """A model that exists, so that the examples can be typed as they stand."""
    return next((model for model in await call.station.catalogue.models() if not model.trouble), None)


def _a_value(model: Model) -> str:
    """A value that the model takes: its first number's default."""
    numbers = [each for each in model.pipeline.parameters if isinstance(each.default, float)] if model.pipeline else []
    return f"{numbers[0].name}={show(numbers[0].default)}" if numbers else ""
