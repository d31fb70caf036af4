"""The `stationmaster` command line."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from bot.errors import StationmasterError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand. Exit status 0: done; 1: it failed, and said why; 2: unusable arguments or settings."""
    parser = argparse.ArgumentParser(prog="stationmaster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="connect to Slack, and work until stopped")
    parser.parse_args(arguments)
    return _serve()


def _serve() -> int:
    from bot.config import read_settings  # a wrong argument must not wait for the imports of a whole bot
    from bot.log import configure

    try:
        settings = read_settings()
        configure(settings.log_level, settings.secrets)
        from bot.app import serve

        asyncio.run(serve(settings))
    except StationmasterError as error:
        print(f"stationmaster: {error}", file=sys.stderr)
        return 2
    logging.shutdown()
    os._exit(0)  # Python would wait for a thread that waits for a silent service, for longer than a stop may take


if __name__ == "__main__":
    sys.exit(main())
