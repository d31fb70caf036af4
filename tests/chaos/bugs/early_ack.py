"""Work is acknowledged first, and written down a moment later."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.conversation import dispatch
from bot.conversation.accepting import accept

_late: set[asyncio.Task[None]] = set()


async def early(*arguments: Any) -> bool:
    """Say yes at once."""

    async def later() -> None:
        await asyncio.sleep(0.3)
        await accept(*arguments)

    task = asyncio.create_task(later())
    _late.add(task)
    task.add_done_callback(_late.discard)
    return True


vars(dispatch)["accept"] = early
