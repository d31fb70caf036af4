"""`run MODEL [key=value …]`: start a training run."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from structlog import get_logger

from bot.access import Right, decide
from bot.catalogue import NOT_STARTED, Model
from bot.conversation.answers import Proposal, Refused, Told
from bot.conversation.asked import STALE_AFTER, Asked
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments
from bot.domain import Posted, Run, RunKey, RunState
from bot.errors import (
    NotAllowed,
    NotFound,
    NotInChannel,
    Refusal,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
)
from bot.following.cards import run_card
from bot.following.facts import facts
from bot.jobs import JobContext, RetryLater
from bot.launching.asking import Permission, close_card, permission, still_agreed
from bot.launching.contract import breaches
from bot.launching.history import estimate_of, learn
from bot.launching.launch import Wanted, launch, price_line
from bot.launching.runform import new_form
from bot.launching.settling import release
from bot.messages.markup import Markup, fit
from bot.messages.render import Message, Modal
from bot.parameters.params import check_conf, read_values
from bot.promoting.gates import as_conf, resolve
from bot.scheduling.moment import read_moment
from bot.station import Station
from bot.store import AuditEntry, FollowedRun

log = get_logger(__name__)
ASK_AGAIN = 15.0  # seconds between attempts while Airflow doesn't answer
GIVE_UP = 24 * 3_600.0  # seconds that a card is tried to be posted


class RunArguments(Arguments):
    """MODEL, its parameters, on which machine, from which code, and why; whether to ask its owners, or no more."""

    model: str
    values: dict[str, str] = {}
    compute: str = ""
    ref: str = ""
    reason: str = ""
    at: str = ""
    ask: bool = False
    yes: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"compute", "ref", "reason", "at", "ask", "yes"})


@command("run", summary="start a training run", example="run MODEL key=value", right=Right.RUN)
async def run(call: Call, arguments: RunArguments) -> Work | Message | Modal:
    """Told what to run, or `--yes`, the run; else the form. Nothing is asked of Airflow before Slack has its answer."""
    model, given = call.about, arguments
    conf = read_values(model.name, model.pipeline, given.values) if model.pipeline else {}
    wanted = Wanted(
        conf=conf,
        compute=given.compute,
        ref=given.ref,
        reason=given.reason,
        at=read_moment(given.at, call.person.zone, datetime.now(UTC)).at if given.at else None,
        ask=given.ask,
        again=given.yes or given.ask,
    )
    told = given.values or given.compute or given.ref or given.at or given.yes or given.ask
    return await (launch(call, wanted) if told else new_form(call, wanted))


@work("run.start")
async def start(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Start the accepted run in Airflow, follow it, and post its card. Every step may be repeated.

    Where its owners have to agree, they are asked first, and the question's message becomes the run's card.
    """
    asked, key = Asked(**args["asked"]), RunKey(args["dag_id"], run_id(ctx))
    leave = await permission(ctx, args, asked, station)
    if not leave.granted:
        return
    try:
        refusal = await ctx.step("started", _start_or_refuse, ctx, key, args, asked, leave, station)
    except (ServiceDown, ServiceConfused) as error:
        await ctx.step("told to wait", _tell_to_wait, asked, args["model"], error, station)
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    try:
        if refusal:
            await _tell_refusal(ctx, asked, args, refusal["sentence"], refusal["hint"], leave, station)
        else:
            await ctx.step("followed", _follow, ctx, key, args, asked, leave, station)
            if not args.get("backfill"):  # which has a card of its own
                await _post_card(ctx, key, asked, leave, station)
    except ServiceError as error:
        if ctx.now - leave.since > GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


async def _start_or_refuse(
    ctx: JobContext, key: RunKey, args: dict[str, Any], asked: Asked, leave: Permission, station: Station
) -> dict[str, str]:
    """Start the run, and return nothing; or return the sentence and the hint of why it can't be. Either is final."""
    try:
        await _start_once(ctx, key, args, asked, leave, station)
    except (Refusal, ServiceDenied, ServiceRejected, NotFound) as error:
        log.info("run.refused", job=ctx.id, reason=str(error))
        return {"sentence": error.sentence, "hint": error.hint if isinstance(error, Refusal) else NOT_STARTED}
    return {}


