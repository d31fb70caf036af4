"""An example of every block and every element, as Slack's reference has them; tests change one thing in one."""

from __future__ import annotations

import json
from typing import Any

from tests.demo.slack.cards import CONFIRM, button, mrkdwn, plain, rich

Json = dict[str, Any]
GONE = object()  # in place of a value: the key is taken away


def option(value: str = "a", **more: Any) -> Json:
    return {"text": plain("A"), "value": value, **more}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def task(status: str = "pending", **more: Any) -> Json:
    return {"type": "task_card", "task_id": "1", "title": "t", "status": status, **more}


def entry(element: Json, **more: Any) -> Json:
    """An input block."""
    return {"type": "input", "label": plain("l"), "element": element, **more}


def chart(kind: str) -> Json:
    series = [{"name": name, "data": [{"label": "v1", "value": 0.8}, {"label": "v2", "value": 1}]} for name in "ab"]
    axes = {"categories": ["v1", "v2"], "x_label": "version", "y_label": "AUC"}
    return {
        "type": "data_visualization",
        "title": "AUC",
        "chart": {"type": kind, "series": series, "axis_config": axes},
    }


def changed(example: Json, pointer: str, value: Any) -> Json:
    """A copy of the example with another value at the JSON pointer; `GONE` leaves the key out."""
    copied: Json = json.loads(json.dumps(example))  # nothing in it is the same object twice
    *path, last = pointer.strip("/").split("/")
    here: Any = copied
    for part in path:
        here = here[int(part)] if isinstance(here, list) else here[part]
    if value is GONE:
        del here[last]
    else:
        here[int(last) if isinstance(here, list) else last] = value
    return copied


def placed(element: Json) -> Json:
    """The element in a block that takes it, as its only one."""
    kind = element["type"]
    if kind in ("feedback_buttons", "icon_button"):
        return {"type": "context_actions", "elements": [element]}
    if kind in ("button", "overflow", "workflow_button"):
        return {"type": "actions", "elements": [element]}
    return {"type": "section", "text": plain("s"), "accessory": element} if kind == "image" else entry(element)


PICTURE: Json = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
CARD: Json = {
    "type": "card",
    "hero_image": PICTURE,
    "icon": PICTURE,
    "title": mrkdwn("t"),
    "subtitle": mrkdwn("s"),
    "body": mrkdwn("b"),
    "subtext": mrkdwn("x"),
    "actions": [button("Open")],
}
RICH: Json = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "t", "style": {"bold": True, "code": True}},
                {"type": "link", "url": "https://example.com", "text": "l"},
                {"type": "emoji", "name": "train"},
                {"type": "user", "user_id": "U0DANA"},
                {"type": "channel", "channel_id": "C0TRAINING"},
                {"type": "usergroup", "usergroup_id": "S0OWNERS"},
                {"type": "team", "team_id": "T0TEAM"},
                {"type": "broadcast", "range": "here"},
                {"type": "color", "value": "#00ff00"},
                {"type": "date", "timestamp": 1795000000, "format": "{time}", "fallback": "then"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": 1,
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "i"}]}],
        },
        {"type": "rich_text_preformatted", "border": 0, "elements": [{"type": "text", "text": "p"}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]},
    ],
}

