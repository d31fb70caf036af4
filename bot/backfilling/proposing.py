"""A backfill before it starts: its runs counted, priced, held against contract and budget, shown to its asker alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.access import Right, decide
from bot.backfilling.span import Span, as_value, check_many, date_parameter, dates_of
from bot.conversation.commands import Call, Work
from bot.domain import BackfillPlan, Record
from bot.errors import NotAllowed, Refusal
from bot.launching import budget, compute, contract
from bot.launching.history import quote_of
from bot.launching.launch import accounts_for
from bot.launching.price import UP, Quote, cost, said
from bot.messages.phrases import count, differing
from bot.messages.render import Message
from bot.parameters.params import check_conf
from bot.scheduling.standing import balances
from bot.store import AuditEntry, Charge, ChargeState, Draft, KeptBackfill, Transaction

OVER = "This is no longer open. Begin it anew."
NOTHING = "Nothing was started."


class BackfillQuestion(Message):
    """A backfill that hasn't started: how many runs, of when, for how much."""

    template: ClassVar[str] = "backfill_question"
    headline: str
    terms: str
    notes: tuple[str, ...] = ()
    draft: str


class Plan(Record):
    """What is to be run: `moments` with the day of each, in order. `own`: by the DAG's own schedule, in Airflow.

    `parameter` takes each run's date; where it is empty, the run finds it in its conf as `stationmaster.date` only.
    """

    conf: dict[str, Any] = {}
    compute: str = ""
    moments: tuple[datetime, ...]
    own: bool = False
    parameter: str = ""

    def conf_of(self, number: int, taker: Any) -> dict[str, Any]:
        """The parameters of the run with this number, from 0."""
        return {**self.conf, **({self.parameter: as_value(taker, self.moments[number])} if taker else {})}


def key_of(job_id: str, number: int) -> str:
    """The id of the work, and of the charge, of one of its runs."""
    return f"{job_id}:{number}"


async def propose(
    call: Call, span: Span, conf: Mapping[str, Any], *, every: str = "", machine: str = "", taker: str = ""
) -> BackfillQuestion:
    """The question that is asked before it starts; `taker` names the parameter that takes each run's date.

    Of a DAG with times of its own Airflow is asked which runs there would be. Refusal where it can't be.
    """
    model, pipeline = call.about, call.about.trainable
    zone = call.person.zone
    dated = date_parameter(model.name, pipeline, taker)
    own = pipeline.next_run is not None
    moments = await _own_dates(call, span, conf) if own else dates_of(span, every, zone)
    if not moments:
        raise Refusal(f"{model.name} has nothing to run from {span.first} to {span.last}.", hint=NOTHING)
    check_many(len(moments))
    plan = Plan(
        conf=dict(conf),
        compute=machine,
        moments=tuple(moments),
        own=own,
        parameter=dated.name if dated and not own else "",
    )
    profile = await _checked(call, plan)
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=call.channel,
        model=model.name,
        data={"backfill": plan.model_dump(mode="json")},
    )
    await call.station.store.drafts.save(draft)
    return BackfillQuestion(
        headline=f"Train {model.name} {count(len(moments), 'time')}, for {_days(call, plan)}?",
        terms=await _terms(call, plan, profile),
        notes=tuple(await _notes(call, plan)),
        draft=draft.id,
    )


async def _own_dates(call: Call, span: Span, conf: Mapping[str, Any]) -> list[datetime]:
    zone = ZoneInfo(call.person.zone)
    since = datetime.combine(span.first, datetime.min.time(), zone)
    until = datetime.combine(span.last + timedelta(days=1), datetime.min.time(), zone) - timedelta(seconds=1)
    asked = BackfillPlan(dag_id=call.about.dag_id, since=since, until=until, conf=dict(conf))
    return [moment.astimezone(UTC) for moment in await call.station.orchestrator.backfill_dates(asked)]


async def confirmed(call: Call, draft_id: str) -> Work:
    """The work that carries it out, with everything reserved in the transaction that accepts it."""
    draft = await call.station.store.drafts.get(draft_id)
    if draft is None or draft.person != call.person.id or "backfill" not in draft.data:
        raise Refusal(OVER)
    model = await call.station.catalogue.find(draft.model)
    roles = await call.station.people.roles(call.person, model)
    call = replace(call, model=model, roles=roles, channel=draft.channel)
    plan = Plan.model_validate(draft.data["backfill"])
    profile = await _checked(call, plan)
    machines = call.station.config.current().compute
    args = {
        "model": model.name,
        "dag_id": model.dag_id,
        "plan": plan.model_dump(mode="json"),
        "compute": compute.as_conf(profile, machines[profile]) if profile else None,
    }
    words = f"backfill {model.name} from {_days(call, plan)}"
    return Work("backfill", args, also=_Reserving(call, plan, profile).write, words=words)


