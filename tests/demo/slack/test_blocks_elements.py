"""What Slack refuses of elements: one thing wrong in an example, and the words and place of the refusal."""

from __future__ import annotations

import pytest

from demo.slack.blocks import check_blocks
from tests.demo.slack.block_kit import ELEMENTS, GONE, changed, option, placed
from tests.demo.slack.cards import CONFIRM, plain
from tests.demo.slack.refusals import Case, any_text, long, many, only_complaint, plain_text, spoilt, told

_NOT_OFFERED = "must match an option exactly"
IN_BUTTONS: list[Case] = [
    *plain_text("button", "/text", 75),
    ("button", "/text", GONE, "missing required field: text", ""),
    ("button", "/action_id", *long(255)),
    ("button", "/value", *long(2000)),
    ("button", "/url", "https://example.com/" + "x" * 2981, "must be less than 3001 characters"),
    ("button", "/url", "", "invalid url"),
    ("button", "/url", "example.com", "invalid url"),
    ("button", "/url", "https://example.com/a b", "invalid url"),
    ("button", "/style", "green", "must be a valid enum value"),
    ("button", "/accessibility_label", *long(75)),
    ("button", "/focus_on_load", True, "invalid additional property: focus_on_load", ""),
    ("button", "/confirm", {}, "missing required field: title"),
    *[
        ("button", "/confirm", changed(CONFIRM, f"/{key}/text", "x" * (most + 1)),
         f"must be less than {most + 1} characters", f"/confirm/{key}/text")
        for key, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30))
    ],
    ("button", "/confirm", CONFIRM | {"style": "loud"}, "must be a valid enum value", "/confirm/style"),
    ("overflow", "/options", *many(5, option())),
    ("overflow", "/options", [], "no fewer than 1 items allowed"),
    ("overflow", "/options/0/url", "x", "invalid url"),
    ("workflow_button", "/action_id", GONE, "missing required field: action_id", ""),
    ("workflow_button", "/workflow/trigger/url", "x", "invalid url"),
    *plain_text("feedback_buttons", "/positive_button/text", 75),
    ("feedback_buttons", "/negative_button/value", *long(2000)),
    ("feedback_buttons", "/negative_button", GONE, "missing required field: negative_button", ""),
    ("icon_button", "/visible_to_user_ids", *many(10, "U1")),
    ("icon_button", "/icon", GONE, "missing required field: icon", ""),
    ("image", "/image_url", GONE, "missing required field: image_url", ""),
    ("image", "/title", plain("t"), "invalid additional property: title", ""),
]  # fmt: skip

IN_MENUS: list[Case] = [
    *plain_text("static_select", "/options/0/text", 75),
    *plain_text("static_select", "/options/0/description", 75),
    ("static_select", "/options/0/value", *long(150)),
    ("static_select", "/options/0/value", GONE, "missing required field: value", "/options/0"),
    ("static_select", "/options/0/url", "https://example.com", "invalid additional property: url", "/options/0"),
    ("static_select", "/options", *many(100, option())),
    ("static_select", "/options", [], "no fewer than 1 items allowed"),
    ("static_select", "/options", GONE, "missing required field: options", ""),
    ("static_select", "/option_groups", [{"label": plain("g"), "options": [option()]}],
     "must define either `options` or `option_groups`, not both", ""),
    ("static_select", "/initial_option", option("other"), f"`initial_option` {_NOT_OFFERED}"),
    ("static_select", "/initial_option", option(text=plain("B")), f"`initial_option` {_NOT_OFFERED}"),
    ("static_select", "/initial_options", [], "invalid additional property: initial_options", ""),
    *plain_text("external_select", "/placeholder", 150),
    ("external_select", "/min_query_length", -1, "must be at least 0"),
    ("external_select", "/options", [option()], "invalid additional property: options", ""),
    *plain_text("multi_static_select", "/option_groups/0/label", 75),
    ("multi_static_select", "/option_groups", *many(100, {"label": plain("g"), "options": [option("b")]})),
    ("multi_static_select", "/option_groups/0/options", *many(100, option())),
    ("multi_static_select", "/initial_options", [option("c")], f"`initial_options` {_NOT_OFFERED}"),
    ("multi_static_select", "/max_selected_items", 0, "must be at least 1"),
    ("multi_users_select", "/initial_users", [], "no fewer than 1 items allowed"),
    ("users_select", "/initial_user", 1, "must provide a string"),
    ("multi_external_select", "/initial_options", [], "no fewer than 1 items allowed"),
    ("multi_conversations_select", "/initial_conversations", "C1", "must provide an array"),
    ("multi_conversations_select", "/response_url_enabled", True,
     "invalid additional property: response_url_enabled", ""),
    ("multi_channels_select", "/initial_channels", [], "no fewer than 1 items allowed"),
    ("conversations_select", "/filter", {}, "missing required field: include"),
    ("conversations_select", "/filter/include", [], "no fewer than 1 items allowed"),
    ("conversations_select", "/filter/include/0", "secret", "must be a valid enum value"),
    ("channels_select", "/filter", {"exclude_bot_users": True}, "invalid additional property: filter", ""),
    ("radio_buttons", "/options", *many(10, option())),
    ("radio_buttons", "/initial_option", option("c"), f"`initial_option` {_NOT_OFFERED}"),
    ("checkboxes", "/options", *many(10, option())),
    ("checkboxes", "/options", [], "no fewer than 1 items allowed"),
    ("checkboxes", "/initial_options", [option("c")], f"`initial_options` {_NOT_OFFERED}"),
    *any_text("checkboxes", "/options/1/text", 75),
]  # fmt: skip

