"""What a menu suggests while someone types, where its options are too many, or too long, to stand in it. Pure."""

from __future__ import annotations

from typing import Any

from bot.domain import Pipeline
from bot.forms.fields import block_id
from bot.forms.options import Option, options_of
from bot.messages import limits
from bot.parameters.paramwords import typed


def suggestions(pipeline: Pipeline, block: str, text: str) -> list[dict[str, Any]]:
    """The options of the field in this block that hold `text`, those that begin with it first; at most 100."""
    sought = text.strip().casefold()
    offered = next((options_of(each) for each in pipeline.parameters if block_id(each.name) == block), [])
    ranked = sorted((rank, at) for at, each in enumerate(offered) if (rank := _rank(each, sought)) is not None)
    return [offered[at].for_slack() for _, at in ranked[: limits.OPTIONS]]


def _rank(option: Option, sought: str) -> int | None:
    """0 for what begins with the text, 1 for what holds it, else None."""
    texts = (option.label.casefold(), typed(option.value).casefold())
    if any(text.startswith(sought) for text in texts):
        return 0
    return 1 if any(sought in text for text in texts) else None
