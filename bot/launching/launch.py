"""The acceptance of a run, however it was asked for: held against schema and contract, priced, reserved, written down.

A command, a form and a button that start a run all come through `launch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.access import Right, Role, decide
from bot.catalogue import NOT_STARTED, Model
from bot.conversation.answers import Proposal, Refused, Told
from bot.conversation.commands import Call, Work
from bot.conversation.words import quote as quoted
from bot.launching import budget, compute, contract
from bot.launching.history import quote_of
from bot.launching.price import Quote, millionths
from bot.launching.twins import question
from bot.messages.markup import fit
from bot.parameters.params import check_conf
from bot.parameters.paramwords import typed
from bot.station import Station
from bot.store import AuditEntry, Charge, ChargeState, Transaction

MOST_REASON = 500  # characters; Airflow's note has 1,000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run as somebody wants it: the DAG's parameters as JSON values, then what is the bot's.

    `compute` names a profile, empty for the model's own; `ref` is a git ref, empty for the DAG's. `ask`: where it goes
    beyond what others may do, ask an owner instead of refusing. `cloned_from` names the run whose values these were.
    `at`: when it is to begin, None for at once. `again`: also while a run like it goes on.
    """

    conf: Mapping[str, Any] = field(default_factory=dict)
    compute: str = ""
    ref: str = ""
    reason: str = ""
    ask: bool = False
    cloned_from: str = ""
    at: datetime | None = None
    again: bool = False


async def launch(call: Call, wanted: Wanted) -> Work | Refused | Told:
    """The work that starts this run of `call.about`; nothing is asked of Airflow. Refusal where it can't be.

    Refused, with a button that asks its owners, where it goes beyond the contract that they have made for others. A
    question where a run like it goes on.
    """
    model, station, pipeline = call.about, call.station, call.about.trainable
    check_conf(model.name, pipeline, wanted.conf)
    machines = station.config.current().compute
    profile = compute.chosen(model.name, model.contract.compute, machines, wanted.compute)
    if wanted.ref:
        compute.check_ref(wanted.ref)
    beyond = contract.breaches(model.contract, pipeline, wanted.conf, compute=profile, ref=wanted.ref)
    allowed = decide(Right.RUN, call.roles, model.name, in_contract=not beyond).allowed
    if not allowed and not wanted.ask:
        return await _refused(call, wanted, beyond)
    another = command_of(model.name, wanted, "--yes")
    if not (wanted.again or wanted.at) and (twin := await question(call, wanted.conf, profile, wanted.ref, another)):
        return twin
    args: dict[str, Any] = {
        "model": model.name,
        "dag_id": model.dag_id,
        "conf": dict(wanted.conf),
        "compute": compute.as_conf(profile, machines[profile]) if profile else None,
        "ref": wanted.ref,
        "reason": fit(wanted.reason, MOST_REASON),
    }
    if wanted.at:
        args["at"] = wanted.at.timestamp()
    if wanted.cloned_from:
        args["cloned_from"] = wanted.cloned_from
    why = "" if allowed else f"only owners may {contract.in_words(beyond, call.person.name)}"
    reserving = await _reserving(call, profile, why, wanted.at)
    return Work("run.start", args, also=reserving.write, words=another)


async def _refused(call: Call, wanted: Wanted, beyond: list[contract.Breach]) -> Refused:
    """Say what only owners may do, and keep that in the audit trail."""
    name = call.about.name
    sentence = f"Only owners of {name} may {contract.in_words(beyond)}."
    entry = AuditEntry(
        actor=call.person.id,
        actor_name=call.person.name,
        action=Right.RUN,
        outcome="refused",
        model=name,
        detail={"why": sentence},
    )
    await call.station.store.audit.append(entry)
    owners = await call.station.people.names(call.about.contract.owners)
    label = f"Ask its owner, {owners[0]}" if len(owners) == 1 else "Ask its owners" if owners else "Ask an admin"
    return Refused(
        sentence=sentence,
        hint=NOT_STARTED,
        proposals=(Proposal(label, command_of(name, wanted, "--ask"), settles=True),),
    )


