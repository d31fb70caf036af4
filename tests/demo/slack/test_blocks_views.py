"""What Slack refuses of views, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from demo.slack.blocks import check_view
from demo.slack.errors import SlackError
from tests.demo.slack.block_kit import BLOCKS, ELEMENTS, GONE, Json, changed, placed
from tests.demo.slack.cards import mrkdwn, plain
from tests.demo.slack.refusals import Case, long, only_complaint, plain_text, spoilt, told

DIVIDER = {"type": "divider"}
ENTRY = BLOCKS["input"]
VIEWS: dict[str, Json] = {
    "modal": {
        "type": "modal",
        "title": plain("t"),
        "submit": plain("s"),
        "close": plain("c"),
        "blocks": [ENTRY],
        "private_metadata": "{}",
        "callback_id": "c",
        "external_id": "e",
        "clear_on_close": True,
        "notify_on_close": False,
    },
    "home": {"type": "home", "blocks": [DIVIDER], "private_metadata": "", "callback_id": "", "external_id": ""},
}
CASES: list[Case] = [
    ("modal", "/type", "workflow_step", "unsupported type: workflow_step"),
    ("modal", "/type", GONE, "missing required field: type", ""),
    ("modal", "/title", GONE, "missing required field: title", ""),
    *plain_text("modal", "/title", 24),
    *plain_text("modal", "/submit", 24),
    *plain_text("modal", "/close", 24),
    ("modal", "/submit", GONE, "must define `submit` to use an `input` block in modals", "/blocks/0/input"),
    ("modal", "/submit_disabled", True, "invalid additional property: submit_disabled", ""),
    ("modal", "/private_metadata", *long(3000)),
    ("modal", "/private_metadata", {}, "must provide a string"),
    ("modal", "/callback_id", *long(255)),
    ("modal", "/external_id", *long(255)),
    ("modal", "/clear_on_close", "yes", "must provide a boolean"),
    ("modal", "/blocks", GONE, "missing required field: blocks", ""),
    ("modal", "/blocks", [DIVIDER] * 101, "no more than 100 items allowed"),
    ("modal", "/blocks", [BLOCKS["plan"]], "unsupported type: plan", "/blocks/0/type"),
    ("modal", "/blocks/0/label", mrkdwn("l"), "unsupported type: mrkdwn", "/blocks/0/label/type"),
    ("modal", "/blocks", [placed(ELEMENTS["datepicker"])] * 2, "only one element may have `focus_on_load`",
     "/blocks/1/element"),
    ("modal", "/blocks", [ENTRY | {"block_id": "b"}] * 2, '`block_id` "b" already exists', "/blocks/1/block_id"),
    ("home", "/title", plain("t"), "invalid additional property: title", ""),
    ("home", "/submit", plain("t"), "invalid additional property: submit", ""),
    ("home", "/close", plain("t"), "invalid additional property: close", ""),
    ("home", "/notify_on_close", True, "invalid additional property: notify_on_close", ""),
    ("home", "/blocks", [DIVIDER] * 101, "no more than 100 items allowed"),
    ("home", "/blocks", [BLOCKS["alert"]], "unsupported type: alert", "/blocks/0/type"),
]  # fmt: skip


def refusal(view: Json) -> SlackError:
    with pytest.raises(SlackError) as caught:
        check_view(view)
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=told)
def test_what_is_wrong_in_a_view_is_told_with_its_place(case: Case) -> None:
    """`invalid_arguments`, with a complaint in Slack's words at the place that is wrong, and about no other."""
    view, reason, pointer = spoilt(case, VIEWS)
    error = refusal(view)
    assert error.code == "invalid_arguments"
    complaints = error.extra["response_metadata"]["messages"]
    assert only_complaint(complaints, reason, f"/view{pointer}"), complaints


@pytest.mark.parametrize(
    "view",
    [
        *VIEWS.values(),
        {"type": "modal", "title": plain("t" * 24), "blocks": [DIVIDER] * 100},
        {"type": "home", "blocks": [ENTRY, *[DIVIDER] * 99]},
        {"type": "home", "blocks": []},
        changed(VIEWS["modal"], "/private_metadata", "x" * 3000),
    ],
)
def test_ordinary_views_pass(view: Json) -> None:
    """Modals without inputs need no submit, home tabs take inputs without one, and each limit itself is allowed."""
    check_view(view)


def test_a_view_above_250_kilobytes_is_too_large() -> None:
    """Bytes are counted, not characters, and the code is one of its own."""
    blocks: list[Any] = [{"type": "section", "text": plain("é" * 2800)}] * 50
    assert refusal({"type": "home", "blocks": blocks}).code == "view_too_large"
    check_view({"type": "home", "blocks": blocks[:40]})
