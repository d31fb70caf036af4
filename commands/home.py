"""The App Home: what is a person's own, and where to begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.conversation.answers import Proposal, beginnings
from bot.conversation.commands import Call, home_tab
from bot.following.runlines import RunLine, as_kept, run_line
from bot.messages.phrases import listed
from bot.messages.render import Home
from bot.promoting.waiting import Waiting, waiting_for
from bot.store import FollowedRun

MOST_RUNS = 10
MOST_OFFERED = 5  # models with a button of their own; the rest is behind "All models"


class HomeView(Home):
    """What waits for a person, their runs, the models that they may train, and how the bot knows them."""

    template: ClassVar[str] = "home"
    headline: str
    proposals: tuple[Proposal, ...] = ()
    waiting_title: str = ""
    waiting: tuple[Waiting, ...] = ()
    running: tuple[RunLine, ...] = ()
    recent: tuple[RunLine, ...] = ()
    settings: str = ""


@home_tab
async def home(call: Call) -> HomeView:
    """From what the store knows alone, so that the tab opens at once whatever Airflow does."""
    mine = await call.station.store.runs.latest(requested_by=call.person.id, limit=MOST_RUNS)
    waiting = await waiting_for(call)
    return HomeView(
        headline="Train a model, or see what trains.",
        proposals=await _proposals(call),
        waiting_title=f"Waiting on you ({len(waiting)})",
        waiting=waiting,
        running=_lines([each for each in mine if each.ended is None]),
        recent=_lines([each for each in mine if each.ended is not None]),
        settings=f"You are {listed(sorted(call.roles))} here · your times are those of {call.person.zone}",
    )


async def _proposals(call: Call) -> tuple[Proposal, ...]:
    models = [model for model in await call.station.catalogue.models() if not model.trouble]
    mine = await call.station.people.runnable(call.person, models)
    return beginnings([model.name for model in mine[:MOST_OFFERED]])


def _lines(runs: Sequence[FollowedRun]) -> tuple[RunLine, ...]:
    return tuple(run_line(each.model, as_kept(each), each) for each in runs)
