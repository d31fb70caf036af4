"""The rules between blocks, and how the Web API answers when blocks are refused."""

import copy
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack.blocks import check_blocks
from tests.demo.slack import cards
from tests.demo.slack.block_kit import BLOCKS, ELEMENTS, changed, placed

DIVIDER = {"type": "divider"}
TASK = BLOCKS["task_card"]
LONG_HEADER = {"type": "header", "text": cards.plain("h" * 151)}


def markdown(characters: int) -> dict[str, Any]:
    return {"type": "markdown", "text": "m" * characters}


def data_table(characters: int) -> dict[str, Any]:
    return changed(BLOCKS["data_table"], "/rows/1/0/text", "x" * characters)


REFUSED: dict[str, tuple[list[Any], str]] = {
    "51 blocks": ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "no blocks but text": (["divider"], "must provide an object [json-pointer:/blocks/0]"),
    "a repeated action_id": (
        [cards.actions(cards.button("b"), cards.button("b"))],
        '`action_id` "b" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ),
    "a repeated action_id of a card": (
        [changed(BLOCKS["card"], "/actions", [cards.button("b"), cards.button("b")])],
        '`action_id` "b" already exists [json-pointer:/blocks/0/actions/1/action_id]',
    ),
    "a repeated block_id": (
        [DIVIDER | {"block_id": "x"}] * 2,
        '`block_id` "x" already exists [json-pointer:/blocks/1/block_id]',
    ),
    "a block_id repeated inside a container": (
        [changed(BLOCKS["container"], "/child_blocks", [DIVIDER | {"block_id": "x"}] * 2)],
        '`block_id` "x" already exists [json-pointer:/blocks/0/child_blocks/1/block_id]',
    ),
    "two plans": ([BLOCKS["plan"]] * 2, "too many plan blocks [json-pointer:/blocks]"),
    "a plan and a task": ([BLOCKS["plan"], TASK], "plan and task_card blocks can not be combined"),
    "two tables": ([BLOCKS["table"]] * 2, "too many table blocks [json-pointer:/blocks]"),
    "a table beside one in a container": (
        [BLOCKS["table"], changed(BLOCKS["container"], "/child_blocks", [BLOCKS["table"]])],
        "too many table blocks [json-pointer:/blocks]",
    ),
    "three charts": ([BLOCKS["pie"]] * 3, "too many data_visualization blocks [json-pointer:/blocks]"),
    "12,001 characters of markdown": (
        [markdown(6001), markdown(6000)],
        "markdown blocks must be less than 12001 characters together",
    ),
    "20,000 characters and more in data tables": (
        [data_table(10_000), data_table(10_000)],
        "data_table blocks must be less than 20001 characters together",
    ),
    "two elements that take the focus": (
        [placed(ELEMENTS["external_select"]), placed(ELEMENTS["datepicker"])],
        "only one element may have `focus_on_load` [json-pointer:/blocks/1/element]",
    ),
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


def test_two_charts_and_as_many_tasks_as_one_likes_are_allowed() -> None:
    """One item less than what is refused passes."""
    blocks = [BLOCKS["pie"], BLOCKS["line"], *[TASK] * 5, markdown(12_000), DIVIDER]
    assert check_blocks(blocks, surface="message") == []


async def test_refused_blocks_answer_invalid_blocks_with_the_reasons(client: AsyncWebClient) -> None:
    """The answer's response_metadata says what was wrong; broken JSON and too much text have own codes."""

    async def refused(blocks: Any) -> Any:
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0TRAINING", text="x", blocks=blocks)
        return caught.value.response

    answer = await refused([LONG_HEADER])
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["must be less than 151 characters [json-pointer:/blocks/0/text/text]"]
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert (await refused("[{"))["error"] == "invalid_blocks_format"
    assert (await refused([cards.section("s" * 2500)] * 5 + [DIVIDER] * 20))["error"] == "msg_blocks_too_long"


async def test_tables_and_charts_do_not_count_towards_a_messages_characters(client: AsyncWebClient) -> None:
    """A table may hold more than a message's text, up to its own limits; just below 13,000 the rest passes."""
    blocks = [cards.section("s" * 2500)] * 5 + [
        changed(BLOCKS["table"], "/rows", [[{"type": "raw_text", "text": "x"}] * 20] * 100)
    ]
    answer = await client.chat_postMessage(channel="C0TRAINING", text="x", blocks=blocks)
    assert answer["ok"]
