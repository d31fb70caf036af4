"""`models [WORDS]`: the catalogue."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from bot.access import Right
from bot.catalogue import Model
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.messages.markup import Markup, date, escape, fit
from bot.messages.phrases import count, listed
from bot.messages.render import Message

MOST_SHOWN = 30  # a message has 50 blocks, and a phone a short screen


class Entry(NamedTuple):
    """One model: its name, what it is, and a line of its state."""

    name: str
    description: str
    state: Markup


class ModelsMessage(Message):
    """The models that match, and how old that knowledge is where that matters."""

    template: ClassVar[str] = "models"
    shareable: ClassVar[bool] = True
    headline: str
    entries: tuple[Entry, ...]
    more: str = ""


class ModelsArguments(Arguments):
    """WORDS that all have to occur in a model's name or description."""

    words: tuple[str, ...] = ()


@command("models", summary="the models there are", example="models", right=Right.READ)
async def models(call: Call, arguments: ModelsArguments) -> ModelsMessage:
    """List the catalogue, those that can't be trained with their reason."""
    wanted = [word.lower() for word in arguments.words]
    found = [
        model
        for model in await call.station.catalogue.models()
        if all(word in f"{model.name} {model.description}".lower() for word in wanted)
    ]
    about = f" about “{' '.join(arguments.words)}”" if wanted else ""
    more = f"and {count(len(found) - MOST_SHOWN, 'more model')}: add a word to narrow it down"
    return ModelsMessage(
        headline=f"{count(len(found), 'model') if found else 'No model'}{about}",
        entries=tuple([await _entry(model, call) for model in found[:MOST_SHOWN]]),
        more=more if len(found) > MOST_SHOWN else "",
    )


async def _entry(model: Model, call: Call) -> Entry:
    owners = await call.station.people.names(model.contract.owners)
    return Entry(model.name, fit(model.description, 200), state_of(model, owners))


def state_of(model: Model, owners: list[str]) -> Markup:
    """Whether it can be trained, whose it is, and when it trains next."""
    parts = [Markup(f"⚠️ {escape(model.trouble)}") if model.trouble else Markup("ready")]
    if not model.configured:
        parts.append(Markup("no entry in the configuration yet: admins only"))
    if owners:
        parts.append(Markup(f"owned by {escape(listed(owners))}"))
    if model.pipeline and model.pipeline.next_run:
        parts.append(Markup(f"next run {date(model.pipeline.next_run, '{date_short_pretty} {time}')}"))
    return Markup(" · ".join(parts))