IN_INPUTS: list[Case] = [
    ("datepicker", "/initial_date", "28-02-2026", "invalid format"),
    ("datepicker", "/initial_date", "2026-02-30", "must be a date as YYYY-MM-DD"),
    *plain_text("datepicker", "/placeholder", 150),
    ("timepicker", "/initial_time", "9:00", "invalid format"),
    ("timepicker", "/initial_time", "24:01", "must be a time as HH:mm"),
    ("timepicker", "/timezone", "Europe", "must be a time zone of the IANA database"),
    ("timepicker", "/timezone", "Mars/Base", "must be a time zone of the IANA database"),
    ("datetimepicker", "/initial_date_time", 123, "must be at least 1000000000"),
    ("datetimepicker", "/initial_date_time", 1795000000000, "must be less than 10000000000"),
    ("datetimepicker", "/placeholder", plain("p"), "invalid additional property: placeholder", ""),
    ("plain_text_input", "/initial_value", *long(3000)),
    ("plain_text_input", "/max_length", 3001, "must be no more than 3000"),
    ("plain_text_input", "/max_length", 0, "must be at least 1"),
    ("plain_text_input", "/min_length", -1, "must be at least 0"),
    ("plain_text_input", "/dispatch_action_config", {}, "missing required field: trigger_actions_on"),
    ("plain_text_input", "/dispatch_action_config/trigger_actions_on", ["on_click"], "must be a valid enum value",
     "/dispatch_action_config/trigger_actions_on/0"),
    ("plain_text_input", "/confirm", CONFIRM, "invalid additional property: confirm", ""),
    ("number_input", "/is_decimal_allowed", GONE, "missing required field: is_decimal_allowed", ""),
    ("number_input", "/is_decimal_allowed", False, "must be a whole number", "/initial_value"),
    ("number_input", "/max_value", 2, "must provide a string"),
    ("number_input", "/max_value", "many", "must be a number"),
    ("number_input", "/max_value", "-2", "`min_value` must not be greater than `max_value`", "/min_value"),
    ("number_input", "/initial_value", "3", "`initial_value` must not be greater than `max_value`"),
    ("number_input", "/initial_value", "-3", "`min_value` must not be greater than `initial_value`", "/min_value"),
    ("rich_text_input", "/initial_value/type", "plain_text", "unsupported type: plain_text"),
    ("rich_text_input", "/min_lines", 0, "must be at least 1"),
    ("rich_text_input", "/max_lines", 101, "must be no more than 100"),
    ("file_input", "/max_files", 11, "must be no more than 10"),
    ("file_input", "/filetypes", [], "no fewer than 1 items allowed"),
    ("email_text_input", "/initial_value", 1, "must provide a string"),
    ("url_text_input", "/multiline", True, "invalid additional property: multiline", ""),
]  # fmt: skip

CASES = [*IN_BUTTONS, *IN_MENUS, *IN_INPUTS]


@pytest.mark.parametrize("case", CASES, ids=told)
def test_what_is_wrong_in_an_element_is_told_with_its_place(case: Case) -> None:
    """A complaint in Slack's words at the place that is wrong, and about no other."""
    element, reason, pointer = spoilt(case, ELEMENTS)
    block = placed(element)
    at = {"input": "/element", "section": "/accessory"}.get(block["type"], "/elements/0")
    complaints = check_blocks([block], surface="message")
    assert only_complaint(complaints, reason, f"/blocks/0{at}{pointer}"), complaints


def test_every_element_has_something_refused() -> None:
    """An element that refuses nothing would be one that nobody checks."""
    assert ELEMENTS.keys() - {case[0] for case in CASES} == set()
