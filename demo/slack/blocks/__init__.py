"""Block Kit as Slack accepts it: `check_blocks` says what Slack would refuse, and why."""

from demo.slack.blocks.check import Surface, check_blocks, check_view, complete_ids, shown_characters

__all__ = ["Surface", "check_blocks", "check_view", "complete_ids", "shown_characters"]
