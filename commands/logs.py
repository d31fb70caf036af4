"""`logs RUN [TASK]`: the end of a task's log, to the asking person alone; the whole as a file in a direct message."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.access import Right
from bot.conversation.answers import Proposal, Refused, Told
from bot.conversation.asked import Asked
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments, quote
from bot.domain import RunKey, Task
from bot.errors import NotFound, Refusal, ServiceError, StationmasterError
from bot.following.loglines import called, choose, tail
from bot.following.steering import allow
from bot.jobs import JobContext
from bot.messages.phrases import count
from bot.messages.render import Message
from bot.station import Station


class LogMessage(Message):
    """The last lines of a log, newest last. For one person: not to be shared with a click."""

    template: ClassVar[str] = "log"
    headline: str
    lines: str = ""
    proposals: tuple[Proposal, ...] = ()


class LogsArguments(Arguments):
    """The RUN, its TASK (the one that failed, else the one that runs), which try of it, and whether all of it."""

    run: str
    task: str = ""
    try_: str = ""
    whole: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"try_", "whole"})


@command("logs", summary="the end of a task's log", example="logs RUN", right=Right.LOGS)
async def logs(call: Call, arguments: LogsArguments) -> LogMessage | Work:
    """The last lines now, or the work of sending the whole: by then its reader may have other rights."""
    run = call.about_run
    tasks = (await call.station.orchestrator.tasks([run.key])).get(run.key, ())
    if not tasks:
        raise Refusal("Airflow has no tasks of this run (any more), so there is no log.")
    task = choose(tasks, arguments.task)
    number = _try(task, arguments.try_)
    if arguments.whole:
        args = {"key": list(run.key), "task": task.model_dump(mode="json"), "try": number}
        return Work("logs.whole", args, subject=run.dag_run_id)
    return await _message(call, task, number)


def _try(task: Task, typed: str) -> int:
    """The try that was typed; without one the last."""
    if not typed:
        return task.try_number
    if typed.isascii() and typed.isdecimal() and 1 <= int(typed[:9]) <= task.try_number:
        return int(typed[:9])
    tries = "1" if task.try_number == 1 else f"1 to {task.try_number}"
    raise Refusal(f"{task.title} had {count(task.try_number, 'try', 'tries')}: --try takes {tries}.")


async def _message(call: Call, task: Task, number: int) -> LogMessage:
    run = call.about_run
    try:
        log = await call.station.orchestrator.log(run.key, task, number)
    except NotFound:
        raise Refusal(f"Airflow has no log of {task.title}, try {number}.") from None
    shown = tail(log.lines)
    tries = f", try {number} of {task.try_number}" if task.try_number > 1 else ""
    much = f"the last {count(len(shown), 'line')}" if log.cut or len(shown) < len(log.lines) else "the whole log"
    command = f"logs {run.dag_id}/{run.dag_run_id} {quote(called(task))}"
    earlier = (Proposal(f"Try {number - 1}", f"{command} --try {number - 1}"),) if number > 1 else ()
    return LogMessage(
        headline=f"{run.model} · {task.title}{tries}: {much if shown else 'nothing was written'}",
        lines="\n".join(shown),
        proposals=(Proposal("Whole log as a file", f"{command} --try {number} --whole"), *earlier)
        if shown
        else earlier,
    )


@work("logs.whole")
async def send(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Send the file now or not at all: nobody gets a log hours late."""
    asked = Asked(**args["asked"])
    try:
        await ctx.step("sent", _send, RunKey(*args["key"]), Task(**args["task"]), int(args["try"]), asked, station)
        said: Message = Told(text="The whole log is in our direct messages.")
    except (Refusal, ServiceError) as error:
        said = Refused(sentence=_sentence(error))
    if asked.channel != asked.person:
        await ctx.step("told", station.posting.tell, asked, said)


async def _send(key: RunKey, task: Task, number: int, asked: Asked, station: Station) -> bool:
    followed = await station.store.runs.get(key)
    if followed is not None:  # otherwise it was authorised a moment ago, and nothing of it is kept
        await allow(station, asked.person, Right.LOGS, followed)
    log = await station.orchestrator.log(key, task, number)
    head = ("… earlier lines are left out\n",) if log.cut else ()
    name = f"{key.dag_id}-{called(task)}-{key.run_id[-8:]}-try{number}.log"
    await station.chat.upload(asked.person, name, "".join([*head, *(f"{line}\n" for line in log.lines)]))
    return True


def _sentence(error: StationmasterError) -> str:
    return f"I could not send the whole log. {error.sentence}"
