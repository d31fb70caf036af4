"""The form that starts a run: the DAG's own parameters, then on which machine, from which code, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from bot.conversation.commands import Call, FieldErrors, Submitted, Work
from bot.domain import Parameter, Pipeline
from bot.errors import Refusal
from bot.forms import FormPage, draft_of, form_page, page_count, read_page, suggestions, without_defaults
from bot.launching.compute import in_words
from bot.launching.history import quote_of
from bot.launching.launch import Wanted, launch
from bot.messages.render import Message
from bot.settings.config import Config
from bot.settings.terms import Profile
from bot.store import Draft

BACK = "run_form:back"
MINE = {"compute": "stationmaster.compute", "ref": "stationmaster.ref", "reason": "stationmaster.reason"}


async def new_form(call: Call, wanted: Wanted) -> FormPage:
    """The form's first page, filled in with what is wanted so far. Refusal where the model can't be trained now."""
    pipeline = _asked_for(call)
    given = {name: value for field, name in MINE.items() if (value := getattr(wanted, field))}
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=call.channel,
        model=call.about.name,
        data={"values": {**wanted.conf, **given}, "digest": _digest(pipeline), "cloned_from": wanted.cloned_from},
    )
    await call.station.store.drafts.save(draft)
    return await _page(call, pipeline, draft, 1)


async def filled_in(call: Call, submitted: Submitted) -> FormPage | FieldErrors | Work | Message:
    """What follows on a page: another page, errors at its fields, or the run."""
    draft, page, pipeline = submitted.draft, draft_of(submitted.metadata)[1], _asked_for(call)
    before: dict[str, Any] = draft.data["values"]
    found = read_page(call.about.name, pipeline, before, submitted.values, page=page)
    draft = replace(draft, data=draft.data | {"values": before | found.values})
    if submitted.action == BACK:
        return await _turned(call, pipeline, draft, page - 1)
    if found.errors:
        return FieldErrors(found.errors)
    if draft.data["digest"] != _digest(pipeline):
        draft = replace(draft, data=draft.data | {"digest": _digest(pipeline)})
        return await _turned(call, pipeline, draft, 1, f"⚠️ {call.about.name} changed meanwhile: look it over again.")
    if page < page_count(pipeline):
        return await _turned(call, pipeline, draft, page + 1)
    try:
        return await launch(call, _wanted(call, draft.data))
    except Refusal as error:
        return await _turned(call, pipeline, draft, page, f"⚠️ {error.sentence}")


async def choices(call: Call, submitted: Submitted, typed: str) -> list[dict[str, Any]]:
    """What a menu of the form offers for what was typed."""
    return suggestions(_asked_for(call), submitted.block, typed)


async def _turned(call: Call, pipeline: Pipeline, draft: Draft, page: int, *notes: str) -> FormPage:
    await call.station.store.drafts.save(draft)
    return await _page(call, pipeline, draft, page, notes)


async def _page(call: Call, pipeline: Pipeline, draft: Draft, page: int, notes: Sequence[str] = ()) -> FormPage:
    values = draft.data["values"]
    profile = values.get(MINE["compute"]) or next(iter(call.about.contract.compute), "")
    quote = await quote_of(call.station, call.about.dag_id, profile)
    said = [*notes, *([f"on {profile}: {quote.words}"] if quote else [])]
    return form_page(call.about.name, pipeline, values, draft=draft.id, page=page, notes=said)


def _asked_for(call: Call) -> Pipeline:
    """The model's pipeline, with what the bot itself asks as further parameters."""
    pipeline = call.about.trainable
    mine = _of_the_bot(call.about.contract.compute, call.station.config.current())
    return pipeline.model_copy(update={"parameters": (*pipeline.parameters, *mine)})


def _of_the_bot(own: Sequence[str], config: Config) -> list[Parameter]:
    text = {"type": ["null", "string"], "section": "This run"}
    found = [
        Parameter(name=MINE["ref"], rule=text | {"title": "Code"}, description="A branch, a tag or a commit."),
        Parameter(name=MINE["reason"], rule=text | {"title": "Reason", "maxLength": 500}),
    ]
    if machine := machine_field(MINE["compute"], own, config):
        found.insert(0, machine)
    return found


def machine_field(name: str, own: Sequence[str], config: Config) -> Parameter | None:
    """What asks for one of these compute profiles, the first by default; None where there are none."""
    machines = [each for each in own if each in config.compute]
    if not machines:
        return None
    rule = {"type": "string", "enum": machines, "title": "Machine", "section": "This run"}
    labels = {each: _label(each, config.compute[each], config.currency) for each in machines}
    return Parameter(name=name, rule=rule | {"values_display": labels}, default=machines[0])


def _label(name: str, profile: Profile, currency: str) -> str:
    return f"{name}: {in_words(profile, currency)}"


def _digest(pipeline: Pipeline) -> str:
    asked = "\n".join(parameter.model_dump_json() for parameter in pipeline.parameters)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _wanted(call: Call, data: Mapping[str, Any]) -> Wanted:
    """The filled-in form, as a run that is wanted: of the DAG's parameters those that aren't as by default."""
    pipeline = call.about.pipeline
    values = {name: value for name, value in data["values"].items() if pipeline and pipeline.parameter(name)}
    compute, ref, reason = (str(data["values"].get(name) or "") for name in MINE.values())
    return Wanted(
        conf=without_defaults(pipeline, values) if pipeline else {},
        compute=compute,
        ref=ref,
        reason=reason,
        cloned_from=data.get("cloned_from", ""),
    )
