import copy
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack.blocks import check_blocks
from tests.demo.slack import cards


def task(status: str = "pending", **more: Any) -> dict[str, Any]:
    return {"type": "task_card", "task_id": "1", "title": "t", "status": status, **more}


def plan(**more: Any) -> dict[str, Any]:
    return {"type": "plan", "title": "p", "tasks": [task()], **more}


def table(rows: int = 1, columns: int = 1, text: str = "x") -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows}


def menu(kind: str, count: int, **more: Any) -> dict[str, Any]:
    options = [{"text": cards.plain("o"), "value": str(n)} for n in range(count)]
    return {"type": kind, "action_id": "menu", "options": options, **more}


DIVIDER = {"type": "divider"}
HEADER = {"type": "header", "text": cards.plain("h" * 151)}

REFUSED: dict[str, tuple[list[Any], str]] = {
    "51 blocks": ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "an unknown block": ([{"type": "song"}], "unsupported type: song [json-pointer:/blocks/0]"),
    "a block without type": ([{}], "missing required field: type [json-pointer:/blocks/0]"),
    "an unknown key": ([DIVIDER | {"colour": 1}], "invalid additional property: colour"),
    "a long header": ([HEADER], "must be less than 151 characters [json-pointer:/blocks/0/text]"),
    "mrkdwn in a header": ([{"type": "header", "text": cards.mrkdwn("h")}], "[json-pointer:/blocks/0/text"),
    "a long section": ([cards.section("s" * 3001)], "must be less than 3001 characters"),
    "an empty section": ([cards.section("")], "must be more than 0 characters"),
    "a section of nothing": ([{"type": "section"}], "missing required field: text"),
    "11 fields": ([{"type": "section", "fields": [cards.mrkdwn("f")] * 11}], "no more than 10 items"),
    "a long field": ([{"type": "section", "fields": [cards.mrkdwn("f" * 2001)]}], "less than 2001"),
    "26 buttons": ([cards.actions(*[cards.button(str(n)) for n in range(26)])], "no more than 25 items"),
    "no buttons": ([cards.actions()], "no fewer than 1 items"),
    "11 context elements": ([cards.context(*["c"] * 11)], "no more than 10 items"),
    "a long button": ([cards.actions(cards.button("b" * 76))], "must be less than 76 characters"),
    "a long value": ([cards.actions(cards.button("b", value="v" * 2001))], "less than 2001 characters"),
    "a long action_id": ([cards.actions(cards.button("b") | {"action_id": "a" * 256})], "less than 256"),
    "an odd style": ([cards.actions(cards.button("b", style="green"))], "/style"),
    "6 overflow options": ([cards.actions(menu("overflow", 6))], "no more than 5 items"),
    "101 options": ([cards.actions(menu("static_select", 101))], "no more than 100 items"),
    "11 radio buttons": ([cards.actions(menu("radio_buttons", 11))], "no more than 10 items"),
    "a long confirm title": (
        [cards.actions(cards.button("b", confirm=cards.CONFIRM | {"title": cards.plain("t" * 101)}))],
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title]",
    ),
    "a repeated action_id": ([cards.actions(cards.button("b"), cards.button("b"))], '"b" already exists'),
    "a repeated block_id": ([DIVIDER | {"block_id": "x"}] * 2, 'block_id "x" already exists'),
    "two plans": ([plan(), plan()], "no more than 1 plan block"),
    "a plan titled by an object": ([plan(title=cards.plain("p"))], "/title"),
    "an odd status": ([plan(tasks=[task("skipped")])], "/status"),
    "a pending task outside a plan": ([task()], "/status"),
    "two tables": ([table(), table()], "no more than 1 table block"),
    "101 rows": ([table(101)], "no more than 100 items"),
    "21 columns": ([table(1, 21)], "no more than 20 items"),
    "an empty cell": ([table(text="")], "must be more than 0 characters"),
    "12,001 characters of markdown": (
        [{"type": "markdown", "text": "m" * 6001}, {"type": "markdown", "text": "m" * 6000}],
        "no more than 12000 characters of markdown",
    ),
    "an input in a message": (
        [{"type": "input", "label": cards.plain("l"), "element": {"type": "plain_text_input"}}],
        "unsupported type: input",
    ),
    "an alert in a message": ([{"type": "alert", "text": cards.plain("a")}], "unsupported type: alert"),
}


@pytest.mark.parametrize(("blocks", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_slack_refuses_is_refused_with_its_place(blocks: list[Any], reason: str) -> None:
    """Each limit has its own complaint, which points at the block."""
    problems = check_blocks(blocks, surface="message")
    assert any(reason in problem for problem in problems), problems


@pytest.mark.parametrize("name", cards.ALL)
def test_ordinary_cards_pass_here_and_in_slacks_own_models(name: str) -> None:
    """Neither this check nor slack_sdk's finds anything in the cards."""
    blocks = cards.ALL[name]()
    assert check_blocks(blocks, surface="message") == []
    for block in Block.parse_all(copy.deepcopy(blocks)):
        block.validate_json()


def test_the_limits_themselves_are_allowed() -> None:
    """One character or item less than what is refused passes."""
    blocks = [
        {"type": "header", "text": cards.plain("h" * 150)},
        cards.section("s" * 3000),
        cards.actions(*[cards.button(str(n), value="v" * 2000) for n in range(25)]),
        table(100, 20),
        plan(),
        *[DIVIDER] * 45,
    ]
    assert check_blocks(blocks, surface="message") == []


def test_the_same_action_may_stand_in_several_blocks() -> None:
    """Rows of a list repeat their button: an action_id is unique within its block only."""
    rows = [cards.section(str(n), accessory=cards.button("Pause")) for n in range(3)]
    assert check_blocks(rows, surface="message") == []


async def test_refused_blocks_answer_invalid_blocks_with_the_reasons(client: AsyncWebClient) -> None:
    """The answer's response_metadata says what was wrong; broken JSON and too much text have own codes."""

    async def refused(blocks: Any) -> Any:
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0TRAINING", text="x", blocks=blocks)
        return caught.value.response

    answer = await refused([HEADER])
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text]"
    ]
    assert (await refused("[{"))["error"] == "invalid_blocks_format"
    assert (await refused([cards.section("s" * 3000)] * 5))["error"] == "msg_blocks_too_long"
