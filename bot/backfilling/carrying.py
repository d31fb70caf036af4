"""A backfill carried out: in Airflow by the DAG's own schedule, or as a paced series of runs; one card for all of it.

A run of a series is work of its own, "run.start", under an id made of the backfill's: the same code as for any other
run, with rights and schema looked at again. This work only paces them, and looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from structlog import get_logger

from bot.access import Right, decide
from bot.backfilling.proposing import Plan, key_of
from bot.backfilling.showing import day_of, runs_of, show, state_of
from bot.catalogue import Model
from bot.conversation.answers import Refused
from bot.conversation.asked import STALE_AFTER, Asked
from bot.domain import BackfillPlan
from bot.errors import NotAllowed, Refusal, ServiceConfused, ServiceDown, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.launching.contract import breaches, in_words
from bot.launching.settling import release
from bot.parameters.params import check_conf
from bot.promoting.gates import as_conf, resolve
from bot.station import Station
from bot.store import AuditEntry, FollowedRun

log = get_logger(__name__)
LOOK_AGAIN = 5.0  # seconds between looks at its runs
AWAY = 15.0
AT_ONCE = 1  # runs of a series that go on together


async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "backfill": begin, keep going, and tell; each look is an attempt that costs none."""
    asked, plan = Asked(**args["asked"]), Plan.model_validate(args["plan"])
    try:
        why = await ctx.step("begun", _begin, ctx, args, asked, plan, station)
        if why:
            await ctx.step("refused", _refuse, ctx, args, asked, plan, why, station)
            return
        over = await _go_on(ctx, args, asked, plan, station)
    except (ServiceDown, ServiceConfused) as error:
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or AWAY) from error
    if not over:
        raise RetryLater("the backfill goes on", after=LOOK_AGAIN)
    await ctx.step("ended", _end, ctx, args, plan, station)


async def _begin(ctx: JobContext, args: dict[str, Any], asked: Asked, plan: Plan, station: Station) -> str:
    """Begin, unless an earlier attempt did; why it can't be begun, or nothing."""
    try:
        if ctx.age > STALE_AFTER:
            raise Refusal(f"You asked for this backfill of {args['model']} over an hour ago, so I didn't start it.")
        kept = await station.store.backfills.get(ctx.id)
        if kept and kept.ended:  # its work had died, and is tried again: see bot.backfilling.abandoned
            raise Refusal(f"This backfill of {args['model']} was given up.")
        model = await _check(args, asked, plan, station)
        if plan.own:
            await _begin_in_airflow(ctx, args, asked, plan, model, station)
    except (ServiceDown, ServiceConfused):
        raise
    except (Refusal, ServiceError) as error:
        return error.sentence
    return ""


async def _check(args: dict[str, Any], asked: Asked, plan: Plan, station: Station) -> Model:
    """Before the first run: is it still allowed, and what the DAG takes as it is now? Its model."""
    model = await station.catalogue.find(args["model"])
    pipeline = await station.catalogue.refresh_one(args["dag_id"])
    machine = (args.get("compute") or {}).get("name", "")
    beyond = breaches(model.contract, pipeline, plan.conf, compute=machine)
    roles = await station.people.roles(await station.people.person(asked.person), model)
    decision = decide(Right.SCHEDULE, roles, model.name, own=True, in_contract=not beyond)
    if not decision.allowed:
        raise NotAllowed(f"Only owners of {model.name} may {in_words(beyond)}." if beyond else decision.why)
    if pipeline.trouble:
        raise Refusal(f"{model.name} can't be trained now: {pipeline.trouble}.")
    check_conf(model.name, pipeline, plan.conf_of(0, pipeline.parameter(plan.parameter) if plan.parameter else None))
    return model


async def _begin_in_airflow(
    ctx: JobContext, args: dict[str, Any], asked: Asked, plan: Plan, model: Model, station: Station
) -> None:
    by = {"person": asked.person, "name": asked.name, "channel": asked.channel, "reason": "", "ref": ""}
    gates = as_conf(resolve(model.contract))
    mine = by | {"compute": args.get("compute"), "gates": gates, "backfill": {"id": ctx.id}}
    begun = await station.orchestrator.start_backfill(
        BackfillPlan(
            dag_id=args["dag_id"],
            since=plan.moments[0] - timedelta(seconds=1),  # whether the first is meant too is not said anywhere
            until=plan.moments[-1],
            conf={**plan.conf, "stationmaster": mine},
        )
    )
    await station.store.backfills.begun_in_airflow(ctx.id, str(begun.id))