def command_of(model: str, wanted: Wanted, ending: str) -> str:
    """What one would type for this run."""
    at = wanted.at.isoformat(timespec="minutes") if wanted.at else ""
    options = {"compute": wanted.compute, "ref": wanted.ref, "reason": wanted.reason, "at": at}
    words = [f"run {model}", *(f"{name}={quoted(typed(value))}" for name, value in wanted.conf.items())]
    return " ".join([*words, *(f"--{name} {quoted(text)}" for name, text in options.items() if text), ending])


@dataclass(frozen=True, slots=True)
class Reserving:
    """What is written with the accepted run: its charge, to whom, and why an owner has to agree, if one has."""

    station: Station
    call: Call
    quote: Quote
    accounts: Sequence[str]
    month: str
    limits: Mapping[str, int]
    ask_above: int | None
    why: str

    async def write(self, tx: Transaction, job_id: str) -> None:
        """Reserve, or ask. Nobody else can reserve on the accounts that have a limit until `tx` ends."""
        charges = self.station.store.charges
        await charges.lock(self.limits, tx)
        spent = await charges.spent(self.limits, self.month, self.quote.currency, tx)
        found = budget.balances(self.limits, spent, self.quote.currency)
        why = "; ".join(filter(None, (self.why, budget.why_ask(self.model, self.quote, found, self.ask_above))))
        charge = Charge(
            job_id=job_id,
            state=ChargeState.ASKING if why else ChargeState.RESERVED,
            profile=self.quote.profile,
            month=self.month,
            currency=self.quote.currency,
            price=self.quote.price,
            amount=self.quote.reserve or 0,
            words=self.quote.reserved,
            why=why,
        )
        await charges.add(charge, self.accounts, tx)
        await self.station.store.audit.append(self._entry(charge), tx)

    @property
    def model(self) -> str:
        """The model's name."""
        return self.call.about.name

    def _entry(self, charge: Charge) -> AuditEntry:
        return AuditEntry(
            id=f"{charge.job_id}:price",
            actor=self.call.person.id,
            actor_name=self.call.person.name,
            action="price",
            outcome=charge.state,
            model=self.model,
            detail={"amount": charge.amount / 1_000_000, "currency": charge.currency, "why": charge.why},
            job_id=charge.job_id,
        )


async def _reserving(call: Call, profile: str, why: str, at: datetime | None) -> Reserving:
    station, model, config = call.station, call.about, call.station.config.current()
    accounts = await accounts_for(station, call.person.id, model.name)
    return Reserving(
        station=station,
        call=call,
        quote=await quote_of(station, model.dag_id, profile) or Quote("", 0, config.currency),
        accounts=accounts,
        month=budget.month_of(at or datetime.now(UTC), ZoneInfo(config.zone)),
        limits=budget.limits(config.budgets, accounts),
        ask_above=_threshold(model, call.roles),
        why=why,
    )


async def accounts_for(station: Station, person: str, model: str) -> list[str]:
    """The accounts that this person's run of the model counts against, by today's user groups."""
    groups = await station.people.among(person, station.config.current().budgets.groups)
    return budget.accounts_of(person, groups, model)


def _threshold(model: Model, roles: frozenset[Role]) -> int | None:
    """Above which price its owners want to be asked; they themselves and admins are not."""
    if model.contract.ask_above is None or roles & {Role.OWNER, Role.ADMIN}:
        return None
    return millionths(model.contract.ask_above)


async def price_line(station: Station, job_id: str, model: str, person: str) -> str:
    """What is reserved for a run, and what is left of the budget that has the least left; empty without a price."""
    charge, config = await station.store.charges.get(job_id), station.config.current()
    if charge is None or not charge.profile:
        return ""
    accounts = await accounts_for(station, person, model)
    spent = await station.store.charges.spent(accounts, charge.month, charge.currency)
    found = budget.balances(budget.limits(config.budgets, accounts), spent, charge.currency)
    return " · ".join(filter(None, (charge.words, found[0].words(model) if found else "")))
