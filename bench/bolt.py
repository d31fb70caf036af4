"""`python -m bench.bolt`: the least Bolt app that acknowledges a slash command, to compare the bot with.

With `--default` it has Bolt's default flags, else `process_before_response` as the bot has.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    """Serve until the process is ended."""
    url = os.environ["SLACK_API_URL"]
    client = AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=url)
    app = AsyncApp(client=client, process_before_response="--default" not in sys.argv)

    @app.command(re.compile(".*"))
    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    token = os.environ["SLACK_APP_TOKEN"]
    handler = AsyncSocketModeHandler(app, token, web_client=AsyncWebClient(token, base_url=url))
    await handler.start_async()  # type: ignore[no-untyped-call]  # Bolt has no types here


if __name__ == "__main__":
    asyncio.run(main())
