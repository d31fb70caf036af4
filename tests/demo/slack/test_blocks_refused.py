"""What Slack refuses of blocks: one thing wrong in an example, and the words and place of the refusal."""

from __future__ import annotations

import pytest

from demo.slack.blocks import check_blocks
from tests.demo.slack.block_kit import BLOCKS, ELEMENTS, GONE, PICTURE, SURFACES, cell, changed, task
from tests.demo.slack.cards import button, mrkdwn, plain
from tests.demo.slack.refusals import Case, any_text, long, many, only_complaint, plain_text, spoilt, told

IN_BLOCKS: list[Case] = [
    ("divider", "/type", "song", "unsupported type: song"),
    ("divider", "/type", GONE, "missing required field: type", ""),
    ("divider", "/colour", 1, "invalid additional property: colour", ""),
    ("divider", "/block_id", *long(255)),
    ("divider", "/block_id", "", "must be more than 0 characters"),
    *plain_text("header", "/text", 150),
    *any_text("section", "/text", 3000),
    *any_text("fields", "/fields/0", 2000),
    ("section", "/text", GONE, "missing required field: text", ""),
    ("section", "/text/text", None, "missing required field: text", "/text"),
    ("header", "/text", None, "missing required field: text", ""),
    ("section", "/expand", "yes", "must provide a boolean"),
    ("section", "/accessory", {}, "missing required field: type"),
    ("fields", "/fields", *many(10, plain("f"))),
    ("fields", "/fields", [], "no fewer than 1 items allowed"),
    ("image", "/image_url", GONE, "missing required field: image_url", ""),
    ("image", "/image_url", "ftp://example.com/a.png", "invalid url"),
    ("image", "/image_url", "", "invalid url"),
    ("image", "/image_url", "https://example.com/" + "x" * 2981, "must be less than 3001 characters"),
    ("image", "/slack_file", {"id": "F012345678"}, "must define either `image_url` or `slack_file`, not both", ""),
    ("image", "/alt_text", GONE, "missing required field: alt_text", ""),
    ("image", "/alt_text", *long(2000)),
    *plain_text("image", "/title", 2000),
    ("slack file", "/slack_file/id", "F1", "invalid format"),
    ("slack file", "/slack_file/id", GONE, "missing required field: id", "/slack_file"),
    ("slack file", "/slack_file/url", "https://x", "must define either `id` or `url`, not both", "/slack_file"),
    ("context", "/elements", *many(10, plain("c"))),
    ("context", "/elements", [], "no fewer than 1 items allowed"),
    ("context", "/elements", "c", "must provide an array"),
    *any_text("context", "/elements/0", 3000),
    ("context", "/elements/2/alt_text", *long(2000)),
    ("actions", "/elements", *many(25, button("b"))),
    ("actions", "/elements", [], "no fewer than 1 items allowed"),
    ("actions", "/elements/0", button("b") | {"type": "song"}, "unsupported type: song", "/elements/0/type"),
    ("context_actions", "/elements", *many(5, ELEMENTS["icon_button"])),
    ("context_actions", "/elements", [], "no fewer than 1 items allowed"),
    *plain_text("input", "/label", 2000),
    *plain_text("input", "/hint", 2000),
    ("input", "/element", GONE, "missing required field: element", ""),
    ("input", "/optional", 1, "must provide a boolean"),
    *plain_text("video", "/title", 200),
    *plain_text("video", "/description", 200),
    ("video", "/video_url", "http://example.com/v", "invalid url"),
    ("video", "/title_url", "http://example.com/v", "invalid url"),
    ("video", "/author_name", *long(50)),
    ("video", "/provider_name", *long(50)),
    ("video", "/alt_text", *long(2000)),
    ("video", "/thumbnail_url", GONE, "missing required field: thumbnail_url", ""),
    ("markdown", "/text", *long(12_000)),
    ("markdown", "/text", "", "must be more than 0 characters"),
    ("file", "/source", "local", "must be a valid enum value"),
    ("file", "/external_id", GONE, "missing required field: external_id", ""),
    *any_text("alert", "/text", 200),
    ("alert", "/level", "fatal", "must be a valid enum value"),
]  # fmt: skip

