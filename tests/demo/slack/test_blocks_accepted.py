"""What Slack accepts: every block on its surfaces, every element in its blocks, and each limit itself."""

from __future__ import annotations

from typing import Any

import pytest

from demo.slack.blocks import Surface, check_blocks, complete_ids, interactive_elements
from tests.demo.slack import cards
from tests.demo.slack.block_kit import BLOCKS, ELEMENTS, SURFACES, cell, changed, entry, option, placed, task
from tests.demo.slack.cards import plain

IN_ACTIONS = {
    "button", "overflow", "workflow_button", "rich_text_input", "datetimepicker", "datepicker", "timepicker",
    "radio_buttons", "checkboxes", *(name for name in ELEMENTS if name.endswith("_select")),
}  # fmt: skip
PLACES: dict[str, set[str]] = {
    "actions": IN_ACTIONS,
    "section": IN_ACTIONS - {"rich_text_input", "datetimepicker"} | {"image"},
    "input": {name for name in ELEMENTS if name.endswith("_input")}
    | IN_ACTIONS - {"button", "overflow", "workflow_button"},
    "context": {"image"},
    "context_actions": {"feedback_buttons", "icon_button"},
}


def around(place: str, element: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A block with the element, and the JSON pointer of the element's type."""
    if place == "section":
        return {"type": "section", "text": plain("s"), "accessory": element}, "/accessory/type"
    if place == "input":
        return entry(element), "/element/type"
    return {"type": place, "elements": [element]}, "/elements/0/type"


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
@pytest.mark.parametrize("name", BLOCKS)
def test_each_block_stands_on_its_surfaces_only(name: str, surface: Surface) -> None:
    """An ordinary block passes where Slack shows it; elsewhere its type is what is refused."""
    block = BLOCKS[name]
    refused = [f"[ERROR] unsupported type: {block['type']} [json-pointer:/blocks/0/type]"]
    assert check_blocks([block], surface=surface) == ([] if name in SURFACES[surface] else refused)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ELEMENTS)
def test_each_element_stands_in_its_blocks_only(name: str, place: str) -> None:
    """An ordinary element passes in the blocks that take it; elsewhere its type is what is refused."""
    block, pointer = around(place, ELEMENTS[name])
    refused = [f"[ERROR] unsupported type: {name} [json-pointer:/blocks/0{pointer}]"]
    assert check_blocks([block], surface="message") == ([] if name in PLACES[place] else refused)


def test_the_limits_themselves_are_allowed() -> None:
    """One character or item less than what is refused passes."""
    blocks = [
        {"type": "header", "text": plain("h" * 150)},
        cards.section("s" * 3000),
        {"type": "section", "fields": [cards.mrkdwn("f" * 2000)] * 10},
        cards.context(*["c"] * 10),
        cards.actions(*[cards.button(f"{n:075}", value="v" * 2000) for n in range(25)]),
        {"type": "table", "rows": [[cell()] * 20] * 100},
        {"type": "plan", "title": "p", "tasks": [task(task_id=str(n)) for n in range(50)]},
        {"type": "markdown", "text": "m" * 12_000},
        *[{"type": "divider"}] * 42,
    ]
    assert check_blocks(blocks, surface="message") == []


def test_the_limits_of_menus_are_allowed() -> None:
    """100 options, 100 groups, ten choices, five in an overflow menu."""
    options = [option(f"{n:0150}", text=plain("o" * 75)) for n in range(100)]
    menus = [
        ELEMENTS["static_select"] | {"options": options, "initial_option": options[99]},
        changed(
            ELEMENTS["multi_static_select"], "option_groups", [{"label": plain("g" * 75), "options": options}] * 100
        ),
        ELEMENTS["checkboxes"] | {"options": options[:10], "initial_options": options[:10]},
        ELEMENTS["overflow"] | {"options": options[:5]},
    ]
    blocks = [
        placed(changed(menu, "initial_options", [options[0]]) if "initial_options" in menu else menu) for menu in menus
    ]
    assert check_blocks(blocks, surface="message") == []


def test_the_same_action_may_stand_in_several_blocks() -> None:
    """Rows of a list repeat their button: an action_id is unique within its block only, and so in each card."""
    rows = [cards.section(str(n), accessory=cards.button("Pause")) for n in range(3)]
    assert check_blocks([*rows, BLOCKS["carousel"]], surface="message") == []


def test_a_home_tab_and_a_modal_hold_twice_as_many_blocks() -> None:
    """100 blocks pass on both, which a message could not hold."""
    for surface in ("home", "modal"):
        assert check_blocks([{"type": "divider"}] * 100, surface=surface) == []


def test_ids_are_made_up_where_they_are_missing() -> None:
    """Blocks, the blocks in them, and elements get ids, unless they have one; pictures and text have none."""
    inside = {"type": "section", "text": plain("s"), "accessory": {"type": "button", "text": plain("b")}}
    (container, context) = complete_ids(
        [
            {"type": "container", "block_id": "mine", "title": plain("t"), "child_blocks": [inside]},
            {"type": "context", "elements": [plain("c")]},
        ]
    )
    assert container["block_id"] == "mine"
    assert container["child_blocks"][0]["block_id"]
    assert [element["type"] for element in interactive_elements(container)] == ["button"]
    assert next(interactive_elements(container))["action_id"]
    assert context["elements"] == [plain("c")]
