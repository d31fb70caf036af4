"""A schedule before it is made: read, held against schema, contract and budget, priced, and shown to its maker alone.

A command and a form come through `propose`; what is shown is kept as a draft, which the click on Create names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.access import Right, decide
from bot.catalogue import Model
from bot.conversation.commands import Call, Work
from bot.errors import NotAllowed, Refusal
from bot.launching import compute, contract
from bot.launching.history import quote_of
from bot.launching.price import Quote, said
from bot.messages.phrases import differing, listed
from bot.messages.render import Message
from bot.parameters.params import check_conf
from bot.scheduling.clock import a_month, anchored, upcoming
from bot.scheduling.composing import Doing
from bot.scheduling.moment import end_of
from bot.scheduling.monthly import a_month_costs, price_words
from bot.scheduling.policy import misfit
from bot.scheduling.said import coming, zone_words
from bot.scheduling.seeing import set_up
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.standing import balances, standing
from bot.scheduling.wanted import Wanted
from bot.store import AuditEntry, Draft, KeptSchedule

SHOWN = 5  # coming times
OVER = "This is no longer open. Begin it anew."
MOST_REASON = 500  # characters


class ScheduleQuestion(Message):
    """A schedule that isn't made yet: when, what and for how much; what follows is behind its buttons."""

    template: ClassVar[str] = "schedule_question"
    headline: str
    terms: str
    coming: str = ""
    notes: tuple[str, ...] = ()
    draft: str
    verb: str = "Create schedule"


async def propose(call: Call, wanted: Wanted, *notes: str) -> ScheduleQuestion:
    """The question that is asked before it is made. Refusal where it can't be; nothing is asked of Airflow."""
    set_up(call.station)
    model, profile, now = call.about, await _checked(call, wanted), datetime.now(UTC)
    wanted = wanted.model_copy(update={"when": anchored(wanted.when, wanted.zone, now)})
    end = end_of(wanted.until, wanted.zone) if wanted.until else None
    times = upcoming(wanted.when, wanted.zone, now, SHOWN, until=end)
    if not times:
        raise Refusal(
            f"It would never run: {_last_day(wanted)} is before its first time.", hint="Give a later --until."
        )
    quote = await quote_of(call.station, model.dag_id, profile)
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=call.channel,
        model=model.name,
        data={"schedule": wanted.model_dump(mode="json")},
    )
    await call.station.store.drafts.save(draft)
    verb = "Change {} to train" if wanted.id else "Train {}"
    return ScheduleQuestion(
        headline=f"{verb.format(model.name)} {wanted.when.words}, {zone_words(wanted.zone)}?",
        terms=_terms(call, wanted, profile, quote),
        coming=f"Next{_whose(call, wanted)}: {coming(times, ZoneInfo(call.person.zone))}",
        notes=(*notes, *await _notes(call, wanted, quote)),
        draft=draft.id,
        verb="Save changes" if wanted.id else "Create schedule",
    )


async def confirmed(call: Call, draft_id: str) -> Work:
    """The work that publishes what was shown: checked once more, as it is accepted now."""
    call, wanted = await reopened(call, draft_id)
    profile = await _checked(call, wanted)
    machines = call.station.config.current().compute
    args = {
        "model": call.about.name,
        "dag_id": call.about.dag_id,
        "id": wanted.id,
        "doing": Doing.EDIT if wanted.id else Doing.CREATE,
        "wanted": wanted.model_dump(mode="json"),
        "compute": compute.as_conf(profile, machines[profile]) if profile else None,
    }
    words = f"{f'reschedule {wanted.id}' if wanted.id else f'schedule {call.about.name}'} {wanted.when.words}"
    return Work("schedule.put", args, subject=wanted.id, words=words)


