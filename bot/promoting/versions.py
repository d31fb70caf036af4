"""Which version a person means: a number, `v12`, `@alias` or `latest`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.conversation.words import nearest
from bot.domain import Version
from bot.errors import Refusal, UnknownWord
from bot.messages.phrases import listed
from bot.ports import Registry

LATEST = "latest"
LOOKED_THROUGH = 100  # versions, for what to say instead
MOST_NAMED = 5
_NUMBER = re.compile(r"[vV]?0*(?P<number>[1-9][0-9]{0,9})")


class Word(NamedTuple):
    """A word for a version, read: `number`, `alias`, or neither for the newest."""

    number: str = ""
    alias: str = ""


def read(word: str) -> Word | None:
    """The word read; None for a lone `@`. An empty word is the newest version, a bare one may be an alias."""
    typed = word.strip()
    if found := _NUMBER.fullmatch(typed):
        return Word(number=found["number"])
    name = typed.removeprefix("@")
    if typed == "@":
        return None
    return Word() if name.lower() in {"", LATEST} else Word(alias=name)


def parted(word: str) -> tuple[str, str]:
    """A model's name, and the version that stands behind its `@`: "delays@v12", "delays@production"."""
    name, at, version = word.partition("@")
    if not at:
        return name, ""
    return name, version if _NUMBER.fullmatch(version) else f"@{version}"


async def resolve(registry: Registry, model: str, registered_model: str, word: str) -> Version:
    """The version of the registered model that the word names, as the registry has it now.

    Refusal where the model has no versions; UnknownWord, naming what there is, where the word names none of them.
    `model` is the catalogue's name for people.
    """
    asked = read(word)
    found = await _found(registry, registered_model, asked) if asked else None
    if found:
        return found
    there = await registry.versions(registered_model, LOOKED_THROUGH)
    if not there:
        raise Refusal(
            f"{model} has no versions yet: nothing is registered as {registered_model}.",
            hint="A run registers one when it succeeds.",
            example=f"run {model}",
        )
    aliases = {f"@{alias}": version for version in there for alias in version.aliases}
    known = [*(f"v{version.version}" for version in there), *aliases, LATEST]
    raise UnknownWord("version", word, nearest(word, known), of=model, hint=_there_is(model, there, aliases))


async def _found(registry: Registry, registered_model: str, asked: Word) -> Version | None:
    if asked.number:
        return await registry.version(registered_model, asked.number)
    if asked.alias:
        return await registry.holder(registered_model, asked.alias)
    newest = await registry.versions(registered_model, 1)
    return newest[0] if newest else None


def _there_is(model: str, there: Sequence[Version], aliases: Mapping[str, Version]) -> str:
    """What can be named: "delays has v13, v12 and 11 more; @production is v11."."""
    named = [f"v{version.version}" for version in there[:MOST_NAMED]]
    more = len(there) - len(named)
    has = f"{model} has {listed([*named, *([f'{more} more'] if more else [])])}"
    held = listed([f"{alias} is v{version.version}" for alias, version in aliases.items()])
    return f"{has}; {held}." if held else f"{has}."
