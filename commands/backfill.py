"""`backfill MODEL from DATE to DATE`: the runs of a past span, counted and priced before they start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.access import Right, decide
from bot.backfilling import carrying
from bot.backfilling.proposing import BackfillQuestion, confirmed, propose
from bot.backfilling.span import read_span
from bot.conversation.answers import Told
from bot.conversation.commands import Call, Work, action, command, work
from bot.conversation.words import Arguments
from bot.errors import NotAllowed, Refusal
from bot.jobs import JobContext
from bot.messages.phrases import count
from bot.parameters.params import read_values
from bot.station import Station
from bot.store import AuditEntry


class BackfillArguments(Arguments):
    """MODEL, from which day to which, its parameters, how far apart, which of them takes the date; or to stop it."""

    model: str
    span: tuple[str, ...] = ()
    values: dict[str, str] = {}
    every: str = ""
    as_: str = ""
    compute: str = ""
    stop: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"every", "as_", "compute", "stop"})


@command(
    "backfill",
    summary="train for a past span",
    example="backfill MODEL from 2026-01-01 to 2026-01-31",
    right=Right.SCHEDULE,
)
async def backfill(call: Call, arguments: BackfillArguments) -> BackfillQuestion | Told:
    """The question whether to start them; told to stop, those of the model that go on and that one may stop."""
    model, given = call.about, arguments
    if given.stop:
        return await _stop(call)
    span = read_span(given.span, call.person.zone, datetime.now(UTC))
    conf = read_values(model.name, model.trainable, given.values)
    return await propose(call, span, conf, every=given.every, machine=given.compute, taker=given.as_)


async def _stop(call: Call) -> Told:
    """What hasn't started won't; what goes on is left to end."""
    model, stopped = call.about, 0
    going = [each for each in await call.station.store.backfills.open() if each.model == model.name]
    for each in going:
        if not decide(Right.SCHEDULE, call.roles, model.name, own=each.requested_by == call.person.id).allowed:
            continue
        entry = AuditEntry(
            id=f"{each.id}:backfill:stopped",
            actor=call.person.id,
            actor_name=call.person.name,
            action="backfill",
            outcome="stopped",
            model=model.name,
            subject=each.id,
        )
        async with call.station.store.write() as tx:
            if await call.station.store.backfills.cancel(each.id, call.person.name, tx):
                stopped += 1
                await call.station.store.audit.append(entry, tx)
    if not going:
        raise Refusal(f"No backfill of {model.name} goes on.", hint="Nothing was changed.")
    if not stopped:
        raise NotAllowed(f"You may stop what is your own; for the rest ask the owners of {model.name}.")
    return Told(text=f"{count(stopped, 'backfill')} of {model.name} stopped: what hasn't started won't.")


@action("backfill_start", right=Right.READ, settles=True)
async def start(call: Call, draft_id: str) -> Work:
    """Start what was shown. Whether this person may depends on the model, which the draft names."""
    return await confirmed(call, draft_id)


@action("backfill_drop", right=Right.READ, settles=True)
async def drop(call: Call, draft_id: str) -> Told:
    """Nothing is started, nor can it be later."""
    await call.station.store.drafts.forget(draft_id, call.person.id)
    return Told(text="Nothing was started.")


@work("backfill")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Start its runs one after the other, or let Airflow."""
    await carrying.carry_out(ctx, args, station)