async def _start_once(
    ctx: JobContext, key: RunKey, args: dict[str, Any], asked: Asked, leave: Permission, station: Station
) -> None:
    """Who, from where and why go with the run: in its note for people, in its conf for code."""
    if await station.orchestrator.run(key) is not None:
        return  # an earlier attempt started it, and then couldn't say so
    model = await _check_again(ctx, args, asked, leave, station)
    why = f": {args['reason']}" if args["reason"] else ""
    by = {"person": asked.person, "name": asked.name, "channel": asked.channel, "reason": args["reason"]}
    terms = {"compute": args.get("compute"), "ref": args.get("ref", ""), "gates": as_conf(resolve(model.contract))}
    terms |= {"backfill": args["backfill"]} if args.get("backfill") else {}
    agreed = f", {leave.agreed_by} agreed" if leave.agreed_by else ""
    note = fit(f"Started from Slack by {asked.name} ({asked.person}) in {asked.channel}{agreed}{why}", 1_000)
    conf = {**args["conf"], "stationmaster": by | terms}
    await station.orchestrator.start(key, conf, note=note, run_after=_at(args))


def _at(args: dict[str, Any]) -> datetime | None:
    """When it is to begin, where that is not at once."""
    return datetime.fromtimestamp(args["at"], UTC) if args.get("at") else None


async def _check_again(
    ctx: JobContext, args: dict[str, Any], asked: Asked, leave: Permission, station: Station
) -> Model:
    """Before the first irreversible step: is it still wanted, allowed, and what the DAG takes now? Its model."""
    if ctx.now - max(leave.since, args.get("at") or 0.0) > STALE_AFTER:
        raise Refusal(f"You asked for a run of {args['model']} over an hour ago, so I didn't start it.")
    model = await station.catalogue.find(args["model"])
    pipeline = await station.catalogue.refresh_one(args["dag_id"])
    machine = (args.get("compute") or {}).get("name", "")
    beyond = breaches(model.contract, pipeline, args["conf"], compute=machine, ref=args.get("ref", ""))
    person = await station.people.person(asked.person)
    roles = await station.people.roles(person, model)
    decision = decide(Right.RUN, roles, model.name, in_contract=not beyond or bool(leave.agreed_by))
    if not decision.allowed:
        raise NotAllowed(decision.why)
    if not await still_agreed(station, model, leave):
        raise NotAllowed(f"{leave.agreed_by} agreed, and may no longer: ask an owner again.")
    if pipeline.trouble:
        raise Refusal(f"{model.name} can't be trained now: {pipeline.trouble}.", hint=NOT_STARTED)
    check_conf(model.name, pipeline, args["conf"])
    return model


def run_id(ctx: JobContext) -> str:
    """The DAG run's id: made of the job's, so that starting it again is no second run."""
    accepted = datetime.fromtimestamp(ctx.accepted_at, UTC)
    return f"slack__{accepted:%Y-%m-%dT%H:%M:%S}_{hashlib.sha256(ctx.id.encode()).hexdigest()[:8]}"


async def _follow(
    ctx: JobContext, key: RunKey, args: dict[str, Any], asked: Asked, leave: Permission, station: Station
) -> bool:
    """Write the run down as followed, with its audit row, in one transaction."""
    begun = await _begun(key, station)
    shown = await _shown(ctx, args, asked, leave, station)
    followed = FollowedRun(
        dag_id=begun.dag_id,
        dag_run_id=begun.run_id,
        model=args["model"],
        origin="backfill" if args.get("backfill") else "command",
        state=begun.state,
        conf=args["conf"],
        requested_by=asked.person,
        requested_by_name=asked.name,
        channel=asked.channel,
        shown=shown,
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
        detail={name: args[name] for name in ("conf", "compute", "ref", "reason", "cloned_from") if name in args},
        job_id=ctx.id,
    )
    async with station.store.write() as tx:
        await station.store.runs.add(followed, tx)
        await station.store.audit.append(entry, tx)
    return True


