"""`explain MODEL[@ALIAS or VERSION]`: a version's lineage in words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from pydantic import model_validator

from bot.access import Right
from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.commands import Call, command, shortcut
from bot.conversation.words import Arguments
from bot.domain import Posted, Version
from bot.errors import Refusal, UnknownWord
from bot.following.cards import Link
from bot.messages.markup import Markup
from bot.messages.phrases import listed
from bot.messages.render import Message
from bot.promoting.account import Account, account_of
from bot.promoting.explaining import lineage
from bot.promoting.story import Chapter, approvals, chapters, in_words, request_in_words
from bot.promoting.versions import parted, resolve
from bot.station import Station

MOST_MOVES = 6
MOST_REQUESTS = 4


class Explanation(Message):
    """A version: what it is now, then how it came to be, then who put it where and why."""

    template: ClassVar[str] = "explanation"
    shareable: ClassVar[bool] = True
    headline: str
    lineage: tuple[Markup, ...]
    promoted: tuple[Markup, ...]
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    links: tuple[Link, ...] = ()


class ExplainArguments(Arguments):
    """The MODEL, and which VERSION of it, maybe behind its `@`. Without one, its champion, else the newest."""

    model: str
    version: str = ""

    @model_validator(mode="before")
    @classmethod
    def _behind_the_at(cls, given: Any) -> Any:
        if isinstance(given, dict) and "@" in str(given.get("model")) and not given.get("version"):
            name, version = parted(given["model"])
            return given | {"model": name, "version": version}
        return given


@command("explain", summary="how a version came to be", example="explain MODEL@production", right=Right.READ)
async def explain(call: Call, arguments: ExplainArguments) -> Explanation:
    """The lineage of one version; what nobody knows is said to be unknown."""
    station, about = call.station, call.about
    version = await _meant(station, about, arguments.version)
    account = await account_of(station, version)
    moves = await station.store.ledger.of_model(about.registered_model)
    own = [move for move in moves if version.version in {move.before, move.after}]
    told = await chapters(station, own[-MOST_MOVES:])
    key = account.origin.key
    run_url = station.orchestrator.run_url(key) if key and account.origin.run else ""
    training = account.training
    return Explanation(
        headline=_headline(about, account, told),
        lineage=tuple(lineage(account, about.pipeline, about.contract.metrics, run_url)),
        promoted=tuple(await _promoted(station, about, account, told)),
        notes=tuple([note async for note in _differing(station, about, version)]),
        proposals=_proposals(about, account),
        links=tuple(
            Link(label, url)
            for label, url in (
                ("Open in MLflow", training.url if training else version.url),
                ("Open in Airflow", run_url),
            )
            if url
        ),
    )


@shortcut("explain_run")
async def explain_run(station: Station, messages: Sequence[Posted]) -> str:
    """The card of a run or of a promotion, or a reply below it: its version, explained; a run without one is shown."""
    for at in messages:
        if run := await station.store.runs.of_card(at.channel, at.ts):
            return f"explain {run.model}@v{run.version}" if run.version else f"status {run.dag_id}/{run.dag_run_id}"
        if request := await station.store.promotions.of_card(at.channel, at.ts):
            return f"explain {request.model}@v{request.version}"
    raise Refusal(
        "This message is no run's card.", hint="Choose it on a card, or on a reply below one.", example="explain MODEL"
    )


async def _meant(station: Station, about: Model, word: str) -> Version:
    if not word:
        try:
            return await resolve(station.registry, about.name, about.registered_model, f"@{about.contract.alias}")
        except UnknownWord:
            pass  # nothing holds the alias
    return await resolve(station.registry, about.name, about.registered_model, word)


def _headline(about: Model, account: Account, told: list[Chapter]) -> str:
    """Its state, who trained it, who approved it."""
    held = account.version.aliases
    state = f"is in {listed(list(held))}" if held else "holds no alias"
    parts = [f"trained by {account.origin.trained_by}" if account.origin.trained_by else "trained by nobody I know"]
    approved = [chapter for chapter in told if chapter.move.after == account.version.version and chapter.promotion]
    names = listed([vote.name or "somebody" for vote in approvals(approved[0])]) if approved else ""
    parts += [f"approved by {names or 'nobody on my record'}"] if held or approved else []
    return f"{about.name} {account.name} {state}: {', '.join(parts)}"


async def _promoted(station: Station, about: Model, account: Account, told: list[Chapter]) -> list[Markup]:
    """The moves of aliases that it was part of, newest first; then requests that came to nothing, or still wait."""
    moves = [in_words(chapter) for chapter in told]
    known = {chapter.move.promotion for chapter in told}
    found = await station.store.promotions.of_model(about.name, version=account.version.version)
    requests = [
        request_in_words(request, await station.store.decisions.on(request.id))
        for request in [each for each in found if each.id not in known][:MOST_REQUESTS]
    ]
    return [*moves, *requests] or [Markup("Nobody asked me to promote it, and no alias of mine ever pointed at it.")]


async def _differing(station: Station, about: Model, version: Version) -> AsyncIterator[str]:
    """Aliases that MLflow lets it hold, and that the ledger knows nothing of."""
    for alias in version.aliases:
        last = await station.store.ledger.current(about.registered_model, alias)
        if last is None or last.after != version.version:
            yield f"⚠️ MLflow has it in {alias}, and my ledger does not: nobody approved that through me"


def _proposals(about: Model, account: Account) -> tuple[Proposal, ...]:
    followed = account.origin.followed
    run = (Proposal("Its run", f"status {followed.dag_id}/{followed.dag_run_id}"),) if followed else ()
    return (*run, Proposal("History", f"history {about.name}"))
