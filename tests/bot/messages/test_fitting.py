"""Blocks cut to what Slack takes, saying how much is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import limits
from bot.messages.fitting import fitted

Block = dict[str, Any]


def section(at: int = 0, size: int = 1) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"{at} {'x' * size}"}}


def context(many: int, size: int = 1) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{at} {'x' * size}"} for at in range(many)]}


def table(rows: int, columns: int = 2, size: int = 1) -> Block:
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": f"{at}{'x' * size}"}] * columns for at in range(rows)],
    }


def plan(many: int, size: int = 1) -> Block:
    cards = [{"type": "task_card", "task_id": str(at), "title": "x" * size, "status": "pending"} for at in range(many)]
    return {"type": "plan", "title": "p", "tasks": cards}


def actions(many: int) -> Block:
    return {"type": "actions", "elements": [{"type": "button", "action_id": str(at)} for at in range(many)]}


def test_what_fits_is_left_alone() -> None:
    """Every block and every item, in its order."""
    blocks = [section(), plan(20), table(10), context(10), actions(25), {"type": "divider"}, section(1)]
    assert fitted(blocks) == blocks
    assert fitted([]) == []


@pytest.mark.parametrize(
    ("block", "key", "kept", "last"),
    [
        (context(14), "elements", 9, {"type": "plain_text", "text": "and 5 more"}),
        (table(120), "rows", 99, [{"type": "raw_text", "text": "and 21 more"}, {"type": "raw_text", "text": "–"}]),
        (
            plan(60), "tasks", 49,
            {"task_id": "more", "type": "task_card", "title": "and 11 more", "status": "pending"},
        ),
    ],
)  # fmt: skip
def test_a_list_has_as_many_items_as_slack_takes(block: Block, key: str, kept: int, last: Any) -> None:
    """The last one says how many are missing, in the list's own form."""
    [found] = fitted([block])
    assert found[key] == [*block[key][:kept], last]


def test_buttons_that_are_too_many_go_without_a_word() -> None:
    """A button that isn't there can't be explained by one that is."""
    assert fitted([actions(30)]) == [actions(25)]


def test_lists_without_items_are_no_blocks() -> None:
    """Slack refuses them."""
    assert fitted([section(), actions(0), context(0), plan(0), table(0)]) == [section()]


def test_too_many_blocks_leave_room_for_what_is_put_around_them() -> None:
    """The longest run of sections gives way; what stands below it stays."""
    blocks = [section(), context(1), *[section(at) for at in range(60)], actions(2)]
    found = fitted(blocks)
    assert len(found) == limits.BLOCKS - limits.SPARE_BLOCKS
    assert found[:2] == blocks[:2]
    assert found[-1] == blocks[-1]
    assert found[-2] == {"type": "context", "elements": [{"type": "plain_text", "text": "and 16 more"}]}


def test_the_largest_list_is_cut_first() -> None:
    """A small one beside it stays whole."""
    found = fitted([section(), plan(40, size=300), table(5), context(3), actions(5)])
    assert found[2:] == [table(5), context(3), actions(5)]
    titles = [task["title"] for task in found[1]["tasks"]]
    assert titles[-1] == f"and {40 - len(titles) + 1} more"
    assert len(titles) > 20


def test_a_table_keeps_its_head_and_a_row() -> None:
    """Less would be no table; where even that is too much, the rest goes without it."""
    [_, found] = fitted([section(size=2_000), table(50, size=2_000)])
    assert len(found["rows"]) == 3
    assert fitted([section(), table(2, columns=20, size=2_000)]) == [section()]


LISTS = st.tuples(st.integers(0, 130), st.integers(0, 3_000))
BLOCKS = st.one_of(
    st.integers(0, 3_000).map(lambda size: section(size=size)),
    LISTS.map(lambda of: context(*of)),
    LISTS.map(lambda of: table(of[0], 3, of[1])),
    LISTS.map(lambda of: plan(*of)),
    st.integers(0, 40).map(actions),
)


@given(st.lists(BLOCKS, max_size=70))
def test_whatever_comes_fits(blocks: list[Block]) -> None:
    """Within every limit, with room to spare, and in the order it had."""
    found = fitted(blocks)
    assert len(found) <= limits.BLOCKS - limits.SPARE_BLOCKS
    assert len(json.dumps(found, ensure_ascii=False)) <= limits.ALL_BLOCKS - limits.SPARE_CHARACTERS
    for block in found:
        for key, most in (("elements", limits.ACTIONS), ("tasks", limits.TASKS), ("rows", limits.TABLE_ROWS)):
            assert key not in block or 1 <= len(block[key]) <= most
    kinds = iter([block["type"] for block in [*blocks, {"type": "context"}]])
    assert all(block["type"] in kinds for block in found if "and " not in json.dumps(block))
