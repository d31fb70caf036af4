"""The form of a question that takes several choices, or values: made like the form that starts a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bot.domain import Parameter, Pipeline, Question
from bot.errors import Refusal
from bot.forms import FormPage
from bot.forms.kinds import Kind, kind_of
from bot.parameters.params import check_value

OPTIONS = "stationmaster.options"  # the parameter that stands for the question's own options


class QuestionForm(FormPage):
    """A page of the form; `notes` are the question's words."""

    template: ClassVar[str] = "question_form"


def asked_for(question: Question) -> Pipeline:
    """What the form asks, as a pipeline's parameters: the options, where there are several, and the values."""
    options = (_options(question),) if len(question.options) > 1 else ()
    return Pipeline(dag_id=question.dag_id, parameters=(*options, *question.parameters))


def can_be_filled(question: Question) -> bool:
    """False where it asks for a secret: those are never typed here."""
    return all(kind_of(each) is not Kind.SECRET for each in question.parameters)


def question_form(
    question: Question, values: Mapping[str, Any], *, draft: str, page: int = 1, notes: Sequence[str] = ()
) -> QuestionForm:
    """The modal with this page; `values` are those so far."""
    words = (*notes, question.subject, *([question.body] if question.body else []))
    pipeline = asked_for(question)
    return QuestionForm(
        model=question.title, pipeline=pipeline, values=dict(values), draft=draft, page=page, notes=words
    )


def answer_in(question: Question, values: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The chosen options and the parameters' values of a form that is filled in."""
    found = values.get(OPTIONS, list(question.options[:1]))
    chosen = found if isinstance(found, list) else [found]
    return chosen, {each.name: values.get(each.name, each.default) for each in question.parameters}


def check_answer(question: Question, chosen: Sequence[str], values: Mapping[str, Any]) -> None:
    """Refuse what the task would not take; Airflow itself doesn't look at the values."""
    if not chosen or set(chosen) - set(question.options) or (len(chosen) > 1 and not question.multiple):
        raise Refusal("The task has other options now.", hint="Look at its newest message.")
    for parameter in question.parameters:
        check_value(question.title, parameter, values.get(parameter.name))


def _options(question: Question) -> Parameter:
    some, default = list(question.options), list(question.defaults)
    if question.multiple:
        rule = {"type": "array", "items": {"enum": some}, "minItems": 1, "title": "Choose one or more"}
        return Parameter(name=OPTIONS, rule=rule, default=default or None, required=not default)
    rule = {"enum": some, "title": "Choose one"}
    return Parameter(name=OPTIONS, rule=rule, default=default[0] if default else None, required=not default)
