"""Emoji by their short names."""

import re

import emoji

SHORTCODE = re.compile(r":[a-z0-9_+'-]{1,50}:")
# Short names of Slack that the library knows under another name only.
_SLACK = {
    ":large_green_circle:": "🟢",
    ":large_yellow_circle:": "🟡",
    ":large_orange_circle:": "🟠",
    ":hourglass_flowing_sand:": "⏳",
    ":spiral_calendar_pad:": "🗓️",
    ":vertical_traffic_light:": "🚦",
    ":thumbsup:": "👍",
    ":thumbsdown:": "👎",
}


def shortcode(name: str) -> str:
    """The character behind `:name:`, or the name itself where there is none."""
    return _SLACK.get(name) or str(emoji.emojize(name, language="alias"))


def with_emoji(text: str) -> str:
    """The text with each known `:name:` as its character."""
    return SHORTCODE.sub(lambda match: shortcode(match[0]), text)
