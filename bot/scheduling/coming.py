"""Single runs that were asked for a later time, held against today's policy until they begin."""

from __future__ import annotations

import time
from typing import Any

from structlog import get_logger

from bot.access import Right, decide
from bot.conversation.answers import Told
from bot.domain import RunKey, RunState
from bot.errors import Refusal, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.launching.contract import breaches, in_words
from bot.messages.markup import Markup, date, escape, mention
from bot.parameters.params import check_conf
from bot.scheduling.announcing import MOMENT
from bot.station import Station
from bot.store import AuditEntry, FollowedRun

log = get_logger(__name__)
ASK_AGAIN = 20.0  # seconds between attempts while a service doesn't answer


class Coming:
    """Looks at the followed runs that haven't begun."""

    def __init__(self, station: Station) -> None:
        self._station = station

    async def check(self) -> None:
        """Hand each that no longer fits to durable work."""
        for followed in await self._station.store.runs.followed():
            at = (followed.shown or {}).get("at") or 0.0
            if at > time.time() and (why := await why_not(self._station, followed)):
                args = {"key": list(followed.key), "why": why}
                await self._station.jobs.submit(f"unfit:{followed.dag_id}:{followed.dag_run_id}", "run.unfit", args)


async def why_not(station: Station, followed: FollowedRun) -> str:
    """Why this run may not begin any more; empty where it may."""
    model = await station.catalogue.of_dag(followed.dag_id)
    if model is None or model.pipeline is None:
        return ""
    shown = followed.shown or {}
    person = await station.people.person(followed.requested_by or "")
    beyond = breaches(
        model.contract, model.pipeline, followed.conf, compute=shown.get("compute", ""), ref=shown.get("ref", "")
    )
    roles = await station.people.roles(person, model)
    agreed = bool(shown.get("agreed_by"))
    if not decide(Right.RUN, roles, model.name, in_contract=not beyond or agreed).allowed:
        return (
            f"only owners of {model.name} may {in_words(beyond, person.name)}"
            if beyond and roles
            else (f"{person.name} may no longer run {model.name}")
        )
    try:
        check_conf(model.name, model.pipeline, followed.conf)
    except Refusal as error:
        return error.sentence.rstrip(".")
    return ""


async def stop(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "run.unfit": the run is stopped before it begins, and its person told why."""
    key = RunKey(*args["key"])
    followed = await station.store.runs.get(key)
    if followed is None or followed.ended:
        return
    try:
        run = await station.orchestrator.run(key)
        if run is None or run.state is not RunState.SCHEDULED:
            return  # it has begun, or is gone: then it is as any other
        await ctx.step("stopped", _stop, ctx, followed, args["why"], station)
        at = date(run.run_after, MOMENT)
        text = Markup(
            f"{mention(followed.requested_by or '')} the run of {escape(followed.model)} that was to begin {at} "
            f"was stopped: {escape(args['why'])}."
        )
        places = [place for place in (followed.card_channel, followed.channel, followed.requested_by) if place]
        await station.posting.somewhere(f"{ctx.id}:told", places, Told(text=text).render())
    except ServiceError as error:
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


async def _stop(ctx: JobContext, followed: FollowedRun, why: str, station: Station) -> bool:
    await station.orchestrator.stop(followed.key)
    entry = AuditEntry(
        id=f"{ctx.id}:stopped",
        actor="stationmaster",
        actor_name="Stationmaster",
        action="run",
        outcome="stopped",
        model=followed.model,
        subject=followed.dag_run_id,
        detail={"why": why},
        job_id=ctx.id,
    )
    await station.store.audit.append(entry)
    return True
