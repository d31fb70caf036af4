"""A question that a task asks people: who may answer it, the message that asks, and how that reads once it is over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from bot.domain import Answered, Question
from bot.following.cards import Link
from bot.messages.markup import Markup, escape, mention
from bot.messages.phrases import listed
from bot.messages.render import Message
from bot.parameters.paramwords import typed
from bot.questions.form import can_be_filled
from bot.settings.config import EVERYONE

MOST_BUTTONS = 10


class Choice(NamedTuple):
    """A button: its label, and what a click on it means."""

    label: str
    value: str


class QuestionCard(Message):
    """What a task asks, below its run's card: with buttons, with one that opens a form, or with a link alone."""

    template: ClassVar[str] = "question"
    icon: str
    headline: str
    aside: str = ""
    body: str = ""
    note: Markup = Markup("")
    choices: tuple[Choice, ...] = ()
    form: str = ""
    links: tuple[Link, ...] = ()


def question_id(question: Question) -> str:
    """The same each time the task asks this, and another when it asks again."""
    named = (*question.key, question.try_number, question.created.isoformat())
    return hashlib.sha256("\0".join(map(str, named)).encode()).hexdigest()[:16]


def respondents(question: Question, owners: Sequence[str], users: Mapping[str, str]) -> tuple[str, ...]:
    """The people and groups who may answer: those whom `users` gives for Airflow's own, by id or name.

    Where the task is for nobody in particular, the model's owners.
    """
    if not question.assigned:
        return tuple(owners)
    found = [users.get(each.id) or users.get(each.name) for each in question.assigned]
    return tuple(dict.fromkeys(member for member in found if member))


def asks_for_a_form(question: Question) -> bool:
    """Is it more than one choice of a few?"""
    return question.multiple or bool(question.parameters) or len(question.options) > MOST_BUTTONS


def question_card(
    question: Question, model: str, members: Sequence[str], run_url: str, stamp: str = ""
) -> QuestionCard:
    """The message that asks these people and groups; without any, it says where to answer.

    `stamp` tells its buttons from those of the same message before.
    """
    asked = question_id(question)
    answerable, form = bool(members) and can_be_filled(question), asks_for_a_form(question)
    return QuestionCard(
        icon="✋",
        headline=question.subject,
        aside=_task(question, model),
        body=question.body,
        note=_whom(question, members) if answerable else _elsewhere(question, members),
        choices=tuple(Choice(option, f"{index}:{asked}:{stamp}") for index, option in enumerate(question.options))
        if answerable and not form
        else (),
        form=asked if answerable and form else "",
        links=(Link("Open in Airflow", run_url),),
    )


def answered_card(question: Question, model: str, answered: Answered | None, by: str, run_url: str) -> QuestionCard:
    """How the same message reads once there is nothing left to answer: without buttons, and who answered what."""
    return QuestionCard(
        icon="✅" if answered else "⚪",
        headline=question.subject,
        aside=_task(question, model),
        body=question.body,
        note=Markup(escape(outcome(answered, by))),
        links=(Link("Open in Airflow", run_url),),
    )


def outcome(answered: Answered | None, by: str) -> str:
    """Who answered what, in a sentence; `by` is the person, empty for nobody."""
    if answered is None:
        return "This is no longer asked."
    values = [f"{name} {typed(value)}" for name, value in answered.values.items() if value is not None]
    said = ", ".join([*answered.chosen, *values])
    return f"{by} answered: {said}" if by else f"Nobody answered in time, which means: {said}"


def _task(question: Question, model: str) -> str:
    index = f" [{question.map_index}]" if question.map_index >= 0 else ""
    return f"{model} waits at {question.title}{index}"


def _whom(question: Question, members: Sequence[str]) -> Markup:
    if EVERYONE in members:
        return Markup("Anyone may answer.")
    return Markup(f"{listed([mention(member) for member in members])}, what shall it be?")


def _elsewhere(question: Question, members: Sequence[str]) -> Markup:
    if members:
        return Markup("It asks for a secret, which has no place here: answer it in Airflow.")
    names = [each.name or each.id for each in question.assigned]
    if names:
        return Markup(f"It is for {escape(listed(names))} of Airflow, whom I don't know here: answer it in Airflow.")
    return Markup("The model has no owners who could answer here: answer it in Airflow.")
