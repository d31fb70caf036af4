"""`python -m demo.slack`: the stand-in Slack in the foreground, until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from demo.slack.http_delivery import SIGNING_SECRET
from demo.slack.standin import APP_TOKEN, BOT_TOKEN, StandIn


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    parser.add_argument("--data", type=Path, help="folder that keeps messages; without it, memory only")
    parser.add_argument("--port-file", type=Path, help="file to write the port to, once it is open")
    parser.add_argument("--bot-token", default=os.environ.get("SLACK_BOT_TOKEN", BOT_TOKEN))
    parser.add_argument("--app-token", default=os.environ.get("SLACK_APP_TOKEN", APP_TOKEN))
    parser.add_argument("--request-url", help="deliver by signed HTTP to this address, not by Socket Mode")
    parser.add_argument("--signing-secret", default=os.environ.get("SLACK_SIGNING_SECRET", SIGNING_SECRET))
    parser.add_argument("--no-rate-limits", action="store_true", help="answer every call, however many")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    slack = StandIn(
        port=options.port,
        data=options.data,
        bot_token=options.bot_token,
        app_token=options.app_token,
        request_url=options.request_url,
        signing_secret=options.signing_secret,
        rate_limits=not options.no_rate_limits,
    )
    async with slack:
        if options.port_file is not None:
            options.port_file.write_text(slack.url.rpartition(":")[2], "utf-8")
        print(f"Slack stands at {slack.url}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(parse()))
