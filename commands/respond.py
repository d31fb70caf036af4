"""The buttons and the form by which people answer what a task asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from bot.access import Right
from bot.conversation.commands import Call, FieldErrors, Submitted, Work, action, form, work
from bot.domain import Question
from bot.errors import NotAllowed, Refusal
from bot.forms import draft_of, page_count, read_page, suggestions
from bot.jobs import JobContext
from bot.launching.runform import BACK
from bot.questions import responding
from bot.questions.form import QuestionForm, answer_in, asked_for, question_form
from bot.questions.responding import OVER, entry, why_not
from bot.station import Station
from bot.store import AskedQuestion, Draft


@action("respond", right=Right.READ)
async def respond(call: Call, value: str) -> Work:
    """One of the question's options. Who may answer depends on the question, so that it is looked at here."""
    number, asked_id, _ = value.split(":", 2)
    asked, question = await _open(call, asked_id)
    if not number.isdecimal() or int(number) >= len(question.options):
        raise Refusal(OVER)
    return _answering(asked, [question.options[int(number)]], {})


@action("fill", right=Right.READ)
async def fill(call: Call, value: str) -> QuestionForm:
    """The form of a question that takes more than one click."""
    asked, question = await _open(call, value)
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=asked.channel,
        model=asked.model,
        data={"question": asked.id, "values": {}},
    )
    await call.station.store.drafts.save(draft)
    return question_form(question, {}, draft=draft.id)


async def choices(call: Call, submitted: Submitted, typed: str) -> list[dict[str, Any]]:
    """What a menu of the form offers for what was typed."""
    _, question = await _open(call, submitted.draft.data["question"])
    return suggestions(asked_for(question), submitted.block, typed)


@form("question", right=Right.READ, suggest=choices)
async def filled(call: Call, submitted: Submitted) -> QuestionForm | FieldErrors | Work:
    """Another page, errors at their fields, or the answer."""
    draft, page = submitted.draft, draft_of(submitted.metadata)[1]
    asked, question = await _open(call, draft.data["question"])
    pipeline, before = asked_for(question), draft.data["values"]
    found = read_page(question.title, pipeline, before, submitted.values, page=page)
    values = before | found.values
    turned = -1 if submitted.action == BACK else 1
    if turned > 0 and found.errors:
        return FieldErrors(found.errors)
    if turned < 0 or page < page_count(pipeline):
        await call.station.store.drafts.save(replace(draft, data=draft.data | {"values": values}))
        return question_form(question, values, draft=draft.id, page=page + turned)
    return _answering(asked, *answer_in(question, values))


def _answering(asked: AskedQuestion, chosen: list[str], values: dict[str, Any]) -> Work:
    args = {"id": asked.id, "model": asked.model, "chosen": chosen, "values": values}
    words = f"{', '.join(chosen)} for {asked.model}"
    return Work("question.answer", args, subject=asked.dag_run_id, words=words)


async def _open(call: Call, asked_id: str) -> tuple[AskedQuestion, Question]:
    """The question, which is still asked, and which this person may answer."""
    asked = await call.station.store.questions.get(asked_id)
    if asked is None or asked.closed:
        raise Refusal(OVER)
    question = Question.model_validate(asked.asked)
    if why := await why_not(call.station, asked, question, call.person.id):
        await call.station.store.audit.append(entry(asked, call.person.id, call.person.name, "refused", {"why": why}))
        raise NotAllowed(why)
    return asked, question


@work("question.answer")
async def answer(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Give the answer to Airflow."""
    await responding.answer(ctx, args, station)
