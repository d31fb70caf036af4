"""Slack's sizes, in one table: what the templates cut to, and what the tests hold every message against.

From docs.slack.dev; where older pages name less, the smaller number stands.
"""

from __future__ import annotations

TEXT = 4_000  # a message's `text`; chat.update refuses more
BLOCKS = 50
VIEW_BLOCKS = 100  # of a modal or a home tab
VIEW_CHARACTERS = 200_000  # of a view's blocks as JSON; Slack answers view_too_large above 250 KB of the whole
ALL_BLOCKS = 13_000  # characters of all blocks together, about: Slack answers msg_blocks_too_long

# What a rendered message leaves free for what is put around it: Share, "Dana shared", "resent".
SPARE_BLOCKS = 2
SPARE_CHARACTERS = 1_000
SPARE_TEXT = 500

CHARACTERS = {
    "header": 150,
    "section": 3_000,
    "field": 2_000,
    "context": 2_000,
    "button": 75,
    "value": 2_000,
    "url": 3_000,
    "alt": 2_000,
    "id": 255,
    "title": 24,  # of a modal, and of its buttons
    "label": 2_000,  # of an input, and its hint
    "typed": 3_000,  # what an input of text begins with
    "option": 75,
    "key": 150,  # an option's value
    "task_id": 250,  # of 255: the template numbers them, because Slack refuses the same one twice in a plan
    "plan": 150,
    "task": 150,
    "cell": 100,
    "confirm": 300,
    "confirm title": 99,  # 100 with its question mark
    "confirm button": 30,
    "chart": 50,  # a chart's title
    "axis": 50,
    "point": 20,  # what stands below a point, and the name of a series
    "icon": 20,  # ours, as is what follows
    "line": 300,  # what stays readable on a phone
}
FIELDS = 10
ACTIONS = 25
CONTEXT_ELEMENTS = 10
TASKS = 50
OPTIONS = 100  # of a menu
TABLE_ROWS = 100
TABLE_COLUMNS = 20
CHART_POINTS = 20
CHART_SERIES = 6