IN_RICH_TEXT: list[Case] = [
    ("rich_text", "/elements", [], "no fewer than 1 items allowed"),
    ("rich_text", "/elements/0/type", "rich_text_song", "unsupported type: rich_text_song"),
    ("rich_text", "/elements/0/elements/0/type", "song", "unsupported type: song"),
    ("rich_text", "/elements/0/elements/0/text", "", "must be more than 0 characters"),
    ("rich_text", "/elements/0/elements/0/style/loud", True, "invalid additional property: loud",
     "/elements/0/elements/0/style"),
    ("rich_text", "/elements/0/elements/0/style/bold", "yes", "must provide a boolean"),
    ("rich_text", "/elements/0/elements/1/url", "nowhere", "invalid url"),
    ("rich_text", "/elements/0/elements/7/range", "all", "must be a valid enum value"),
    ("rich_text", "/elements/0/elements/9/timestamp", "now", "must provide an integer"),
    ("rich_text", "/elements/1/style", "stars", "must be a valid enum value"),
    ("rich_text", "/elements/1/indent", 9, "must be no more than 8"),
    ("rich_text", "/elements/1/offset", -1, "must be at least 0"),
    ("rich_text", "/elements/1/elements/0/style", {}, "invalid additional property: style", "/elements/1/elements/0"),
    ("rich_text", "/elements/2/border", 3, "must be no more than 1"),
    ("rich_text", "/elements/2/elements/0", {"type": "user", "user_id": "U1"}, "unsupported type: user",
     "/elements/2/elements/0/type"),
]  # fmt: skip

IN_TABLES: list[Case] = [
    ("table", "/rows", *many(100, [cell()])),
    ("table", "/rows", [], "no fewer than 1 items allowed"),
    ("table", "/rows/0", *many(20, cell())),
    ("table", "/rows/0", [], "no fewer than 1 items allowed"),
    ("table", "/rows/0/0/text", "", "must be more than 0 characters"),
    ("table", "/rows/0/0/type", "mrkdwn", "unsupported type: mrkdwn"),
    ("table", "/column_settings", *many(20, None)),
    ("table", "/column_settings/0", {"align": "middle"}, "must be a valid enum value", "/column_settings/0/align"),
    ("data_table", "/caption", GONE, "missing required field: caption", ""),
    ("data_table", "/rows", [[cell()]], "no fewer than 2 items allowed"),
    ("data_table", "/rows", *many(201, [cell()])),
    ("data_table", "/rows/1", [cell()], "all rows must have the same number of cells"),
    ("data_table", "/rows/0/0", {"type": "rich_text", "elements": BLOCKS["rich_text"]["elements"]},
     "unsupported type: rich_text", "/rows/0/0/type"),
    ("data_table", "/rows/1/1/value", GONE, "missing required field: value", "/rows/1/1"),
    ("data_table", "/rows/1/1/value", "0.83", "must provide a number"),
    ("data_table", "/page_size", 0, "must be at least 1"),
    ("data_table", "/page_size", 101, "must be no more than 100"),
    ("data_table", "/row_header_column_index", 2, "must be less than 2"),
    ("data_table", "/row_header_column_index", -1, "must be at least 0"),
]  # fmt: skip

_POINT = {"label": "v1", "value": 1}
_UNCOVERED = "must have exactly one point for each category"
IN_CHARTS: list[Case] = [
    ("line", "/title", *long(50)),
    ("line", "/title", plain("t"), "must provide a string"),
    ("line", "/chart/type", "donut", "unsupported type: donut"),
    ("line", "/chart/series", *many(12, {"name": "a", "data": [_POINT]})),
    ("bar", "/chart/series", [], "no fewer than 1 items allowed"),
    ("bar", "/chart/series/1/name", "a", "names of series must be unique", "/chart/series"),
    ("area", "/chart/series/0/name", *long(20)),
    ("area", "/chart/series/0/data", *many(20, _POINT)),
    ("line", "/chart/series/1/data", [_POINT], _UNCOVERED),
    ("line", "/chart/series/1/data", [_POINT, _POINT], _UNCOVERED),
    ("line", "/chart/series/0/data/0/label", "v3", _UNCOVERED, "/chart/series/0/data"),
    ("line", "/chart/series/0/data/0/value", "1", "must provide a number"),
    ("line", "/chart/axis_config", GONE, "missing required field: axis_config", "/chart"),
    ("line", "/chart/axis_config/categories", *many(20, "v")),
    ("line", "/chart/axis_config/categories", ["v1", "v1"], "categories must be unique"),
    ("line", "/chart/axis_config/categories/0", *long(20)),
    ("line", "/chart/axis_config/x_label", *long(50)),
    ("pie", "/chart/segments", *many(12, {"label": "a", "value": 1})),
    ("pie", "/chart/segments", [], "no fewer than 1 items allowed"),
    ("pie", "/chart/segments/0/label", *long(20)),
    ("pie", "/chart/segments/0/value", 0, "must be greater than 0.0"),
]

