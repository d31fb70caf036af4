"""Block Kit as Slack accepts it: `check_blocks` and `check_view` say what Slack would refuse, and why."""

from demo.slack.blocks.check import check_blocks, check_view, shown_characters
from demo.slack.blocks.ids import complete_ids, interactive_elements
from demo.slack.blocks.surfaces import Surface

__all__ = ["Surface", "check_blocks", "check_view", "complete_ids", "interactive_elements", "shown_characters"]
