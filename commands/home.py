"""The App Home: what is a person's own, and where to begin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple

from bot.access import Role
from bot.catalogue import Model
from bot.conversation.answers import Proposal, beginnings
from bot.conversation.commands import Call, home_tab
from bot.following.runlines import RunLine, as_kept, run_line
from bot.messages.markup import Markup, date, escape
from bot.messages.phrases import listed
from bot.messages.render import Home
from bot.promoting.waiting import Waiting, waiting_for
from bot.scheduling.lines import line as schedule_line
from bot.scheduling.listing import Known, listing
from bot.scheduling.trains import trains
from bot.store import FollowedRun, How, Move

MOST_RUNS = 10
MOST_MODELS = 10
MOST_SCHEDULES = 10
MOST_OFFERED = 5  # models with a button of their own; the rest is behind "All models"


class HomeLine(NamedTuple):
    """A line whose button asks for more: what it says is typed for the person."""

    line: Markup
    says: str


class HomeView(Home):
    """What waits for a person, their runs, models and schedules, what they may train, how the bot knows them."""

    template: ClassVar[str] = "home"
    headline: str
    proposals: tuple[Proposal, ...] = ()
    waiting_title: str = ""
    waiting: tuple[Waiting, ...] = ()
    running: tuple[RunLine, ...] = ()
    recent: tuple[RunLine, ...] = ()
    models_title: str = ""
    models: tuple[HomeLine, ...] = ()
    schedules_title: str = ""
    schedules: tuple[HomeLine, ...] = ()
    settings: str = ""


@home_tab
async def home(call: Call) -> HomeView:
    """From what the store knows alone, so that the tab opens at once whatever Airflow does."""
    mine = await call.station.store.runs.latest(requested_by=call.person.id, limit=MOST_RUNS)
    waiting = await waiting_for(call)
    known = (await listing(call.station, ask=False)).schedules
    owned, own = await _owned(call), [each for each in known if each.owner == call.person.id]
    return HomeView(
        headline="Train a model, or see what trains.",
        proposals=await _proposals(call),
        waiting_title=f"Waiting on you ({len(waiting)})",
        waiting=waiting,
        running=_lines([each for each in mine if each.ended is None]),
        recent=_lines([each for each in mine if each.ended is not None]),
        models_title=_title("Your models", len(owned), MOST_MODELS),
        models=tuple([await _model(call, each, known) for each in owned[:MOST_MODELS]]),
        schedules_title=_title("Your schedules", len(own), MOST_SCHEDULES),
        schedules=tuple([_schedule(each) for each in own[:MOST_SCHEDULES]]),
        settings=f"You are {listed(sorted(call.roles))} here · your times are those of {call.person.zone}",
    )


async def _proposals(call: Call) -> tuple[Proposal, ...]:
    models = [model for model in await call.station.catalogue.models() if not model.trouble]
    mine = await call.station.people.runnable(call.person, models)
    return beginnings([model.name for model in mine[:MOST_OFFERED]])


def _lines(runs: Sequence[FollowedRun]) -> tuple[RunLine, ...]:
    return tuple(run_line(each.model, as_kept(each), each) for each in runs)


def _title(words: str, many: int, most: int) -> str:
    return f"{words} ({most} of {many})" if many > most else words


async def _owned(call: Call) -> list[Model]:
    """The models that are this person's."""
    people, catalogue = call.station.people, call.station.catalogue
    return [each for each in await catalogue.models() if Role.OWNER in await people.roles(call.person, each)]


async def _model(call: Call, model: Model, known: Sequence[Known]) -> HomeLine:
    """ "*delays* · production v11 since 8 Nov · trains Mondays 06:00"."""
    alias = model.contract.alias
    move = await call.station.store.ledger.current(model.registered_model, alias)
    parts = [Markup(f"*{escape(model.name)}*")]
    if move and move.after:
        parts.append(Markup(f"{escape(f'{alias} v{move.after}')}{_since(move)}"))
    if when := trains(model, [each for each in known if each.model == model.name], call.person.zone):
        parts.append(when)
    return HomeLine(Markup(" · ".join(parts)), f"model {model.name}")


def _since(move: Move) -> str:
    """What was there before the bot came has held the alias for nobody knows how long."""
    at = datetime.fromtimestamp(move.at, UTC)
    return "" if move.how == How.ADOPTED else f" since {date(at, '{date_short_pretty}')}"


def _schedule(known: Known) -> HomeLine:
    """As it was last seen; whose it is, its reader knows."""
    return HomeLine(schedule_line(known, datetime.now(UTC), named=False), f"schedules {known.id}")
