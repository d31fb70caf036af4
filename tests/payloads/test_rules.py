"""The third opinion: the rules that this project read in Slack's reference, in `tests.slack_rules`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.following.finishing import RunEnded
from bot.messages.render import Rendered
from tests.payloads.collection import NAMES, Payload, payloads
from tests.slack_rules import problems, problems_of_view

MENTION = re.compile(r"<@[UW][A-Z0-9]+>")
MAY_MENTION = {RunEnded.__name__}  # the reply that notifies the requester of a run


def objections(payload: Payload) -> list[str]:
    """What the rules say to a payload."""
    if payload.surface != "message":
        return problems_of_view(payload.body)
    live = frozenset(MENTION.findall(payload.body["text"])) if payload.kind in MAY_MENTION else frozenset()
    return problems(Rendered(**payload.body), live)


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_take_it(name: str) -> None:
    """Whatever stands in its fields, and however much: Slack takes it, and nothing in it is alive."""
    assert {str(payload): found for payload in payloads(name) if (found := objections(payload))} == {}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain("b"), **more}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": [{"type": "static_select", "action_id": "s", **more}]}


def option(value: str) -> dict[str, Any]:
    return {"text": plain("o"), "value": value}


def cells(*texts: str) -> list[dict[str, Any]]:
    return [{"type": "raw_text", "text": text} for text in texts]


def chart(*labels: str) -> dict[str, Any]:
    data = [{"label": label, "value": 1} for label in labels]
    axes = {"categories": ["a", "b"]}
    body = {"type": "line", "series": [{"name": "s", "data": data}], "axis_config": axes}
    return {"type": "data_visualization", "title": "t", "chart": body}


DIVIDER = {"type": "divider"}
TASK = {"type": "task_card", "task_id": "1", "title": "t", "status": "pending"}
WRONG: dict[str, tuple[list[dict[str, Any]], str]] = {
    "nothing": ([], "0 blocks"),
    "51 blocks": ([DIVIDER] * 51, "51 blocks"),
    "too many characters": ([section("x" * 2_700)] * 5, "characters of blocks"),
    "a long section": ([section("x" * 3_001)], "section.text has 3001 characters"),
    "a blank section": ([section(" ")], "section.text is empty"),
    "a mention": ([section("hi <@U0DANA>")], "<@U0DANA> is alive"),
    "a broadcast cut in two": ([section("hi <!chan")], "<!chan is alive"),
    "half an entity": ([section("a &am")], "half of an entity"),
    "mrkdwn in a header": ([{"type": "header", "text": {"type": "mrkdwn", "text": "h"}}], "mrkdwn at header.text"),
    "a text nobody knows": ([section("s", footer=plain("f"))], "an unknown text, section.footer"),
    "a long label": ([section("s", accessory=button(text=plain("x" * 76)))], "button.text has 76 characters"),
    "a long value": ([section("s", accessory=button(value="x" * 2_001))], "button.value has 2001 characters"),
    "26 buttons": ([{"type": "actions", "elements": [button(action_id=str(n)) for n in range(26)]}], "26 actions.elem"),
    "no buttons": ([{"type": "actions", "elements": []}], "0 actions.elements"),
    "an action twice in a message": ([section("s", accessory=button())] * 2, "action_id a twice"),
    "a block_id twice": ([DIVIDER | {"block_id": "b"}] * 2, "block_id b twice"),
    "two plans": ([{"type": "plan", "title": "p", "tasks": [TASK]}] * 2, "2 plan blocks"),
    "a task twice": ([{"type": "plan", "title": "p", "tasks": [TASK] * 2}], "task_id 1 twice"),
    "an alert in a message": ([{"type": "alert", "text": plain("a")}], "alert in a message"),
    "a lot of markdown": ([{"type": "markdown", "text": "x" * 7_000}] * 2, "too much markdown"),
    "a ragged table": ([{"type": "table", "rows": [cells("a", "b"), cells("a")]}], "rows of different widths"),
    "an empty cell": ([{"type": "table", "rows": [cells(" ")]}], "raw_text.text is empty"),
    "a data table of a head": ([{"type": "data_table", "caption": "c", "rows": [cells("a")]}], "without a head"),
    "a data table of a lot": (
        [{"type": "data_table", "caption": "c", "rows": [cells("a"), *[cells("x" * 900)] * 12]}],
        "too much in a data table",
    ),
    "an option that isn't offered": (
        [select(options=[option("a")], initial_option=option("b"))],
        "b is chosen, and not offered",
    ),
    "an option twice": ([select(options=[option("a"), option("a")])], "option a twice"),
    "a series with a hole": ([chart("a")], "series s doesn't cover the categories"),
    "three charts": ([chart("a", "b")] * 3, "3 data_visualization blocks"),
}


@pytest.mark.parametrize(("blocks", "reason"), WRONG.values(), ids=WRONG.keys())
def test_the_rules_object(blocks: list[dict[str, Any]], reason: str) -> None:
    """Each rule is able to fail."""
    assert any(reason in problem for problem in problems(Rendered(text="t", blocks=blocks)))


ENTRY = {"type": "input", "label": plain("l"), "element": {"type": "plain_text_input", "action_id": "a"}}
MODAL = {"type": "modal", "title": plain("t"), "submit": plain("s"), "blocks": [ENTRY]}


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (MODAL | {"title": plain("x" * 25)}, "modal.title has 25 characters"),
        (MODAL | {"private_metadata": "x" * 3_001}, "modal.private_metadata has 3001 characters"),
        ({key: value for key, value in MODAL.items() if key != "title"}, "a modal without a title"),
        ({key: value for key, value in MODAL.items() if key != "submit"}, "an input, and no submit"),
        (MODAL | {"blocks": [{"type": "table", "rows": [cells("a")]}]}, "table in a modal"),
        ({"type": "home", "blocks": [DIVIDER], "title": plain("t")}, "a home tab has no title"),
        ({"type": "home", "blocks": [DIVIDER] * 101}, "101 blocks"),
    ],
)
def test_the_rules_object_to_views(view: dict[str, Any], reason: str) -> None:
    """Each rule of views is able to fail."""
    assert any(reason in problem for problem in problems_of_view(view))


def test_ordinary_blocks_pass_the_rules() -> None:
    """The rules are able to succeed, too."""
    grid = {"type": "data_table", "caption": "c", "rows": [cells("a", "b"), cells("1", "2")]}
    menu = select(options=[option("a")], initial_option=option("a"))
    blocks = [section("hi", accessory=button()), menu, grid, chart("a", "b"), DIVIDER]
    assert problems(Rendered(text="t", blocks=blocks)) == []
    assert problems_of_view(MODAL) == []
