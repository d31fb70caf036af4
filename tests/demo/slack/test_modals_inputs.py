"""Every kind of input: what a browser has, what Slack makes of it, and what its client refuses."""

from typing import Any

import pytest

from demo.slack.errors import SlackError
from demo.slack.inputs import REQUIRED, read_inputs, refused
from demo.slack.states import KINDS, Chooser, Raw, carried, initial_values
from tests.demo.slack import cards

Json = dict[str, Any]


def option(value: str, label: str = "") -> Json:
    return {"text": cards.plain(label or value), "value": value}


ONE, TWO = option("one", "1 < 2"), option("two")
OPTIONS: Json = {"options": [ONE, TWO]}
GROUPS: Json = {"option_groups": [{"label": cards.plain("G"), "options": [ONE, TWO]}]}
SENT_ONE = {"text": {"type": "plain_text", "text": "1 &lt; 2"}, "value": "one"}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
KNOWN = {("user", "U0DANA"), ("conversation", "C0TRAINING"), ("conversation", "D0DANA"), ("channel", "C0TRAINING")}
CHOOSER = Chooser(lambda kind, ref: (kind, ref) in KNOWN, {"a": [ONE]})

CASES: dict[str, tuple[Json, Raw, Any]] = {
    "plain_text_input": ({}, "x <y>", "x <y>"),
    "email_text_input": ({}, "a@b.example", "a@b.example"),
    "url_text_input": ({}, "https://a.example/?b=1&c", "https://a.example/?b=1&c"),
    "number_input": ({"is_decimal_allowed": True}, "0.10", "0.10"),
    "rich_text_input": ({}, "x", RICH),
    "datepicker": ({}, "2026-11-21", "2026-11-21"),
    "timepicker": ({}, "09:30", "09:30"),
    "datetimepicker": ({}, "1795000000", 1_795_000_000),
    "static_select": (OPTIONS, "one", SENT_ONE),
    "radio_buttons": (OPTIONS, "two", TWO),
    "external_select": ({}, "one", SENT_ONE),
    "multi_static_select": (GROUPS, ["two", "one"], [TWO, SENT_ONE]),
    "multi_external_select": ({}, ["one"], [SENT_ONE]),
    "checkboxes": (OPTIONS, ["one"], [SENT_ONE]),
    "users_select": ({}, "U0DANA", "U0DANA"),
    "conversations_select": ({}, "C0TRAINING", "C0TRAINING"),
    "channels_select": ({}, "C0TRAINING", "C0TRAINING"),
    "multi_users_select": ({}, ["U0DANA"], ["U0DANA"]),
    "multi_conversations_select": ({}, ["C0TRAINING", "D0DANA"], ["C0TRAINING", "D0DANA"]),
    "multi_channels_select": ({}, ["C0TRAINING"], ["C0TRAINING"]),
    "file_input": ({}, ["F1"], [{"id": "F1"}]),
}


def form(kind: str, *, optional: bool = False, **more: Any) -> list[Json]:
    """A form with one input of that type."""
    element = {"type": kind, "action_id": "a", **more}
    return [{"type": "input", "block_id": "B", "label": cards.plain("B"), "element": element, "optional": optional}]


def filled(blocks: list[Json], raw: Raw) -> dict[str, dict[str, Json]]:
    return read_inputs(blocks, initial_values(blocks), {"B": {"a": raw}}, CHOOSER)


def test_every_kind_has_its_case() -> None:
    """So that a new one can't be forgotten."""
    assert CASES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", CASES)
def test_a_value_is_told_in_its_elements_way(kind: str) -> None:
    """Under its own key; options as objects with escaped labels, moments as numbers, numbers as text."""
    more, raw, sent = CASES[kind]
    blocks = form(kind, **more)
    values = filled(blocks, raw)
    assert values == {"B": {"a": {"type": kind, KINDS[kind].key: sent}}}
    assert refused(blocks, values) == {}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_is_null_or_an_empty_list(kind: str, nothing: Raw) -> None:
    """A cleared input is refused unless it is optional."""
    more = CASES[kind][0]
    values = filled(form(kind, **more), nothing)
    assert values["B"]["a"][KINDS[kind].key] == ([] if KINDS[kind].many else None)
    assert refused(form(kind, **more), values) == {"B": REQUIRED}
    assert refused(form(kind, optional=True, **more), values) == {}


