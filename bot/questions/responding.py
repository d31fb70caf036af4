"""A person's answer to what a task asks, carried to Airflow: by who may, once, and the first one counts."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from bot.conversation.answers import Refused, Told
from bot.conversation.asked import STALE_AFTER, Asked
from bot.domain import Question
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
from bot.jobs import JobContext, RetryLater
from bot.messages.phrases import listed
from bot.questions.asked import outcome, question_id
from bot.questions.form import check_answer
from bot.questions.waiting import LIVE, ask_anew, put_right, who_may
from bot.station import Station
from bot.store import AskedQuestion, AuditEntry

ASK_AGAIN = 10.0
OVER = "This is no longer asked."


async def why_not(station: Station, asked: AskedQuestion, question: Question, person: str) -> str:
    """Why this person may not answer; empty where they may. A role is needed besides."""
    members = await who_may(station, question)
    model = await station.catalogue.of_dag(asked.dag_id)
    roles = await station.people.roles(await station.people.person(person), model)
    if roles and await station.people.is_among(person, members):
        return ""
    names = listed(await station.people.names(members))
    return f"Only {names} may answer this." if names else "This can be answered in Airflow only."


async def answer(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Give the answer to Airflow, once; whoever answered first has answered. Every step may be repeated."""
    who, asked = Asked(**args["asked"]), await station.store.questions.get(args["id"])
    try:
        if asked is None or asked.closed:
            told: Refused | None = Refused(sentence=OVER)
        elif not await _claimed(ctx, who, asked, station):
            told = await _too_late(asked.id, station)
        else:
            told = await _give(ctx, args, who, asked, station)
    except (ServiceDown, ServiceConfused) as error:
        if error.service != "Slack":
            await ctx.step("told to wait", _tell_to_wait, who, error, station)
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error
    if told:
        await station.posting.tell(who, told)


async def _claimed(ctx: JobContext, who: Asked, asked: AskedQuestion, station: Station) -> bool:
    """May this work answer? Of several people's only one may, unless it has given up."""
    other = await station.jobs.get(asked.job_id) if asked.job_id and asked.job_id != ctx.id else None
    gone = asked.job_id if other is None or other.state not in LIVE else None
    return await station.store.questions.claim(asked.id, ctx.id, who.person, who.name, instead_of=gone)


async def _give(
    ctx: JobContext, args: dict[str, Any], who: Asked, asked: AskedQuestion, station: Station
) -> Refused | None:
    """Answer; what there is to tell the person, if anything: else the message says it."""
    question = Question.model_validate(asked.asked)
    tried = asked.job_id == ctx.id  # an earlier attempt may have answered, and never heard so
    try:
        if not (tried and await _is_given(args, question, station)):
            await _check(ctx, args, who, asked, question, station)
            await station.orchestrator.answer(question.key, args["chosen"], args["values"])
    except (Refusal, ServiceDenied, ServiceRejected, NotFound) as error:
        if isinstance(error, ServiceRejected) and error.status == HTTPStatus.CONFLICT:
            return await _lost(asked, station)
        return await _refused(ctx, who, asked, error, station)
    detail = {"task": question.task_id, "chosen": args["chosen"], "values": args["values"]}
    done = entry(asked, who.person, who.name, "answered", detail)
    await station.store.audit.append(replace(done, id=f"{ctx.id}:answered", job_id=ctx.id))
    await put_right(station, await _again(asked.id, station))
    return None


async def _is_given(args: dict[str, Any], question: Question, station: Station) -> bool:
    """Does Airflow have this very answer?"""
    now = await station.orchestrator.question(question.key)
    given = now.answered if now else None
    return given is not None and (list(given.chosen), given.values) == (args["chosen"], args["values"])


async def _check(
    ctx: JobContext, args: dict[str, Any], who: Asked, asked: AskedQuestion, question: Question, station: Station
) -> None:
    """Before the irreversible step: is it still asked and in time, may the person still, and does the answer fit?"""
    now = await station.orchestrator.question(question.key)
    if now is None or question_id(now) != asked.id or not (now.open or now.answered):
        raise Refusal(OVER)  # Airflow would take an answer all the same
    if ctx.age > STALE_AFTER:
        raise Refusal("You answered over an hour ago, and I couldn't tell Airflow since.")
    if why := await why_not(station, asked, question, who.person):
        raise NotAllowed(why)
    check_answer(question, args["chosen"], args["values"])


async def _lost(asked: AskedQuestion, station: Station) -> Refused:
    """Somebody has answered in Airflow itself: say who, and put the message right."""
    await station.store.questions.release(asked.id)
    await put_right(station, await _again(asked.id, station))
    return await _too_late(asked.id, station)


async def _too_late(asked_id: str, station: Station) -> Refused:
    asked = await _again(asked_id, station)
    now = await station.orchestrator.question(Question.model_validate(asked.asked).key)
    if now is None or now.answered is None:
        return Refused(sentence=f"{asked.person_name} is answering this." if asked.person_name else OVER)
    by = asked.person_name or (f"{now.answered.by} (in Airflow)" if now.answered.by else "")
    return Refused(sentence=f"This is already answered. {outcome(now.answered, by)}")


async def _refused(
    ctx: JobContext, who: Asked, asked: AskedQuestion, error: Refusal | ServiceError, station: Station
) -> Refused:
    """Let somebody else answer, with fresh buttons, and say why this answer doesn't count."""
    sentence, hint = error.sentence, "Nothing was answered."
    if isinstance(error, ServiceDenied):
        sentence = "Airflow doesn't let me answer this: my account is not among those whom it is for."
        hint = "Answer it in Airflow."
    await station.store.questions.release(asked.id)
    await ask_anew(station, asked, hashlib.sha256(ctx.id.encode()).hexdigest()[:8])
    refused = entry(asked, who.person, who.name, "refused", {"why": sentence})
    await station.store.audit.append(replace(refused, id=f"{ctx.id}:refused", job_id=ctx.id))
    return Refused(sentence=sentence, hint=hint)


async def _tell_to_wait(who: Asked, error: ServiceError, station: Station) -> bool:
    text = f"{error.sentence} I keep your answer and give it when {error.service} is back."
    return await station.posting.try_to_tell(who, Told(text=text))


async def _again(asked_id: str, station: Station) -> AskedQuestion:
    found = await station.store.questions.get(asked_id)
    if found is None:
        raise Refusal(OVER)
    return found


def entry(asked: AskedQuestion, person: str, name: str, outcome: str, detail: dict[str, Any]) -> AuditEntry:
    """What the audit trail keeps of a person and a question."""
    return AuditEntry(
        actor=person,
        actor_name=name,
        action="respond",
        outcome=outcome,
        model=asked.model,
        subject=asked.dag_run_id,
        detail=detail,
    )
