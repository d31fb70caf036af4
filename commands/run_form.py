"""What is filled into the form that `run`, `clone` and their buttons open."""

from __future__ import annotations

from bot.access import Right
from bot.conversation.commands import Call, FieldErrors, Submitted, Work, form
from bot.forms import FormPage
from bot.launching.runform import choices, filled_in
from bot.messages.render import Message


@form("run_form", right=Right.RUN, suggest=choices)
async def run_form(call: Call, submitted: Submitted) -> FormPage | FieldErrors | Work | Message:
    """Another page, errors at their fields, or the run."""
    return await filled_in(call, submitted)