@pytest.mark.parametrize("kind", CASES)
def test_an_untouched_input_has_its_initial_value(kind: str) -> None:
    """As if it had been chosen."""
    more, _, sent = CASES[kind]
    begun, expected = sent, sent
    if KINDS[kind].read == "option":
        begun, expected = ([ONE], [SENT_ONE]) if KINDS[kind].many else (ONE, SENT_ONE)
    more = {**more, KINDS[kind].initial: begun}
    blocks = form(kind, **more)
    assert initial_values(blocks) == {"B": {"a": {"type": kind, KINDS[kind].key: expected}}}


@pytest.mark.parametrize(
    ("kind", "more", "raw", "message"),
    [
        ("plain_text_input", {"min_length": 3}, "ab", "Please enter at least 3 characters."),
        ("plain_text_input", {"max_length": 3}, "abcd", "Please enter no more than 3 characters."),
        ("plain_text_input", {}, "x" * 3_001, "Please enter no more than 3000 characters."),
        ("number_input", {"is_decimal_allowed": True}, "1e5", "Please enter a number."),
        ("number_input", {"is_decimal_allowed": True}, "five", "Please enter a number."),
        ("number_input", {"is_decimal_allowed": False}, "1.5", "Please enter a whole number."),
        (
            "number_input",
            {"is_decimal_allowed": True, "min_value": "0.5"},
            "0.4",
            "Please enter a number greater than or equal to 0.5.",
        ),
        (
            "number_input",
            {"is_decimal_allowed": False, "max_value": "9"},
            "10",
            "Please enter a number less than or equal to 9.",
        ),
        ("email_text_input", {}, "dana", "Please enter a valid email address."),
        ("email_text_input", {}, "dana@here", "Please enter a valid email address."),
        ("url_text_input", {}, "a.example", "Please enter a valid URL."),
        ("url_text_input", {}, "https://", "Please enter a valid URL."),
        ("datepicker", {}, "2026-02-30", "Please enter a valid date."),
        ("timepicker", {}, "24:30", "Please enter a valid time."),
        ("checkboxes", {**OPTIONS, "max_selected_items": 1}, ["one", "two"], "Please select at most 1 items."),
    ],
)
def test_what_the_client_refuses(kind: str, more: Json, raw: Raw, message: str) -> None:
    """Lengths, numbers, addresses and moments are checked where they are typed, optional or not."""
    for optional in (False, True):
        blocks = form(kind, optional=optional, **more)
        assert refused(blocks, filled(blocks, raw)) == {"B": message}


@pytest.mark.parametrize(
    ("kind", "more", "raw", "error"),
    [
        ("static_select", OPTIONS, "three", "option_not_found"),
        ("static_select", OPTIONS, "1 < 2", "option_not_found"),
        ("static_select", {"options": [TWO]}, "one", "option_not_found"),
        ("external_select", {}, "two", "option_not_found"),
        ("checkboxes", OPTIONS, ["one", "three"], "option_not_found"),
        ("users_select", {}, "U0NOBODY", "option_not_found"),
        ("users_select", {}, "C0TRAINING", "option_not_found"),
        ("channels_select", {}, "D0DANA", "option_not_found"),
        ("multi_conversations_select", {}, ["C0TRAINING", "U0DANA"], "option_not_found"),
        ("static_select", OPTIONS, ["one", "two"], "invalid_value"),
        ("datetimepicker", {}, "2026-11-21", "invalid_value"),
    ],
)
def test_what_no_person_could_choose(kind: str, more: Json, raw: Raw, error: str) -> None:
    """An option that isn't there or was never suggested, and several where there is one."""
    with pytest.raises(SlackError, match=error):
        filled(form(kind, **more), raw)


def test_new_blocks_keep_what_is_still_there() -> None:
    """By block_id, action_id and type; an option that is offered no longer is forgotten."""
    values = filled(form("plain_text_input"), "typed")
    assert carried(values, form("plain_text_input", initial_value="begun")) == values
    assert carried(values, form("number_input", is_decimal_allowed=True))["B"]["a"]["value"] is None
    chosen = filled(form("static_select", **OPTIONS), "one")
    assert carried(chosen, form("static_select", **GROUPS)) == chosen
    assert carried(chosen, form("static_select", options=[TWO]))["B"]["a"]["selected_option"] is None
    several = filled(form("checkboxes", **OPTIONS), ["one", "two"])
    assert carried(several, form("checkboxes", options=[TWO]))["B"]["a"]["selected_options"] == [TWO]