BLOCKS: dict[str, Json] = {
    "section": {"type": "section", "block_id": "s", "text": mrkdwn("s"), "accessory": button("B"), "expand": True},
    "fields": {"type": "section", "fields": [mrkdwn("f"), plain("g")]},
    "header": {"type": "header", "text": plain("h")},
    "divider": {"type": "divider"},
    "image": {**PICTURE, "title": plain("t")},
    "slack file": {"type": "image", "slack_file": {"id": "F012345678"}, "alt_text": "a"},
    "context": {"type": "context", "elements": [mrkdwn("c"), plain("p"), PICTURE]},
    "actions": {"type": "actions", "elements": [button("B", confirm=CONFIRM, value="v", style="danger")]},
    "input": entry(
        {"type": "plain_text_input", "action_id": "a"}, hint=plain("h"), optional=True, dispatch_action=True
    ),
    "rich_text": RICH,
    "card": CARD,
    "video": {
        "type": "video",
        "video_url": "https://example.com/v",
        "thumbnail_url": "https://example.com/t.png",
        "alt_text": "a",
        "title": plain("t"),
        "title_url": "https://example.com/",
        "author_name": "n",
        "provider_name": "p",
        "description": plain("d"),
    },
    "table": {"type": "table", "rows": [[cell(), rich({"type": "text", "text": "x"})]], "column_settings": [None]},
    "data_table": {
        "type": "data_table",
        "caption": "Versions",
        "page_size": 10,
        "row_header_column_index": 0,
        "rows": [[cell("version"), cell("AUC")], [cell("12"), {"type": "raw_number", "value": 0.83, "text": "0.83"}]],
    },
    "carousel": {"type": "carousel", "elements": [CARD, CARD]},
    "container": {
        "type": "container",
        "title": plain("t"),
        "subtitle": mrkdwn("s"),
        "child_blocks": [{"type": "divider"}, {"type": "section", "text": mrkdwn("s")}],
        "width": "wide",
        "is_collapsible": True,
        "default_collapsed": True,
    },
    "line": chart("line"),
    "bar": chart("bar"),
    "area": chart("area"),
    "pie": {
        "type": "data_visualization",
        "title": "Spend",
        "chart": {"type": "pie", "segments": [{"label": "churn", "value": 45}]},
    },
    "plan": {"type": "plan", "title": "p", "tasks": [task()]},
    "task_card": task(
        "in_progress",
        details=rich({"type": "text", "text": "d"}),
        output=rich({"type": "text", "text": "o"}),
        sources=[{"type": "url", "url": "https://example.com", "text": "e"}],
    ),
    "markdown": {"type": "markdown", "text": "# m"},
    "file": {"type": "file", "external_id": "e", "source": "remote"},
    "context_actions": {
        "type": "context_actions",
        "elements": [{"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "d"}],
    },
    "alert": {"type": "alert", "text": mrkdwn("a"), "level": "warning"},
}

EVERYWHERE = {
    "section", "fields", "header", "divider", "image", "slack file", "context", "actions", "input", "rich_text", "card",
    "video",
}  # fmt: skip
ON_PAGES = EVERYWHERE | {"table", "data_table", "carousel", "container"}
SURFACES: dict[str, set[str]] = {
    "message": BLOCKS.keys() - {"alert"},
    "home": ON_PAGES,
    "modal": EVERYWHERE | {"alert"},
}

_CONVERSATIONS = {
    "default_to_current_conversation": True,
    "filter": {"include": ["public"], "exclude_bot_users": True},
}
_GROUPS = [{"label": plain("g"), "options": [option("a"), option("b")]}]
_CHOICES = [{"text": mrkdwn("*A*"), "value": "a", "description": mrkdwn("_d_")}, option("b")]
_DESCRIBED = option(description=plain("d"))
_PROMPT = {"placeholder": plain("p"), "focus_on_load": True}
_EXAMPLES: list[Json] = [
    {**button("B"), "url": "https://example.com/?a=1&b=2", "accessibility_label": "b"},
    PICTURE,
    {"type": "overflow", "options": [option(url="https://example.com")]},
    {"type": "workflow_button", "text": plain("w"), "workflow": {"trigger": {"url": "https://example.com/t"}}},
    {
        "type": "feedback_buttons",
        "positive_button": {"text": plain("👍"), "value": "yes"},
        "negative_button": {"text": plain("👎"), "value": "no", "accessibility_label": "bad"},
    },
    {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "visible_to_user_ids": ["U0DANA"]},
    {"type": "static_select", "options": [_DESCRIBED], "initial_option": _DESCRIBED},
    {
        "type": "multi_static_select",
        "option_groups": _GROUPS,
        "initial_options": [option("b")],
        "max_selected_items": 1,
    },
    {"type": "external_select", "min_query_length": 2, "initial_option": option(), **_PROMPT},
    {"type": "multi_external_select", "initial_options": [option()], "max_selected_items": 3},
    {"type": "users_select", "initial_user": "U0DANA"},
    {"type": "multi_users_select", "initial_users": ["U0DANA"]},
    {"type": "conversations_select", "response_url_enabled": True, **_CONVERSATIONS},
    {"type": "multi_conversations_select", "initial_conversations": ["C0TRAINING"], **_CONVERSATIONS},
    {"type": "channels_select", "initial_channel": "C0TRAINING", "response_url_enabled": True},
    {"type": "multi_channels_select", "initial_channels": ["C0TRAINING"]},
    {"type": "radio_buttons", "options": _CHOICES, "initial_option": _CHOICES[0]},
    {"type": "checkboxes", "options": _CHOICES, "initial_options": _CHOICES},
    {"type": "datepicker", "initial_date": "2026-02-28", **_PROMPT},
    {"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/Amsterdam"},
    {"type": "datetimepicker", "initial_date_time": 1795000000},
    {
        "type": "plain_text_input",
        "multiline": True,
        "min_length": 1,
        "max_length": 3000,
        "initial_value": "v",
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    },
    {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1", "max_value": "2.5", "initial_value": "0.1"},
    {"type": "email_text_input", "initial_value": "a@example.com"},
    {"type": "url_text_input", "initial_value": "https://example.com"},
    {"type": "rich_text_input", "initial_value": rich({"type": "text", "text": "r"}), "min_lines": 1},
    {"type": "file_input", "filetypes": ["csv"], "max_files": 1},
]
ELEMENTS: dict[str, Json] = {each["type"]: {"action_id": "a", **each} for each in _EXAMPLES}
del ELEMENTS["image"]["action_id"]
