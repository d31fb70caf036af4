"""`compare MODEL V1 V2`: two versions side by side, the differences only."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from bot.access import Right
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.errors import Refusal
from bot.following.cards import Link
from bot.following.comparison import code_url
from bot.messages.phrases import count
from bot.messages.render import Message
from bot.promoting.account import Account, account_of
from bot.promoting.sidebyside import Row, SideBySide, side_by_side
from bot.promoting.versions import LATEST, resolve


class CompareMessage(Message):
    """Two versions: the verdict first, then a table of what differs; `told` has its rows in words."""

    template: ClassVar[str] = "compare"
    shareable: ClassVar[bool] = True
    headline: str
    told: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    links: tuple[Link, ...] = ()


class CompareArguments(Arguments):
    """The MODEL, and two of its versions: numbers, aliases or `latest`. Without them, its champion and the newest."""

    model: str
    v1: str = ""
    v2: str = LATEST


@command("compare", summary="two versions side by side", example="compare MODEL v11 v13", right=Right.READ)
async def compare(call: Call, arguments: CompareArguments) -> CompareMessage:
    """The second version beside the first."""
    registry, about = call.station.registry, call.about
    words = (arguments.v1 or f"@{about.contract.alias}", arguments.v2)
    versions = await asyncio.gather(*(resolve(registry, about.name, about.registered_model, word) for word in words))
    if versions[0].version == versions[1].version:
        raise Refusal(
            f"{words[0]} and {words[1]} are the same version of {about.name}, v{versions[0].version}.",
            hint="Give two that differ.",
            example=f"model {about.name}",
        )
    first, second = await asyncio.gather(*(account_of(call.station, version) for version in versions))
    found = side_by_side(first, second, about.contract.metrics)
    trainings = [each.training for each in (first, second) if each.training]
    links = [Link("Open in MLflow", registry.compare_url(trainings))] if len(trainings) == 2 else []
    links += [Link("Compare the code", url)] if (url := code_url(second.training, first.training)) else []
    return CompareMessage(
        headline=_headline(about.name, first, second, found),
        table=(("", _titled(first), _titled(second)), *(row.cells for row in found.rows)) if found.rows else (),
        told=tuple(_in_words(row) for row in found.rows),
        notes=_notes(first, second, found),
        proposals=tuple(
            Proposal(f"Explain {each.name}", f"explain {about.name}@{each.name}") for each in (first, second)
        ),
        links=tuple(links),
    )


def _headline(model: str, first: Account, second: Account, found: SideBySide) -> str:
    beside = f"{model}: {second.name} beside {first.name}"
    if found.judged:
        return f"{beside}, better on {found.better} of {count(found.judged, 'metric')}"
    return f"{beside}, {count(len(found.rows), 'difference')}" if found.rows else f"{beside}: nothing differs"


def _in_words(row: Row) -> str:
    """A row for who reads no table: "auc ↑: 0.671, then 0.712 (+0.041 better)"."""
    label, first, second = row.cells
    return f"{label}: {first}, then {second}"


def _titled(account: Account) -> str:
    aliases = ", ".join(account.version.aliases)
    return f"{account.name} ({aliases})" if aliases else account.name


def _notes(first: Account, second: Account, found: SideBySide) -> tuple[str, ...]:
    """What the table doesn't say: why nothing is judged, what is equal, and whose origin is unknown."""
    said = [] if found.comparable else ["not comparable: the metrics are not from the same evaluation data"]
    said += [found.equal_in_words] if found.equal else []
    said += [f"⚠️ {each.name}: unknown origin, {each.origin.unknown}" for each in (first, second) if each.origin.unknown]
    return tuple(said)
