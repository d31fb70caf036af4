"""Runs that somebody else started (Airflow's page, a schedule, a backfill): each gets a card in its model's channel.

The tracker's own question for what has changed finds them. Only runs that are younger than the bot's first look at
Airflow are met: a bot that is new somewhere doesn't tell the past.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.catalogue import Model
from bot.domain import Run, RunKey
from bot.errors import ServiceError
from bot.following.cards import run_card
from bot.following.facts import facts
from bot.jobs import JobContext, RetryLater
from bot.launching.compute import named_in
from bot.launching.history import estimate_of
from bot.messages.markup import fit
from bot.scheduling.provenance import Origin, charge_of, origin_of, record
from bot.station import Station
from bot.store import AuditEntry, FollowedRun, Transaction

log = get_logger(__name__)
LOOK = "runs"
OURS = "slack__"  # what the ids of runs begin with that a command started: those are followed by the command
MISSED = 3_600.0  # seconds since its end, after which a run that was never seen gets no card
KEEP_EVERY = 60.0  # seconds between notes of the last look: what changed since is looked at again after a restart
ASK_AGAIN = 20.0
GIVE_UP = 24 * 3_600.0  # seconds that a card is tried to be posted
MOST_REASON = 500  # characters of a run's note
ORIGINS = {"scheduled": "schedule", "backfill": "backfill"}


class Newcomers:
    """Meets runs that nobody asked the bot for."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._met: set[RunKey] = set()
        self._first: float | None = None
        self._kept = 0.0

    async def homes(self) -> Mapping[str, Model]:
        """The models whose runs are met, by DAG: those with a channel of their own, schedules, or a backfill."""
        scheduled = {each.dag_id for each in await self._station.store.schedules.all()}
        scheduled |= {each.dag_id for each in await self._station.store.backfills.open()}
        models = await self._station.catalogue.models()
        return {model.dag_id: model for model in models if model.contract.channel or model.dag_id in scheduled}

    async def last_look(self) -> datetime:
        """When runs were last looked at, by whichever process; now, where this is the first time."""
        look = await self._station.store.looks.begin(LOOK, time.time())
        self._first = look.first
        return datetime.fromtimestamp(look.last, UTC)

    async def looked(self, at: datetime) -> None:
        """What had changed by then has been met."""
        if at.timestamp() - self._kept >= KEEP_EVERY:
            await self._station.store.looks.looked(LOOK, at.timestamp())
            self._kept = at.timestamp()

    async def welcome(self, changed: Collection[Run], homes: Mapping[str, Model]) -> None:
        """Begin to follow those of these runs that are new; once, whichever process sees them and however often."""
        due = [run for run in changed if run.key not in self._met and run.dag_id in homes and self._is_new(run)]
        for run in due:
            if await self._station.store.runs.get(run.key) is None:
                await self._meet(run, homes[run.dag_id])
        self._met = {run.key for run in changed}

    def _is_new(self, run: Run) -> bool:
        if run.run_id.startswith(OURS) or self._first is None:
            return False
        if run.ended and time.time() - run.ended.timestamp() > MISSED:
            return False
        born = _born(run)
        return born is not None and born.timestamp() >= self._first

    async def _meet(self, run: Run, model: Model) -> None:
        """A schedule's run is its owner's, and counts against their budget. Others are nobody's."""
        station, job_id = self._station, f"meet:{run.dag_id}:{run.run_id}"
        origin = await origin_of(station, run)
        followed = _followed(run, model, job_id)
        if mine := await self._backfilled(followed, run):
            async with station.store.write() as tx:
                await station.store.runs.add(mine, tx)
                await station.store.audit.append(_begun(mine), tx)
            return
        if origin is None and not followed.channel:
            return
        charged = await charge_of(station, origin, run, model, job_id) if origin else None

        async def also(tx: Transaction) -> None:
            await station.store.runs.add(_of_schedule(followed, origin) if origin else followed, tx)
            if origin and charged:
                await station.store.charges.add(*charged, tx)
                await record(station, origin, run, model, job_id, tx)

        await station.jobs.submit(job_id, "run.meet", {"key": list(run.key)}, also=also)

    async def _backfilled(self, followed: FollowedRun, run: Run) -> FollowedRun | None:
        """The run as one of a backfill that the bot began in Airflow, which has a card for all of them; else None."""
        said = run.conf.get("stationmaster")
        claim = said.get("backfill") if isinstance(said, Mapping) and run.kind == "backfill" else None
        kept = await self._station.store.backfills.get(str(claim.get("id"))) if isinstance(claim, Mapping) else None
        if kept is None or kept.dag_id != run.dag_id or not kept.by_airflow:
            return None
        moments = [datetime.fromisoformat(each) for each in kept.plan["moments"]]
        number = next((at for at, moment in enumerate(moments) if moment == _logical_date(run)), None)
        if number is None:
            return None
        return replace(
            followed,
            origin="backfill",
            channel=None,
            requested_by=kept.requested_by,
            requested_by_name=kept.requested_by_name,
            job_id=f"{kept.id}:{number}",
        )