IN_TASKS: list[Case] = [
    ("plan", "/title", plain("p"), "must provide a string"),
    ("plan", "/title", GONE, "missing required field: title", ""),
    ("plan", "/tasks", *many(50, task())),
    ("plan", "/tasks", GONE, "missing required field: tasks", ""),
    ("plan", "/tasks", [task(), task()], '`task_id` "1" already exists'),
    ("plan", "/tasks/0/status", "skipped", "must be a valid enum value"),
    ("plan", "/tasks/0/status", GONE, "missing required field: status", "/tasks/0"),
    ("plan", "/tasks/0/title", mrkdwn("t"), "must provide a string"),
    ("plan", "/tasks/0/details", "d", "must provide an object"),
    ("task_card", "/status", "pending", "must be a valid enum value"),
    ("task_card", "/sources/0/url", "", "invalid url"),
]

_ACTIONS_TOO_MANY = many(3, button("b"))
IN_CARDS: list[Case] = [
    *any_text("card", "/title", 150),
    *any_text("card", "/subtitle", 150),
    *any_text("card", "/body", 200),
    *any_text("card", "/subtext", 200),
    ("card", "/actions", *_ACTIONS_TOO_MANY),
    ("card", "/actions/0/type", "overflow", "unsupported type: overflow"),
    ("card", "/slack_icon", {"type": "icon", "name": "bot"}, "must define either `icon` or `slack_icon`, not both", ""),
    ("card", "/slack_icon", {"type": "icon"}, "missing required field: name"),
    ("carousel", "/elements", *many(10, BLOCKS["card"])),
    ("carousel", "/elements", [], "no fewer than 1 items allowed"),
    ("carousel", "/elements/1", {"type": "card"}, "missing required field: title"),
    ("container", "/title", GONE, "missing required field: title", ""),
    *plain_text("container", "/title", 150),
    *any_text("container", "/subtitle", 150),
    ("container", "/child_blocks", *many(10, {"type": "divider"})),
    ("container", "/child_blocks", [], "no fewer than 1 items allowed"),
    ("container", "/child_blocks/0", BLOCKS["plan"], "unsupported type: plan", "/child_blocks/0/type"),
    ("container", "/width", "huge", "must be a valid enum value"),
    ("container", "/is_collapsible", False, "must define `is_collapsible` to use `default_collapsed`", ""),
    ("container", "/has_header_divider", True,
     "must define either `is_collapsible` or `has_header_divider`, not both", ""),
]  # fmt: skip

CASES = [*IN_BLOCKS, *IN_RICH_TEXT, *IN_TABLES, *IN_CHARTS, *IN_TASKS, *IN_CARDS]


@pytest.mark.parametrize("case", CASES, ids=told)
def test_what_is_wrong_in_a_block_is_told_with_its_place(case: Case) -> None:
    """A complaint in Slack's words at the place that is wrong, and about no other."""
    block, reason, pointer = spoilt(case, BLOCKS)
    complaints = check_blocks([block], surface="modal" if case[0] == "alert" else "message")
    assert only_complaint(complaints, reason, f"/blocks/0{pointer}"), complaints


def test_every_block_has_something_refused() -> None:
    """A block that refuses nothing would be one that nobody checks."""
    assert BLOCKS.keys() - {case[0] for case in CASES} == set()
    assert set().union(*SURFACES.values()) == BLOCKS.keys()


def test_several_mistakes_are_told_at_once() -> None:
    """Each block that is wrong has its line."""
    wrong = [changed(BLOCKS["header"], "/text/text", "x" * 151), BLOCKS["divider"], PICTURE | {"colour": 1}]
    assert check_blocks(wrong, surface="message") == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        "[ERROR] invalid additional property: colour [json-pointer:/blocks/2]",
    ]