def _days(call: Call, plan: Plan) -> str:
    """ "2026-01-01 to 2026-01-31", by the clocks of who asks."""
    first, last = (plan.moments[at].astimezone(ZoneInfo(call.person.zone)) for at in (0, -1))
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


async def _checked(call: Call, plan: Plan) -> str:
    """The profile that it trains on. Refusal where schema, contract or rights stand against it."""
    model, pipeline = call.about, call.about.trainable
    taker = pipeline.parameter(plan.parameter) if plan.parameter else None
    check_conf(model.name, pipeline, plan.conf_of(0, taker))
    machines = call.station.config.current().compute
    profile = compute.chosen(model.name, model.contract.compute, machines, plan.compute)
    beyond = contract.breaches(model.contract, pipeline, plan.conf, compute=profile)
    decision = decide(Right.SCHEDULE, call.roles, model.name, own=True, in_contract=not beyond)
    if not decision.allowed:
        why = f"Only owners of {model.name} may {contract.in_words(beyond)}." if beyond else decision.why
        await call.station.store.audit.append(_entry(call, "refused", {"why": why}))
        raise NotAllowed(why, hint=NOTHING)
    return profile


async def _terms(call: Call, plan: Plan, profile: str) -> str:
    parts = differing(call.about.pipeline, plan.conf) or ["with its defaults"]
    parts += [f"on {profile}"] if profile else []
    if quote := await quote_of(call.station, call.about.dag_id, profile):
        parts.append(_price(quote, len(plan.moments)))
    return " · ".join(parts)


def _price(quote: Quote, many: int) -> str:
    """What all of them come to, and what is held for that."""
    most = said((quote.reserve or 0) * many, quote.currency, UP)
    if quote.estimate:
        return f"about {said(cost(quote.estimate.p50, quote.price) * many, quote.currency)} in all, {most} reserved"
    return f"no history yet: at most {most} in all, reserved" if quote.reserve else quote.words


async def _notes(call: Call, plan: Plan) -> list[str]:
    found = await balances(call.station, call.person.id, call.about.name)
    notes = [found[0].words(call.about.name)] if found else []
    if plan.own:
        notes.append("Airflow runs them by the DAG's own schedule; each run has its date as its logical date.")
    elif plan.parameter:
        notes.append(f"One after the other; each run has its date as {plan.parameter}.")
    else:
        notes.append(f"One after the other. {call.about.name} has no one parameter for a date: --as names one.")
    return notes


@dataclass(frozen=True, slots=True)
class _Reserving:
    """What is written with an accepted backfill: itself, and a charge for each of its runs."""

    call: Call
    plan: Plan
    profile: str

    async def write(self, tx: Transaction, job_id: str) -> None:
        """Reserve all of it, or raise Refusal. Nobody else can reserve on these accounts until `tx` ends."""
        call, station = self.call, self.call.station
        config, charges = station.config.current(), station.store.charges
        accounts = await accounts_for(station, call.person.id, call.about.name)
        quote = await quote_of(station, call.about.dag_id, self.profile)
        month = budget.month_of(datetime.now(UTC), ZoneInfo(config.zone))
        amount = (quote.reserve or 0) if quote else 0
        await charges.lock(accounts, tx)
        spent = await charges.spent(accounts, month, config.currency, tx)
        found = budget.balances(budget.limits(config.budgets, accounts), spent, config.currency)
        whole = amount * len(self.plan.moments)
        if quote and (short := next((each for each in found if not each.fits(whole)), None)):
            raise Refusal(
                f"All of it may cost {said(whole, config.currency, UP)}, with {short.words(call.about.name)}.",
                hint=f"{NOTHING} Take a shorter span, or ask an admin.",
            )
        for number in range(len(self.plan.moments)):
            charge = Charge(
                job_id=key_of(job_id, number),
                state=ChargeState.RESERVED,
                profile=self.profile,
                month=month,
                currency=config.currency,
                price=quote.price if quote else 0,
                amount=amount,
                words=quote.reserved if quote else "",
            )
            await charges.add(charge, accounts, tx)
        await station.store.backfills.add(self._row(job_id), tx)
        await station.store.audit.append(_entry(call, "reserved", {"amount": whole / 1_000_000}, job_id), tx)

    def _row(self, job_id: str) -> KeptBackfill:
        person, model = self.call.person, self.call.about
        return KeptBackfill(
            id=job_id,
            model=model.name,
            dag_id=model.dag_id,
            plan=self.plan.model_dump(mode="json"),
            state="going",
            requested_by=person.id,
            requested_by_name=person.name,
        )


def _entry(call: Call, outcome: str, detail: Mapping[str, Any], job_id: str = "") -> AuditEntry:
    entry = AuditEntry(
        actor=call.person.id,
        actor_name=call.person.name,
        action="backfill",
        outcome=outcome,
        model=call.about.name,
        subject=job_id or None,
        detail=detail,
        job_id=job_id or None,
    )
    return replace(entry, id=f"{job_id}:backfill:{outcome}") if job_id else entry