def _begun(followed: FollowedRun) -> AuditEntry:
    """Whose doing the run of a backfill is."""
    return AuditEntry(
        id=f"{followed.job_id}:started",
        actor=str(followed.requested_by),
        actor_name=str(followed.requested_by_name),
        action="run",
        outcome="started",
        model=followed.model,
        subject=followed.dag_run_id,
        job_id=followed.job_id,
    )


def _logical_date(run: Run) -> datetime | None:
    """The date that the id of a backfill's run ends in."""
    try:
        return datetime.fromisoformat(run.run_id.partition("__")[2])
    except ValueError:
        return None


def _followed(run: Run, model: Model, job_id: str) -> FollowedRun:
    return FollowedRun(
        dag_id=run.dag_id,
        dag_run_id=run.run_id,
        model=model.name,
        origin=ORIGINS.get(run.kind, "elsewhere"),
        state=run.state,
        conf={name: value for name, value in run.conf.items() if name != "stationmaster"},
        channel=model.contract.channel,
        shown=_shown(run),
        job_id=job_id,
    )


def _of_schedule(followed: FollowedRun, origin: Origin) -> FollowedRun:
    """The run as its schedule's owner's; without a channel of the model's, its card goes where that was asked for."""
    kept = origin.schedule
    channel = followed.channel or str(kept.spec.get("channel") or "") or kept.owner
    named = {"schedule": {"id": kept.id, "words": origin.words}, "reason": kept.spec.get("reason") or ""}
    return replace(
        followed,
        origin="schedule",
        channel=channel,
        requested_by=kept.owner,
        requested_by_name=kept.owner_name,
        shown={**(followed.shown or {}), **named},
    )


def _shown(run: Run) -> dict[str, Any]:
    """What the card tells beside the run itself: see `bot.following.facts.facts`."""
    machine = named_in(run.conf)
    return {
        "reason": fit(run.note, MOST_REASON),
        "compute": machine,
        "terms": [f"on {machine}"] if machine else [],
        "summaries": {},
    }


def _born(run: Run) -> datetime | None:
    """When the run came to be. A backfill's runs are due in the past; another one that is queued again is not new."""
    return run.queued if run.kind == "backfill" else run.run_after or run.queued or run.started


def _places(followed: FollowedRun) -> list[str]:
    """Where its card may stand, the best place first."""
    return [place for place in (followed.channel, followed.requested_by) if place]


async def meet(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "run.meet": post the card of a run, unless it is over by now: then its result is what is posted."""
    key = RunKey(*args["key"])
    followed = await station.store.runs.get(key)
    if followed is None or followed.ended or followed.card_ts or not followed.channel:
        return
    try:
        run = await station.orchestrator.run(key)
        if run is None or run.state.over:
            return
        usual = await estimate_of(station, key.dag_id, named_in(run.conf))
        shown = (followed.shown or {}) | {"typical": (usual.p50, usual.runs) if usual else None}
        await station.store.runs.change(key, shown=shown)
        card = run_card(await facts(station, replace(followed, shown=shown), run, ())).render()
        at = await station.posting.somewhere(f"{ctx.id}:card", _places(followed), card)
    except ServiceError as error:
        if ctx.age > GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    if at is None:
        log.warning("card.nowhere", run=key.run_id)
    else:
        await station.store.runs.change(key, card_channel=at.channel, card_ts=at.ts)