async def _go_on(ctx: JobContext, args: dict[str, Any], asked: Asked, plan: Plan, station: Station) -> bool:
    """Start the next run, if it is its turn; put the card right; is all of it over?"""
    kept = await station.store.backfills.get(ctx.id)
    if kept is None or kept.ended:  # it was given up, and is tried again: what it had reserved is given back
        return True
    runs = await runs_of(ctx.id, plan, station)
    why = "" if plan.own else await _refused_since(ctx.id, plan, runs, station)
    if kept.state == "going" and not why and not plan.own:
        await _start_next(ctx, args, asked, plan, runs, station)
    elif kept.state == "cancelled" and kept.by_airflow:
        await ctx.step("cancelled in Airflow", _cancel_in_airflow, kept.by_airflow, station)
    await show(kept, plan, station, why=why, channel=asked.channel)
    states = [state_of(run) for run in runs]
    over = all(state is not None and state.over for state in states)
    halted = (kept.state == "cancelled" or bool(why)) and all(state is None or state.over for state in states)
    return over or halted


async def _refused_since(job_id: str, plan: Plan, runs: Sequence[FollowedRun | None], station: Station) -> str:
    """Why a run of the series was not started after all: then no more are. Empty while all goes well."""
    for number, run in enumerate(runs):
        if run is None:
            job = await station.jobs.get(key_of(job_id, number))
            refused = job is not None and job.state in {"done", "dead", "cancelled"}
            return f"{day_of(plan, number)} was not started" if refused else ""
    return ""


async def _start_next(
    ctx: JobContext,
    args: dict[str, Any],
    asked: Asked,
    plan: Plan,
    runs: Sequence[FollowedRun | None],
    station: Station,
) -> None:
    """Hand the next run to the work that starts runs, where not as many as may go on do already."""
    number = next((number for number, run in enumerate(runs) if run is None), None)
    going = sum(run is not None and not run.ended for run in runs)
    if number is None or going >= AT_ONCE:
        return
    model = await station.catalogue.find(args["model"])
    taker = model.pipeline.parameter(plan.parameter) if model.pipeline and plan.parameter else None
    mine = {
        "asked": asdict(asked),
        "model": args["model"],
        "dag_id": args["dag_id"],
        "conf": plan.conf_of(number, taker),
        "compute": args.get("compute"),
        "ref": "",
        "reason": f"backfill of {day_of(plan, number)}",
        "backfill": {"id": ctx.id, "date": plan.moments[number].isoformat()},
    }
    await station.jobs.submit(key_of(ctx.id, number), "run.start", mine)


async def _cancel_in_airflow(airflow_id: str, station: Station) -> bool:
    await station.orchestrator.cancel_backfill(int(airflow_id))
    return True


async def _refuse(ctx: JobContext, args: dict[str, Any], asked: Asked, plan: Plan, why: str, station: Station) -> bool:
    """Nothing was started: give everything back, and say why."""
    await _release(ctx.id, args["model"], plan, station)
    await station.store.backfills.end(ctx.id)
    await station.store.audit.append(_entry(ctx, args, "refused", why))
    refused = Refused(sentence=why, hint="Nothing was started.")
    await station.posting.tell(asked, refused)
    return True


async def _end(ctx: JobContext, args: dict[str, Any], plan: Plan, station: Station) -> bool:
    """It is over: what was reserved for runs that never were is given back."""
    await _release(ctx.id, args["model"], plan, station)
    await station.store.backfills.end(ctx.id)
    return await station.store.audit.append(_entry(ctx, args, "ended", ""))


async def _release(job_id: str, model: str, plan: Plan, station: Station) -> None:
    runs = await runs_of(job_id, plan, station)
    for number, run in enumerate(runs):
        if run is None:
            async with station.store.write() as tx:
                await release(station, key_of(job_id, number), model, tx)


def _entry(ctx: JobContext, args: Mapping[str, Any], outcome: str, why: str) -> AuditEntry:
    return AuditEntry(
        id=f"{ctx.id}:backfill:{outcome}",
        actor="stationmaster",
        actor_name="Stationmaster",
        action="backfill",
        outcome=outcome,
        model=args["model"],
        subject=ctx.id,
        detail={"why": why} if why else None,
        job_id=ctx.id,
    )
