"""Pipelines to make forms of, forms as Slack keeps them, and opinions of what Slack takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.domain import Parameter, Pipeline
from bot.forms import PageResult, form_page, page_count, read_page
from bot.forms.fields import block_id
from demo.slack.blocks.check import check_view
from demo.slack.states import initial_values
from tests.slack_rules import problems_of_view

MODEL = "delays"
State = dict[str, dict[str, dict[str, Any]]]


def param(name: str, default: Any = None, *, description: str = "", **rule: Any) -> Parameter:
    """A Param with a default."""
    return Parameter(name=name, rule=rule, default=default, description=description)


def needed(name: str, **rule: Any) -> Parameter:
    """A Param without a default."""
    return Parameter(name=name, rule=rule, required=True)


def pipeline(*parameters: Parameter) -> Pipeline:
    """A DAG with these parameters."""
    return Pipeline(dag_id="delays", parameters=parameters)


def view(of: Pipeline, values: Mapping[str, Any] | None = None, page: int = 1) -> dict[str, Any]:
    """A page as Slack gets it, after all opinions of what Slack takes have been asked."""
    found = form_page(MODEL, of, values or {}, draft="d0", page=page).render()
    check_view(found)
    assert problems_of_view(found) == []
    View(**copy.deepcopy(found)).to_dict()
    return found


def untouched(of: Pipeline, values: Mapping[str, Any] | None = None) -> State:
    """`view.state.values` of all pages, as nobody touched them."""
    return {
        block: entries
        for page in range(1, page_count(of) + 1)
        for block, entries in initial_values(view(of, values, page)["blocks"]).items()
    }


def submitted(of: Pipeline, state: State, values: Mapping[str, Any] | None = None) -> PageResult:
    """What all pages together read of this state."""
    found = PageResult({}, {})
    for page in range(1, page_count(of) + 1):
        part = read_page(MODEL, of, values or {}, state, page=page)
        found.values.update(part.values)
        found.errors.update(part.errors)
    return found


def answered(of: Pipeline, state: State, name: str, given: Any, part: str = "") -> State:
    """The state after someone has given this in a parameter's input.

    `given` is a text, a picker's date, an option by its label or its key (several: a list), or None to clear it.
    """
    block = block_id(name, part)
    return state | {block: {action: _filled(of, entry, given) for action, entry in state[block].items()}}


def answer(parameter: Parameter, given: Any = ..., *, other: Any = ..., value: Any = ...) -> Any:
    """The value, or the error's words, of a form of one field that began with `value`; `...` leaves an input alone."""
    of = pipeline(parameter)
    values = {} if value is ... else {parameter.name: value}
    state = untouched(of, values)
    for part, written in (("", given), ("other", other)):
        if written is not ...:
            state = answered(of, state, parameter.name, written, part)
    found = submitted(of, state, values)
    return next(iter(found.errors.values())) if found.errors else found.values[parameter.name]


def _filled(of: Pipeline, entry: dict[str, Any], given: Any) -> dict[str, Any]:
    if "selected_option" in entry:
        return entry | {"selected_option": None if given is None else _option(of, given)}
    if "selected_options" in entry:
        return entry | {"selected_options": [_option(of, each) for each in given or ()]}
    [key] = entry.keys() - {"type"}
    return entry | {key: given}


def _option(of: Pipeline, named: str) -> dict[str, Any]:
    """An option as Slack sends it back: by its label where a menu has it, else its key."""
    menus = (block.get("element", {}) for page in range(page_count(of)) for block in view(of, page=page + 1)["blocks"])
    options = (option for menu in menus for option in menu.get("options", []))
    label = {"type": "plain_text", "text": named}
    return next((option for option in options if option["text"]["text"] == named), {"text": label, "value": named})


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
