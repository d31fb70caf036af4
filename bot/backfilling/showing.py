"""How a backfill stands, and its card put right."""

from __future__ import annotations

import hashlib
import json

from structlog import get_logger

from bot.backfilling.card import BackfillCard, backfill_card
from bot.backfilling.proposing import Plan, key_of
from bot.domain import Posted, RunState
from bot.errors import NotFound, NotInChannel
from bot.launching.price import said
from bot.station import Station
from bot.store import FollowedRun, KeptBackfill

log = get_logger(__name__)


async def runs_of(job_id: str, plan: Plan, station: Station) -> list[FollowedRun | None]:
    """Its runs that are followed, in order; None where one hasn't started."""
    found = await station.store.runs.of_jobs([key_of(job_id, number) for number in range(len(plan.moments))])
    return [found.get(key_of(job_id, number)) for number in range(len(plan.moments))]


def state_of(run: FollowedRun | None) -> RunState | None:
    """As its own card tells it: not over while its end is still being told. None where it hasn't started."""
    if run is None:
        return None
    state = RunState(run.state) if run.state in set(RunState) else RunState.UNKNOWN
    return state if run.ended or not state.over else RunState.RUNNING


def day_of(plan: Plan, number: int) -> str:
    """The run's date, as people name it."""
    return f"{plan.moments[number]:%Y-%m-%d %H:%M}".removesuffix(" 00:00")


async def show(kept: KeptBackfill, plan: Plan, station: Station, *, why: str = "", channel: str = "") -> None:
    """Post the card, in `channel` or wherever it may stand, or edit it if a reader would notice a change.

    `why` says why no more of its runs start.
    """
    states = [state_of(run) for run in await runs_of(kept.id, plan, station)]
    days = [day_of(plan, number) for number in range(len(plan.moments))]
    card = backfill_card(kept, states, days, why=why, cost=await _cost(kept.id, plan, station))
    digest = _digest(card)
    if kept.card_channel and kept.card_ts:
        if (kept.shown or {}).get("digest") == digest:
            return
        try:
            await station.chat.update(Posted(channel=kept.card_channel, ts=kept.card_ts), card.render())
        except (NotFound, NotInChannel) as error:
            log.info("card.unreachable", backfill=kept.id, reason=str(error))
        await station.store.backfills.shown(kept.id, kept.card_channel, kept.card_ts, {"digest": digest})
        return
    model = await station.catalogue.find(kept.model)
    places = [place for place in (channel, model.contract.channel, kept.requested_by) if place]
    if at := await station.posting.somewhere(f"{kept.id}:card", places, card.render()):
        await station.store.backfills.shown(kept.id, at.channel, at.ts, {"digest": digest})


async def _cost(job_id: str, plan: Plan, station: Station) -> str:
    """What it has come to so far."""
    charges = [await station.store.charges.get(key_of(job_id, number)) for number in range(len(plan.moments))]
    spent = [each for each in charges if each and each.cost is not None and each.price]
    return said(sum(each.cost or 0 for each in spent), spent[0].currency) if spent else ""


def _digest(card: BackfillCard) -> str:
    return hashlib.sha256(json.dumps(card.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]
