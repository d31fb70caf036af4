"""A form of a pipeline's parameters, in pages. Pure: which field stands on which page depends on the pipeline alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from bot.domain import Parameter, Pipeline
from bot.errors import BadValue
from bot.forms.fields import Field
from bot.forms.kinds import ASKED, Kind
from bot.forms.options import key_of
from bot.forms.reading import State, blamed, read_field
from bot.forms.words import Shown, constant, section_of, shown
from bot.messages import limits
from bot.messages.markup import fit
from bot.messages.render import Modal
from bot.parameters.params import check_value

FIELDS = 14  # on a page, for someone on a phone
PAGE_SIZE = 170_000  # bytes of its blocks, about; Slack takes 250 KB of a view
LONGEST_ERROR = 500  # characters below a field

_TEXT_SIZE = 4 * limits.CHARACTERS["typed"]  # bytes that the text of an input may take


class FormPage(Modal):
    """A page of the form that starts a run. `values` are those so far; `draft` is what its submission carries back.

    `notes` are lines of its caller's, such as the price. Pages count from 1, and one that isn't there is the nearest
    that is. A page after the first has a button back, whose action id is `run_form:back`.
    """

    template: ClassVar[str] = "run_form"
    model: str
    pipeline: Pipeline
    values: dict[str, Any] = {}
    draft: str
    page: int = 1
    notes: tuple[str, ...] = ()

    @classmethod
    def names(cls) -> list[str]:
        """See Templated: the fields, laid out."""
        return ["model", "draft", "page", "pages", "notes", "parts", "constants"]

    def variables(self) -> dict[str, Any]:
        """See Templated."""
        pages = _pages(self.pipeline)
        page = _within(self.page, len(pages))
        last = page == len(pages)
        constants = [constant(each) for each in _unasked(self.pipeline, self.values)] if last else []
        return {
            "model": self.model, "draft": self.draft, "page": page, "pages": len(pages), "notes": self.notes,
            "parts": _parts(pages[page - 1], self.values), "constants": constants,
        }  # fmt: skip


class Part(NamedTuple):
    """A field on a page; `section` is the header above it, if one begins here."""

    section: str
    shown: Shown


class PageResult(NamedTuple):
    """What a page was filled with. `errors` say, by block id, why a value is refused; `values` hold the others."""

    values: dict[str, Any]
    errors: dict[str, str]


def form_page(
    model: str, pipeline: Pipeline, values: Mapping[str, Any], *, draft: str, page: int = 1, notes: Sequence[str] = ()
) -> FormPage:
    """The modal with this page of the form."""
    return FormPage(model=model, pipeline=pipeline, values=dict(values), draft=draft, page=page, notes=tuple(notes))


def page_count(pipeline: Pipeline) -> int:
    """How many pages the form has: one at least."""
    return len(_pages(pipeline))


def draft_of(private_metadata: str) -> tuple[str, int]:
    """The draft and the page that a form page's `private_metadata` names; ValueError where it is none."""
    page, _, draft = private_metadata.partition(" ")
    return draft, int(page)


def read_page(
    model: str,
    pipeline: Pipeline,
    values: Mapping[str, Any],
    state: State,
    *,
    page: int = 1,
) -> PageResult:
    """The JSON values of a submitted page. `values` are those that it was made with, `state` is `view.state.values`.

    A field that the state doesn't have keeps its value, and has no error. The last page gives the constants too, but
    no secret: Airflow has it.
    """
    pages = _pages(pipeline)
    page = _within(page, len(pages))
    result = PageResult({}, {})
    for parameter in pages[page - 1]:
        _read_field(model, Field.of(parameter, values), state, result)
    if page == len(pages):
        constants = (each for each in _unasked(pipeline, values) if each.kind is Kind.FIXED)
        result.values.update({each.parameter.name: each.value for each in constants})
    return result


def without_defaults(pipeline: Pipeline, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that aren't what the pipeline would take by itself; 1, 1.0 and true are three values."""
    return {
        name: value
        for name, value in values.items()
        if (parameter := pipeline.parameter(name)) is None or not _is_default(parameter, value)
    }


def _is_default(parameter: Parameter, value: Any) -> bool:
    return not parameter.required and key_of(value) == key_of(parameter.default)


def _read_field(model: str, field: Field, state: State, result: PageResult) -> None:
    asked = [each.block_id for each in field.inputs if each.block_id in state]
    name = field.parameter.name
    if not asked and not field.known:
        return
    try:
        value = read_field(field, state, model)
        if not _is_default(field.parameter, value):
            check_value(model, field.parameter, value)
        result.values[name] = value
    except BadValue as refusal:
        if asked:
            result.errors[blamed(field, state)] = fit(refusal.sentence, LONGEST_ERROR)
        else:
            result.values[name] = field.value


# ---- which fields, where ------------------------------------------------------------------------------------------


def _within(page: int, pages: int) -> int:
    return max(1, min(page, pages))


def _unasked(pipeline: Pipeline, values: Mapping[str, Any]) -> list[Field]:
    """What isn't asked: constants and secrets."""
    return [field for each in pipeline.parameters if (field := Field.of(each, values)).kind not in ASKED]


def _pages(pipeline: Pipeline) -> list[list[Parameter]]:
    """The parameters that are asked, page by page: those of no section first, then section by section."""
    asked = {each.name: Field(each, known=False) for each in pipeline.parameters}
    order = ["", *dict.fromkeys(section_of(each) for each in pipeline.parameters)]
    fields = sorted(
        (field for field in asked.values() if field.kind in ASKED),
        key=lambda field: order.index(section_of(field.parameter)),
    )
    pages: list[list[Parameter]] = [[]]
    taken = 0
    for field in fields:
        size = _size(field)
        if pages[-1] and (len(pages[-1]) == FIELDS or taken + size > PAGE_SIZE):
            pages.append([])
            taken = 0
        pages[-1].append(field.parameter)
        taken += size
    return pages


def _size(field: Field) -> int:
    """At most how many bytes the field takes on a page, whatever its value."""
    begun = sorted((len(json.dumps(each.for_slack()).encode()) for each in field.options), reverse=True)
    begun = begun[: limits.OPTIONS if field.kind in (Kind.SOME, Kind.MORE) else 1]
    texts = [each for each in field.inputs if each.element["type"] == "plain_text_input"]
    return len(json.dumps(shown(field)).encode()) + sum(begun) + _TEXT_SIZE * len(texts)


def _parts(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> list[Part]:
    parts, section = [], ""
    for parameter in parameters:
        begins = section_of(parameter)
        parts.append(Part(begins if begins != section else "", shown(Field.of(parameter, values))))
        section = begins
    return parts
