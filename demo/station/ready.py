"""Waiting until a server answers, without waiting for one that has died."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from demo.station.process import Process

_POLL = 0.2  # seconds
_ANSWER_WITHIN = aiohttp.ClientTimeout(total=5)


async def until(probe: Callable[[], Awaitable[bool]], *processes: Process, within: float) -> None:
    """Return once `probe` says yes.

    Raises ProcessError when one of the processes ends first, or after `within` seconds.
    """
    deadline = time.monotonic() + within
    while not await probe():
        for process in processes:
            if not process.running:
                raise process.failure(f"ended with status {await process.wait()}")
        if time.monotonic() > deadline:
            raise processes[0].failure(f"was not ready within {within:.0f} s")
        await asyncio.sleep(_POLL)


async def answers(url: str) -> bool:
    """Tell whether a GET of that address succeeds."""
    return await fetch_json(url) is not None


async def fetch_json(url: str, *, token: str | None = None, post: dict[str, str] | None = None) -> Any:
    """Return the answer's JSON, or its text where it is none; None when there is no successful answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    method = "GET" if post is None else "POST"
    try:
        async with aiohttp.request(method, url, json=post, headers=headers, timeout=_ANSWER_WITHIN) as response:
            if not response.ok:
                return None
            return await (response.json() if response.content_type == "application/json" else response.text())
    except (aiohttp.ClientError, TimeoutError):
        return None


def said(process: Process, word: str) -> Callable[[], Awaitable[bool]]:
    """Return a probe: has that process written this word, in any case, to its log?"""
    whole_word = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)

    async def probe() -> bool:
        return whole_word.search(process.log.read_text(errors="replace")) is not None

    return probe
