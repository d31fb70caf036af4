"""`run MODEL [key=value …]`: start a training run."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot import limits
from bot.access import Right, decide
from bot.answers import Proposal, Refused, Told
from bot.cards import run_card
from bot.catalogue import Model
from bot.commands import Asked, Call, Work, command, work
from bot.domain import Posted, Run, RunKey, RunState
from bot.errors import (
    NotAllowed,
    NotFound,
    Refusal,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
)
from bot.following import facts, typical_duration
from bot.jobs import JobContext, RetryLater
from bot.markup import Markup, fit
from bot.params import check_conf, read_values
from bot.station import Station
from bot.store import AuditEntry, FollowedRun
from bot.words import Arguments

log = get_logger(__name__)
STALE_AFTER = 3_600.0  # seconds; a run that was kept longer asks its person again instead of starting
ASK_AGAIN = 15.0  # seconds between attempts while Airflow doesn't answer
GIVE_UP = 24 * 3_600.0  # seconds that a card is tried to be posted
NOT_STARTED = "Nothing was started."
MOST_REASON = 500  # characters; Airflow's note has 1,000


class RunArguments(Arguments):
    """MODEL, its parameters, and why."""

    model: str
    values: dict[str, str] = {}
    reason: str = ""

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"reason"})


@command("run", summary="start a training run", example="run MODEL key=value", right=Right.RUN)
async def run(call: Call, arguments: RunArguments) -> Work:
    """Check the request against the kept catalogue; nothing is asked of Airflow before Slack has its answer."""
    model = call.about
    if model.pipeline is None or model.trouble:
        raise Refusal(f"{model.name} can't be trained now: {model.trouble}.", hint=NOT_STARTED)
    conf = read_values(model.name, model.pipeline, arguments.values)
    check_conf(model.name, model.pipeline, conf)
    return starting(model, conf, arguments.reason)


def starting(model: Model, conf: dict[str, Any], reason: str, *, cloned_from: str = "") -> Work:
    """The work of starting a run with these checked values; `cloned_from` names the run that they come from."""
    args = {"model": model.name, "dag_id": model.dag_id, "conf": conf, "reason": fit(reason, MOST_REASON)}
    return Work("run.start", args | ({"cloned_from": cloned_from} if cloned_from else {}))


@work("run.start")
async def start(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Start the accepted run in Airflow, follow it, and post its card. Every step may be repeated."""
    asked, key = Asked(**args["asked"]), RunKey(args["dag_id"], run_id(ctx))
    try:
        refusal = await ctx.step("started", _start_or_refuse, ctx, key, args, asked, station)
    except (ServiceDown, ServiceConfused) as error:
        await ctx.step("told to wait", _tell_to_wait, ctx, asked, args["model"], error, station)
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    try:
        if refusal:
            await _tell_refusal(ctx, asked, args, refusal["sentence"], refusal["hint"], station)
        else:
            await ctx.step("followed", _follow, ctx, key, args, asked, station)
            await _post_card(ctx, key, asked, station)
    except ServiceError as error:
        if time.time() - ctx.accepted_at > GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


async def _start_or_refuse(
    ctx: JobContext, key: RunKey, args: dict[str, Any], asked: Asked, station: Station
) -> dict[str, str]:
    """Start the run, and return nothing; or return the sentence and the hint of why it can't be. Either is final."""
    try:
        await _start_once(ctx, key, args, asked, station)
    except (Refusal, ServiceDenied, ServiceRejected, NotFound) as error:
        log.info("run.refused", job=ctx.id, reason=str(error))
        return {"sentence": error.sentence, "hint": error.hint if isinstance(error, Refusal) else NOT_STARTED}
    return {}


async def _start_once(ctx: JobContext, key: RunKey, args: dict[str, Any], asked: Asked, station: Station) -> None:
    """Who, from where and why go with the run: in its note for people, in its conf for code."""
    if await station.orchestrator.run(key) is not None:
        return  # an earlier attempt started it, and then couldn't say so
    await _check_again(ctx, args, asked, station)
    why = f": {args['reason']}" if args["reason"] else ""
    by = {"person": asked.person, "name": asked.name, "channel": asked.channel, "reason": args["reason"]}
    note = fit(f"Started from Slack by {asked.name} ({asked.person}) in {asked.channel}{why}", 1_000)
    await station.orchestrator.start(key, {**args["conf"], "stationmaster": by}, note=note)


