"""Tasks that wait for a person: their questions are put to people below the run's card, and taken back when over.

A question is shown some seconds after its task was first seen to wait: Airflow fails a task that is answered before it
has noticed that the task's process has ended.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from structlog import get_logger

from bot.domain import Posted, Question, RunKey, Task, TaskState
from bot.errors import NotFound, NotInChannel, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.questions.asked import QuestionCard, answered_card, question_card, question_id, respondents
from bot.station import Station
from bot.store import AskedQuestion, FollowedRun
from bot.uptime import uptime

log = get_logger(__name__)
SETTLES = 5.0  # seconds
ASK_AGAIN = 10.0
GIVE_UP = 24 * 3_600.0
LIVE = ("ready", "running", "waiting")  # states of work that still goes on


class Waiting:
    """Looks, with the tracker, at what tasks wait for."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._seen: dict[str, float] = {}  # by id, the uptime at which it was first seen
        self._asked: set[str] = set()

    async def look(self, followed: Sequence[FollowedRun], tasks: Mapping[RunKey, Sequence[Task]]) -> None:
        """One question to Airflow while a task waits, for whatever; none while nothing does."""
        known = await self._station.store.questions.open()
        waits = {each.dag_id for each in followed if _waits(tasks.get(each.key, ()))}
        dag_ids = waits | {each.dag_id for each in known}
        found = await self._station.orchestrator.questions(dag_ids) if dag_ids else ()
        pending = {question_id(each): each for each in found}
        self._seen = {each: self._seen.get(each, uptime()) for each in pending}
        self._asked &= pending.keys()
        cards = {each.key for each in followed if each.card_ts}
        for asked, question in pending.items():
            if asked not in {each.id for each in known} and RunKey(question.dag_id, question.run_id) in cards:
                await self._ask(asked, question)
        await self._close([each for each in known if each.id not in pending])

    async def _ask(self, asked: str, question: Question) -> None:
        if asked not in self._asked and uptime() - self._seen[asked] >= SETTLES:
            args = {"question": question.model_dump(mode="json")}
            await self._station.jobs.submit(f"question:{asked}", "question.ask", args)
            self._asked.add(asked)

    async def _close(self, over: Collection[AskedQuestion]) -> None:
        for each in over:
            await self._station.jobs.submit(f"question:{each.id}:close", "question.close", {"id": each.id})


def _waits(tasks: Collection[Task]) -> bool:
    return any(task.state is TaskState.WAITING for task in tasks)


async def who_may(station: Station, question: Question) -> tuple[str, ...]:
    """The people and groups who may answer, by the configuration as it is now."""
    model = await station.catalogue.of_dag(question.dag_id)
    owners = model.contract.owners if model else ()
    return respondents(question, owners, station.config.current().airflow_users)


async def ask(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "question.ask": put the question below the run's card, unless it is over by now."""
    question = Question.model_validate(args["question"])
    followed = await station.store.runs.get(RunKey(question.dag_id, question.run_id))
    if followed is None or followed.ended or not (followed.card_channel and followed.card_ts):
        return
    asked = AskedQuestion(
        id=question_id(question),
        dag_id=question.dag_id,
        dag_run_id=question.run_id,
        model=followed.model,
        asked=args["question"],
        channel=followed.card_channel,
    )
    await station.store.questions.add(asked)
    message = (await _message(station, asked)).render()
    try:
        at = await station.posting.once(f"{ctx.id}:card", asked.channel, message, thread=followed.card_ts)
    except (NotFound, NotInChannel) as error:
        log.info("question.nowhere", run=followed.dag_run_id, reason=str(error))
        await station.store.questions.close(asked.id)
    except ServiceError as error:
        raise _later(ctx, error) from error
    else:
        await station.store.questions.stands(asked.id, at.channel, at.ts)


async def ask_anew(station: Station, asked: AskedQuestion, stamp: str) -> None:
    """Give the message other buttons: a click on one that was clicked before is no new request."""
    if asked.ts:
        message = (await _message(station, asked, stamp)).render()
        try:
            await station.chat.update(Posted(channel=asked.channel, ts=asked.ts), message)
        except (NotFound, NotInChannel) as error:
            log.info("question.nowhere", run=asked.dag_run_id, reason=str(error))


async def _message(station: Station, asked: AskedQuestion, stamp: str = "") -> QuestionCard:
    question, url = Question.model_validate(asked.asked), _url(station, asked)
    return question_card(question, asked.model, await who_may(station, question), url, stamp)


def _url(station: Station, asked: AskedQuestion) -> str:
    return station.orchestrator.run_url(RunKey(asked.dag_id, asked.dag_run_id))


async def close(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "question.close": what was answered elsewhere, or is asked no longer, loses its buttons."""
    asked = await station.store.questions.get(args["id"])
    if asked is None or asked.closed:
        return
    jobs = [await station.jobs.get(each) for each in (f"question:{asked.id}", asked.job_id) if each]
    if any(job and job.state in LIVE for job in jobs):
        raise RetryLater("it is being asked, or answered here", after=1.0)
    try:
        await put_right(station, replace(asked, person_name=None))  # who answered here has closed it
    except ServiceError as error:
        raise _later(ctx, error) from error


async def put_right(station: Station, asked: AskedQuestion) -> None:
    """Let the message say how the question ended, without buttons, and close it."""
    before = Question.model_validate(asked.asked)
    now = await station.orchestrator.question(before.key)
    same = now is not None and question_id(now) == asked.id
    answered = now.answered if now and same else None
    by = "" if answered is None else asked.person_name or (f"{answered.by} (in Airflow)" if answered.by else "")
    if asked.ts:
        message = answered_card(before, asked.model, answered, by, _url(station, asked)).render()
        try:
            await station.chat.update(Posted(channel=asked.channel, ts=asked.ts), message)
        except (NotFound, NotInChannel) as error:
            log.info("question.nowhere", run=asked.dag_run_id, reason=str(error))
    await station.store.questions.close(asked.id)


def _later(ctx: JobContext, error: ServiceError) -> Exception:
    """Again a little later, for a day."""
    if ctx.age > GIVE_UP:
        return error
    return RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN)
