"""Pipelines to make forms of, forms as Slack keeps them, and opinions of what Slack takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.domain import Parameter, Pipeline
from bot.forms import PageResult, form_page, page_count, read_page
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


def answer(parameter: Parameter, given: Any, *, other: str | None = None, value: Any = None) -> Any:
    """The value, or the error, of a one-field form in which someone has given this; the field began with `value`.

    `given` is a text, the label of an option or a list of them, a picker's date, or None to clear the input.
    """
    of = pipeline(parameter)
    values = {} if value is None else {parameter.name: value}
    state = untouched(of, values)
    for block, entries in state.items():
        written = other if block.endswith(":other") else given
        if written is not ...:
            entries.update({action: fill(entry, written, of) for action, entry in entries.items()})
    found = submitted(of, state, values)
    return next(iter(found.errors.values())) if found.errors else found.values[parameter.name]


def fill(entry: dict[str, Any], written: Any, of: Pipeline) -> dict[str, Any]:
    """An entry of a state with another answer."""
    if "selected_option" in entry:
        return entry | {"selected_option": _option(of, written) if written is not None else None}
    if "selected_options" in entry:
        return entry | {"selected_options": [_option(of, each) for each in written or ()]}
    [key] = entry.keys() - {"type"}
    return entry | {key: written}


def _option(of: Pipeline, label: str) -> dict[str, Any]:
    for block in view(of)["blocks"]:
        for option in block.get("element", {}).get("options", []):
            if option["text"]["text"] == label:
                found: dict[str, Any] = option
                return found
    return {"text": {"type": "plain_text", "text": label}, "value": label}


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