async def _shown(
    ctx: JobContext, args: dict[str, Any], asked: Asked, leave: Permission, station: Station
) -> dict[str, Any]:
    """What the card tells that no later look at Airflow would: see `bot.following.facts.facts`."""
    machine = (args.get("compute") or {}).get("name", "")
    try:
        await learn(station, args["dag_id"])
    except ServiceError as error:
        log.info("run.history_not_learned", error=str(error))  # what is kept will do
    usual = await estimate_of(station, args["dag_id"], machine)
    return {
        "typical": (usual.p50, usual.runs) if usual else None,
        "compute": machine,
        "ref": args.get("ref", ""),
        "terms": [*([f"on {machine}"] if machine else []), *([f"code {args['ref']}"] if args.get("ref") else [])],
        "price": await price_line(station, ctx.id, args["model"], asked.person),
        "agreed_by": leave.agreed_by,
        "reason": args["reason"],
        "at": args.get("at"),
        "summaries": {},
    }


async def _begun(key: RunKey, station: Station) -> Run:
    return await station.orchestrator.run(key) or Run(dag_id=key.dag_id, run_id=key.run_id, state=RunState.GONE)


async def _post_card(ctx: JobContext, key: RunKey, asked: Asked, leave: Permission, station: Station) -> None:
    """Post the card where it was asked for; else in the model's channel, else to the person, and say so.

    Where its owners were asked in a channel, that message becomes the card.
    """
    followed = await station.store.runs.get(key)
    if followed is None or followed.card_ts:
        return
    card = run_card(await facts(station, followed, await _begun(key, station), ())).render()
    if leave.card and not leave.card.channel.startswith("D"):
        try:
            await station.chat.update(leave.card, card)
        except (NotFound, NotInChannel) as error:
            log.info("card.unreachable", run=key.run_id, reason=str(error))
        else:
            await station.store.runs.change(key, card_channel=leave.card.channel, card_ts=leave.card.ts)
            return
    model = await station.catalogue.of_dag(key.dag_id)
    home = model.contract.channel if model and model.contract.channel else asked.person
    at = await station.posting.somewhere(f"{ctx.id}:card", [asked.channel, home, asked.person], card)
    if at is None:
        log.warning("card.nowhere", run=key.run_id)
        return
    await station.store.runs.change(key, card_channel=at.channel, card_ts=at.ts)
    if at.channel != asked.channel != asked.person:
        await _say_where(at, asked, station)


async def _say_where(at: Posted, asked: Asked, station: Station) -> None:
    where = Markup("our direct messages") if at.channel.startswith("D") else Markup(f"<#{at.channel}>")
    told = Told(text=Markup(f"I'm not in this channel, so the run's card is in {where}."))
    await station.posting.try_to_tell(asked, told)


async def _tell_to_wait(asked: Asked, model: str, error: ServiceError, station: Station) -> bool:
    text = f"{error.sentence} I keep your run of {model} and start it when {error.service} is back."
    return await station.posting.try_to_tell(asked, Told(text=text))


async def _tell_refusal(
    ctx: JobContext, asked: Asked, args: dict[str, Any], sentence: str, hint: str, leave: Permission, station: Station
) -> None:
    """Say why an accepted run is not started, with a button to ask again; give back its money, and audit it."""
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
    async with station.store.write() as tx:
        await station.store.audit.append(entry, tx)
        await release(station, ctx.id, args["model"], tx)
    if leave.card:
        await close_card(station, leave.card, args, asked, f"{args['model']} was not started: {sentence}")
    again = Proposal("Start it now", asked.text, settles=True)
    refused = Refused(sentence=sentence, hint=hint or NOT_STARTED, proposals=(again,))
    await station.posting.tell(asked, refused)
