"""A card that is put right at once: after a click that came too late, or that changed the run."""

from __future__ import annotations

from structlog import get_logger

from bot.domain import Posted, Run, RunState
from bot.errors import NotFound, NotInChannel
from bot.following.cards import run_card
from bot.following.facts import facts, outcome_of
from bot.station import Station
from bot.store import FollowedRun

log = get_logger(__name__)


async def refresh(station: Station, followed: FollowedRun) -> Run:
    """Edit the run's card, if it has one, to what is so now; the run as it is, GONE where Airflow has it no more."""
    run = await look(station, followed)
    if followed.card_channel and followed.card_ts:
        tasks = (await station.orchestrator.tasks([run.key])).get(run.key, ())
        outcome = await outcome_of(station, followed, run, tasks) if run.state.over else None
        card = run_card(await facts(station, followed, run, tasks, outcome)).render()
        try:
            await station.chat.update(Posted(channel=followed.card_channel, ts=followed.card_ts), card)
        except (NotFound, NotInChannel) as error:
            log.info("card.unreachable", run=run.run_id, reason=str(error))
    return run


async def look(station: Station, followed: FollowedRun) -> Run:
    """The run as Airflow has it."""
    gone = Run(dag_id=followed.dag_id, run_id=followed.dag_run_id, state=RunState.GONE, conf=followed.conf)
    return await station.orchestrator.run(followed.key) or gone