async def reopened(call: Call, draft_id: str) -> tuple[Call, Wanted]:
    """What this person was shown, and the call about its model. Refusal where it is kept no longer, or not theirs."""
    draft = await call.station.store.drafts.get(draft_id)
    if draft is None or draft.person != call.person.id or "schedule" not in draft.data:
        raise Refusal(OVER)
    model = await call.station.catalogue.find(draft.model)
    wanted = Wanted.model_validate(draft.data["schedule"])
    kept = await call.station.store.schedules.get(wanted.id) if wanted.id else None
    roles = await call.station.people.roles(call.person, model)
    return replace(call, model=model, roles=roles, schedule=kept, channel=draft.channel), wanted


async def _checked(call: Call, wanted: Wanted) -> str:
    """The profile that it trains on. Refusal where schema, contract, rights or budget stand against it."""
    model, pipeline = call.about, call.about.trainable
    check_conf(model.name, pipeline, wanted.conf)
    machines = call.station.config.current().compute
    profile = compute.chosen(model.name, model.contract.compute, machines, wanted.compute)
    beyond = contract.breaches(model.contract, pipeline, wanted.conf, compute=profile)
    own = not wanted.id or call.own
    decision = decide(Right.SCHEDULE, call.roles, model.name, own=own, in_contract=not beyond)
    if not decision.allowed:
        why = f"Only owners of {model.name} may {contract.in_words(beyond)}." if beyond and own else decision.why
        await _note_refusal(call, wanted, why)
        raise NotAllowed(why, hint="Nothing was scheduled.")
    payer = call.schedule.owner if call.schedule else call.person.id
    if unfit := misfit(wanted.conf, profile, await standing(call.station, model, payer, profile)):
        raise Refusal(f"This can't be scheduled: {unfit.why}.", hint="Nothing was scheduled.")
    return profile


async def _note_refusal(call: Call, wanted: Wanted, why: str) -> None:
    entry = AuditEntry(
        actor=call.person.id,
        actor_name=call.person.name,
        action=Right.SCHEDULE,
        outcome="refused",
        model=call.about.name,
        subject=wanted.id or None,
        detail={"why": why},
    )
    await call.station.store.audit.append(entry)


def _last_day(wanted: Wanted) -> str:
    return f"{wanted.until:%Y-%m-%d}" if wanted.until else "its end"


def _whose(call: Call, wanted: Wanted) -> str:
    """Whose clock the times are of, where it isn't the schedule's own."""
    return "" if wanted.zone == call.person.zone else f" ({zone_words(call.person.zone)})"


def _terms(call: Call, wanted: Wanted, profile: str, quote: Quote | None) -> str:
    """With what, where, for how much, until when."""
    parts = differing(call.about.pipeline, wanted.conf) or ["with its defaults"]
    parts += [f"on {profile}"] if profile else []
    parts += [price_words(quote, _runs(wanted))] if quote else []
    parts += [f"until {_last_day(wanted)}"] if wanted.until else []
    return " · ".join(parts)


def _runs(wanted: Wanted) -> float:
    """How many a month has."""
    return a_month(wanted.when, wanted.zone, datetime.now(UTC))


async def _notes(call: Call, wanted: Wanted, quote: Quote | None) -> list[str]:
    """What this model has already, and what is left of the budget."""
    kept = await call.station.store.schedules.all(model=call.about.name)
    notes = _already(call.about, [each for each in kept if each.id != wanted.id])
    payer = call.schedule.owner if call.schedule else call.person.id
    if found := await balances(call.station, payer, call.about.name):
        amount = a_month_costs(quote.reserve or 0, _runs(wanted)) if quote else 0
        over = f" (a month of it: up to {said(amount, found[0].currency)})" if amount > found[0].left else ""
        notes.append(f"{found[0].words(call.about.name)}{over}")
    return notes


def _already(model: Model, others: Sequence[KeptSchedule]) -> list[str]:
    """ "delays already trains daily at 02:00 (Omar)."."""
    whens = [f"{ScheduleSpec.model_validate(each.spec).when.words} ({each.owner_name})" for each in others]
    notes = [f"{model.name} already trains {listed(whens)}."] if whens else []
    if model.pipeline and model.pipeline.next_run:
        notes.append(f"{model.dag_id} has a schedule of its own in Airflow too.")
    return notes