async def _check_again(ctx: JobContext, args: dict[str, Any], asked: Asked, station: Station) -> None:
    """Before the first irreversible step: is it still wanted, allowed, and what the DAG takes as it is now?"""
    if time.time() - ctx.accepted_at > STALE_AFTER:
        raise Refusal(f"You asked for a run of {args['model']} over an hour ago, so I didn't start it.")
    model = await station.catalogue.find(args["model"])
    person = await station.people.person(asked.person)
    decision = decide(Right.RUN, await station.people.roles(person, model), model.name)
    if not decision.allowed:
        raise NotAllowed(decision.why)
    pipeline = await station.catalogue.refresh_one(args["dag_id"])
    if pipeline.trouble:
        raise Refusal(f"{model.name} can't be trained now: {pipeline.trouble}.", hint=NOT_STARTED)
    check_conf(model.name, pipeline, args["conf"])


def run_id(ctx: JobContext) -> str:
    """The DAG run's id: made of the job's, so that starting it again is no second run."""
    accepted = datetime.fromtimestamp(ctx.accepted_at, UTC)
    return f"slack__{accepted:%Y-%m-%dT%H:%M:%S}_{hashlib.sha256(ctx.id.encode()).hexdigest()[:8]}"


async def _follow(ctx: JobContext, key: RunKey, args: dict[str, Any], asked: Asked, station: Station) -> bool:
    """Write the run down as followed, with its audit row, in one transaction."""
    begun = await _begun(key, station)
    try:
        typical = await typical_duration(station, begun.dag_id)
    except ServiceError:
        typical = None  # the card can do without
    followed = FollowedRun(
        dag_id=begun.dag_id,
        dag_run_id=begun.run_id,
        model=args["model"],
        origin="command",
        state=begun.state,
        conf=args["conf"],
        requested_by=asked.person,
        requested_by_name=asked.name,
        channel=asked.channel,
        shown={"typical": typical, "reason": args["reason"], "summaries": {}},
        job_id=ctx.id,
    )
    entry = AuditEntry(
        id=f"{ctx.id}:started",
        actor=asked.person,
        actor_name=asked.name,
        action="run",
        outcome="started",
        model=args["model"],
        subject=begun.run_id,
        detail={name: args[name] for name in ("conf", "reason", "cloned_from") if name in args},
        job_id=ctx.id,
    )
    async with station.store.write() as tx:
        await station.store.runs.add(followed, tx)
        await station.store.audit.append(entry, tx)
    return True


async def _begun(key: RunKey, station: Station) -> Run:
    return await station.orchestrator.run(key) or Run(dag_id=key.dag_id, run_id=key.run_id, state=RunState.GONE)


async def _post_card(ctx: JobContext, key: RunKey, asked: Asked, station: Station) -> None:
    """Post the card where it was asked for; else in the model's channel, else to the person, and say so."""
    followed = await station.store.runs.get(key)
    if followed is None or followed.card_ts:
        return
    card = run_card(await facts(station, followed, await _begun(key, station), ())).render()
    model = await station.catalogue.of_dag(key.dag_id)
    home = model.contract.channel if model and model.contract.channel else asked.person
    at = await station.posting.somewhere(f"{ctx.id}:card", [asked.channel, home, asked.person], card)
    if at is None:
        log.warning("card.nowhere", run=key.run_id)
        return
    await station.store.runs.change(key, card_channel=at.channel, card_ts=at.ts)
    if at.channel != asked.channel != asked.person:
        await _say_where(ctx, at, asked, station)


async def _say_where(ctx: JobContext, at: Posted, asked: Asked, station: Station) -> None:
    where = Markup("our direct messages") if at.channel.startswith("D") else Markup(f"<#{at.channel}>")
    told = Told(text=Markup(f"I'm not in this channel, so the run's card is in {where}.")).render()
    await station.posting.tell(ctx.id, asked.channel, asked.person, told)


async def _tell_to_wait(ctx: JobContext, asked: Asked, model: str, error: ServiceError, station: Station) -> bool:
    text = f"{error.sentence} I keep your run of {model} and start it when {error.service} is back."
    try:
        await station.posting.tell(ctx.id, asked.channel, asked.person, Told(text=text).render())
    except ServiceError as silent:
        log.warning("run.wait_not_told", error=str(silent))
    return True


async def _tell_refusal(
    ctx: JobContext, asked: Asked, args: dict[str, Any], sentence: str, hint: str, station: Station
) -> None:
    """Say why an accepted run is not started, with a button to ask again, and keep it in the audit trail."""
    entry = AuditEntry(
        id=f"{ctx.id}:refused",
        actor=asked.person,
        actor_name=asked.name,
        action="run",
        outcome="refused",
        model=args["model"],
        detail={"why": sentence},
        job_id=ctx.id,
    )
    await station.store.audit.append(entry)
    again = (Proposal("Start it now", asked.text),) if len(asked.text) <= limits.CHARACTERS["value"] else ()
    refused = Refused(sentence=sentence, hint=hint or NOT_STARTED, proposals=again).render()
    await station.posting.tell(ctx.id, asked.channel, asked.person, refused)
