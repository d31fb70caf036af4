"""Follows runs in bulk, and keeps their cards true within Slack's budget of edits.

One replica holds the tracker. A tick costs one question for the runs that changed, whoever started them, and one for
the tasks of all live runs, however many there are; a run that Airflow no longer has is asked for by name before it is
called gone.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Unpack

from structlog import get_logger

from bot.domain import Posted, Run, RunKey, RunState, Task
from bot.duties import keep, lasting
from bot.errors import NotFound, NotInChannel, ServiceRejected
from bot.following.cards import RunCard, run_card
from bot.following.facts import facts, new_summaries
from bot.following.finishing import submit_finish
from bot.following.newcomers import Newcomers
from bot.following.overdue import Overdue
from bot.following.redrawing import submit_redraw
from bot.jobs import Fenced
from bot.launching.twins import called
from bot.questions.waiting import Waiting
from bot.station import Station
from bot.store import FollowedRun, RunChanges

log = get_logger(__name__)
HOLD = "tracker"
OVERLAP = timedelta(seconds=60)  # Airflow's clock and ours, and changes that commit late
CLOCK_AHEAD = timedelta(hours=1)  # by how much this clock may have been ahead, where it was set back


class Tracker:
    """Ticks while this replica holds the lease."""

    def __init__(self, station: Station, *, every: float = 5.0) -> None:
        self._station, self._every = station, every
        self._seen: dict[RunKey, Run] = {}
        self._asked: datetime | None = None  # when changes were last asked for
        self._newcomers = Newcomers(station)
        self._overdue = Overdue(station)
        self._waiting = Waiting(station)
        self._fence: int | None = None  # of the hold; None where nobody competes
        self._ticked = self._renewed = time.monotonic()

    @property
    def holds(self) -> bool:
        """Does this process follow the runs, as far as it knows?"""
        return self._fence is not None

    @property
    def lag(self) -> float:
        """Seconds since all runs were last looked at by this process."""
        return time.monotonic() - self._ticked

    async def follow(self) -> None:
        """Tick for ever, while this replica has the hold."""
        await keep(self._station.jobs, HOLD, self._every, self._hold_and_tick, self._stand_by)

    async def _hold_and_tick(self, fence: int) -> None:
        self._fence, self._renewed = fence, time.monotonic()
        await self.tick()
        self._ticked = time.monotonic()

    async def _stand_by(self) -> None:
        self._fence = None
        self._asked = None  # another replica ticks: what this one has seen grows old

    async def tick(self) -> None:
        """Look at every followed run once, for runs that somebody else started, and at what tasks ask of people."""
        followed = await self._station.store.runs.followed()
        runs = await self._changed(followed)
        tasks = await self._station.orchestrator.tasks([each.key for each in followed]) if followed else {}
        looked = [(each, await self._run(each, runs, tasks)) for each in followed]
        for _, run in looked:
            if run.state.over:  # ends go before cards, of which there may be more than a tick has time for
                await submit_finish(self._station, run)
        going = [(each, run) for each, run in looked if not run.state.over]
        for each, run in sorted(going, key=lambda pair: pair[0].updated):  # edits are scarce: the stalest card first
            await self._renew()
            await self._show(_told_apart(each, followed), run, tasks.get(each.key, ()))
        await self._waiting.look(followed, tasks)
        await self._overdue.look(going)

    async def _changed(self, followed: Sequence[FollowedRun]) -> Mapping[RunKey, Run]:
        """The latest of each followed run, by asking for what changed since the last time; new runs are met."""
        now, homes = datetime.now(UTC), await self._newcomers.homes()
        since = self._asked or await self._since(followed)
        if since > now:  # this clock was ahead, and is set back: what changed meanwhile was not asked for
            since = now - CLOCK_AHEAD
        if dag_ids := {each.dag_id for each in followed} | homes.keys():
            changed = await self._station.orchestrator.changed_runs(dag_ids, since - OVERLAP)
            await self._newcomers.welcome(changed, homes)
            keys = {each.key for each in followed}
            self._seen = {run.key: run for run in [*self._seen.values(), *changed] if run.key in keys}
        self._asked = now
        await self._newcomers.looked(now)
        return self._seen

    async def _since(self, followed: Sequence[FollowedRun]) -> datetime:
        """From when on changes may have been missed by this process."""
        last = await self._newcomers.last_look()
        return min([last, *(datetime.fromtimestamp(each.created, UTC) for each in followed)])

    async def _run(
        self, followed: FollowedRun, runs: Mapping[RunKey, Run], tasks: Mapping[RunKey, Sequence[Task]]
    ) -> Run:
        """The run as it is now; asked for by name where the bulk answers don't show it, or all its tasks are over."""
        known = runs.get(followed.key)
        if known is not None and followed.key in tasks and (known.state.over or not _over(tasks[followed.key])):
            return known
        await self._renew()
        found = await self._station.orchestrator.run(followed.key)
        return found or Run(dag_id=followed.dag_id, run_id=followed.dag_run_id, state=RunState.GONE)

    async def _show(self, followed: FollowedRun, run: Run, tasks: Sequence[Task]) -> None:
        """Edit the card if what it would show has changed."""
        shown = followed.shown or {}
        summaries = await new_summaries(self._station, run, tasks, shown.get("summaries", {}))
        kept = shown | {"summaries": summaries}
        made = await facts(self._station, replace(followed, shown=kept), run, tasks)
        card = run_card(made)
        digest = digest_of(card)
        if digest == shown.get("digest") or not followed.card_ts or not followed.card_channel:
            return
        await self._check_hold()
        at = Posted(channel=followed.card_channel, ts=followed.card_ts)
        try:
            if not await self._station.chat.update(at, card.render(), live=True):
                return  # the next tick shows it, and whatever has changed by then
        except (NotFound, NotInChannel, ServiceRejected) as error:
            log.info("card.unreachable", run=run.run_id, reason=str(error))  # the result is posted anew
            await self._keep(followed, shown=kept, card_ts=None)
        else:
            await self._keep(followed, state=run.state, shown=kept | {"digest": digest}, revision=followed.revision + 1)

    async def _renew(self) -> None:
        """Keep the hold through a long tick; Fenced where another replica has taken it."""
        if self._fence is None or time.monotonic() - self._renewed < self._every:
            return
        if await self._station.jobs.hold(HOLD, lasting(self._every)) != self._fence:
            raise Fenced(f"the hold {HOLD!r} has changed hands")
        self._renewed = time.monotonic()

    async def _check_hold(self) -> None:
        async with self._station.store.write() as tx:
            if self._fence is not None:
                await self._station.jobs.check_hold(tx, HOLD, self._fence)

    async def _keep(self, followed: FollowedRun, **changes: Unpack[RunChanges]) -> None:
        """Write down what is shown; refused where another replica has taken the hold meanwhile.

        Then the edit was one too many, and may have hidden what that replica showed: the card is put right. Nothing is
        written where the run was steered since it was read: what is written down beside it is newer than this.
        """
        try:
            async with self._station.store.write() as tx:
                if self._fence is not None:
                    await self._station.jobs.check_hold(tx, HOLD, self._fence)
                await self._station.store.runs.change(followed.key, at_revision=followed.revision, tx=tx, **changes)
        except Fenced:
            await submit_redraw(self._station, followed)
            raise


def _over(tasks: Sequence[Task]) -> bool:
    return bool(tasks) and all(task.state.over for task in tasks)


def _told_apart(one: FollowedRun, all_of_them: Sequence[FollowedRun]) -> FollowedRun:
    return replace(one, shown=(one.shown or {}) | {"called": called(one, all_of_them)})


def digest_of(card: RunCard) -> str:
    """What a reader would notice of a card: all but the plan's title and id, which change with the clock."""
    said = card.model_dump(mode="json", exclude={"plan_title", "plan_id"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
