"""The form that makes or changes a schedule: when, the DAG's own parameters, then where, until when, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar
from uuid import uuid4

from bot.conversation.commands import Call, FieldErrors, Submitted
from bot.domain import Parameter, Pipeline
from bot.errors import Refusal
from bot.forms import FormPage, draft_of, page_count, read_page, suggestions, without_defaults
from bot.forms.fields import block_id
from bot.launching.runform import BACK, machine_field
from bot.scheduling.proposing import MOST_REASON, ScheduleQuestion, propose
from bot.scheduling.wanted import Wanted
from bot.scheduling.when import When, read_when
from bot.scheduling.zones import read_zone
from bot.store import Draft

WHEN, ZONE, COMPUTE, UNTIL, REASON = (
    f"stationmaster.{name}" for name in ("when", "zone", "compute", "until", "reason")
)
_CHECKED: Mapping[str, Callable[[str], object]] = {WHEN: read_when, ZONE: read_zone}


class SchedulePage(FormPage):
    """A page of that form."""

    template: ClassVar[str] = "schedule_form"


async def new_form(call: Call, wanted: Wanted | None, *notes: str, instead_of: str = "") -> SchedulePage:
    """The form's first page, filled in with what is wanted so far. Refusal where the model can't be trained now.

    `instead_of`: the draft of a question, which is closed once the form has led to another.
    """
    values: dict[str, Any] = {ZONE: call.person.zone}
    if wanted:
        values = {**wanted.conf, WHEN: _typed(wanted.when), ZONE: wanted.zone}
        given = {COMPUTE: wanted.compute, UNTIL: wanted.until and f"{wanted.until:%Y-%m-%d}", REASON: wanted.reason}
        values |= {name: value for name, value in given.items() if value}
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=call.channel,
        model=call.about.name,
        data={
            "values": values,
            "id": wanted.id if wanted else "",
            "revision": wanted.revision if wanted else 0,
            "instead_of": instead_of,
        },
    )
    await call.station.store.drafts.save(draft)
    return _page(call, _asked_for(call), draft, 1, notes)


def _typed(when: When) -> str:
    """What one would type for it: its words, where those say all of it."""
    try:
        return when.words if read_when(when.words).cron == when.cron else when.cron
    except Refusal:
        return when.cron


async def filled_in(call: Call, submitted: Submitted) -> SchedulePage | FieldErrors | ScheduleQuestion:
    """What follows on a page: another page, errors at its fields, or the question whether to make it so."""
    draft, page, pipeline = submitted.draft, draft_of(submitted.metadata)[1], _asked_for(call)
    before: dict[str, Any] = draft.data["values"]
    found = read_page(call.about.name, pipeline, before, submitted.values, page=page)
    draft = replace(draft, data=draft.data | {"values": before | found.values})
    if submitted.action == BACK:
        return await _turned(call, pipeline, draft, page - 1)
    if errors := {**_errors(found.values, submitted), **found.errors}:
        return FieldErrors(errors)
    if page < page_count(pipeline):
        return await _turned(call, pipeline, draft, page + 1)
    try:
        kept = await call.station.store.schedules.get(draft.data["id"]) if draft.data["id"] else None
        question = await propose(replace(call, schedule=kept), _wanted(call, draft.data))
    except Refusal as error:
        return await _turned(call, pipeline, draft, page, f"⚠️ {error.sentence}")
    if asked_before := draft.data.get("instead_of"):
        await call.station.store.drafts.forget(asked_before, call.person.id)
    return question


async def choices(call: Call, submitted: Submitted, typed: str) -> list[dict[str, Any]]:
    """What a menu of the form offers for what was typed."""
    return suggestions(_asked_for(call), submitted.block, typed)


def _errors(values: Mapping[str, Any], submitted: Submitted) -> dict[str, str]:
    """Why what the bot itself asks for can't be read, by the block of its field."""
    found = {}
    for name, read in _CHECKED.items():
        if name in values and block_id(name) in submitted.values:
            try:
                read(str(values[name]))
            except Refusal as error:
                found[block_id(name)] = " ".join(filter(None, (error.sentence, error.hint)))
    return found


async def _turned(call: Call, pipeline: Pipeline, draft: Draft, page: int, *notes: str) -> SchedulePage:
    await call.station.store.drafts.save(draft)
    return _page(call, pipeline, draft, page, notes)


def _page(call: Call, pipeline: Pipeline, draft: Draft, page: int, notes: Sequence[str]) -> SchedulePage:
    return SchedulePage(
        model=call.about.name,
        pipeline=pipeline,
        values=draft.data["values"],
        draft=draft.id,
        page=page,
        notes=tuple(notes),
    )


def _asked_for(call: Call) -> Pipeline:
    """The model's pipeline, with what the bot itself asks: when and where first, the rest after its own."""
    pipeline = call.about.trainable
    machine = machine_field(COMPUTE, call.about.contract.compute, call.station.config.current())
    first = [
        Parameter(
            name=WHEN,
            rule={"type": "string", "title": "When"},
            required=True,
            description="Such as: every monday at 06:00, daily at 23:30, every 2 weeks on friday at 18:00, 0 6 * * 1.",
        ),
        Parameter(
            name=ZONE,
            rule={"type": "string", "title": "By which clock"},
            default=call.person.zone,
            description="A time zone, such as Europe/Amsterdam.",
        ),
    ]
    section = {"section": "This schedule"}
    last = [
        Parameter(name=UNTIL, rule={"type": ["null", "string"], "format": "date", "title": "Last day"} | section),
        Parameter(
            name=REASON, rule={"type": ["null", "string"], "title": "Reason", "maxLength": MOST_REASON} | section
        ),
    ]
    machines = [machine.model_copy(update={"rule": machine.rule | section})] if machine else []
    return pipeline.model_copy(update={"parameters": (*first, *pipeline.parameters, *machines, *last)})


def _wanted(call: Call, data: Mapping[str, Any]) -> Wanted:
    """The filled-in form: of the DAG's parameters those that aren't as by default."""
    pipeline, values = call.about.trainable, data["values"]
    own = {name: value for name, value in values.items() if pipeline.parameter(name)}
    until = values.get(UNTIL)
    return Wanted(
        when=read_when(str(values.get(WHEN) or "")),
        zone=read_zone(str(values.get(ZONE) or call.person.zone)),
        conf=without_defaults(pipeline, own),
        compute=str(values.get(COMPUTE) or ""),
        until=date.fromisoformat(until) if until else None,
        reason=str(values.get(REASON) or ""),
        id=data["id"],
        revision=data["revision"],
    )
