"""The buttons of a run that waits for its model's owners: Start it, Decline."""

from __future__ import annotations

from bot.access import Right
from bot.conversation.answers import Told
from bot.conversation.commands import Call, action
from bot.launching.asking import answer


@action("agree", right=Right.READ)
async def agree(call: Call, job_id: str) -> Told:
    """Let the run start. Whether this person may say so depends on the model, which the request names."""
    return await answer(call, job_id, agreed=True)


@action("decline", right=Right.READ)
async def decline(call: Call, job_id: str) -> Told:
    """Let it not start."""
    return await answer(call, job_id, agreed=False)
