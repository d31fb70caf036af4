"""The `stationmaster` command line."""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import logging
import os
import sys
from collections.abc import Callable, Sequence

from bot import console
from bot.errors import ConfigError, StationmasterError

# A wrong argument must not wait for the imports of a whole bot: each subcommand imports what it needs.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand. Exit status 0: done; 1: it failed, and said why; 2: unusable arguments or settings."""
    options = command_line().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except StationmasterError as error:
        print(f"stationmaster: {error}", file=sys.stderr)
        return 2


def command_line() -> argparse.ArgumentParser:
    """What the command line takes."""
    version = importlib.metadata.version("stationmaster")
    parser = argparse.ArgumentParser(
        prog="stationmaster", description="A Slack bot through which anyone on a team trains anyone's model."
    )
    parser.add_argument("--version", action="version", version=f"stationmaster {version}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="take Slack's deliveries, and work until stopped")
    serve.set_defaults(run=_serve)
    check = commands.add_parser("check", help="look at settings, configuration and services, and say what is missing")
    check.add_argument(
        "--live",
        metavar="CHANNEL",
        help="instead, try every message and view in this channel (its id, or #name) of the real workspace",
    )
    check.set_defaults(run=_check)
    console.add_parsers(commands)
    manifest = commands.add_parser("manifest", help="print the Slack app's manifest")
    manifest.add_argument("--url", default="", help="for HTTP: the address at which Slack reaches /slack/events")
    manifest.add_argument("--json", action="store_true", help="as JSON instead of YAML")
    manifest.set_defaults(run=_manifest)
    dagfile = commands.add_parser("dagfile", help="print the DAG file that reads the schedules, for Airflow's DAGs")
    dagfile.set_defaults(run=_dagfile)
    return parser


def _serve(_: argparse.Namespace) -> int:
    from bot.log import configure
    from bot.settings.config import read_settings

    settings = read_settings()
    configure(settings.log_level, settings.secrets)
    from bot.app import serve

    asyncio.run(serve(settings))
    return _leave(0)


def _check(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.CRITICAL)  # what goes wrong is told in lines of our own
    if options.live:
        from bot.installing.live import live
        from bot.settings.config import read_settings

        return _leave(asyncio.run(live(read_settings(), options.live, print)))
    from bot.check.findings import failed
    from bot.check.run import check

    findings = asyncio.run(check())
    print("\n".join(map(str, findings)))
    return _leave(1 if failed(findings) else 0)


def _dagfile(_: argparse.Namespace) -> int:
    from bot.scheduling.store import generic_dag_file
    from bot.settings.config import look_at_settings, read_config

    settings = look_at_settings()[0]  # the file's place is all that matters of them
    section = read_config(settings.stationmaster_config).schedules
    if section is None:
        raise ConfigError("the configuration has no schedules: docs/configuration.md says what it takes")
    print(generic_dag_file(section), end="")
    return 0


def _manifest(options: argparse.Namespace) -> int:
    from bot.installing.manifest_text import text

    print(text(url=options.url, as_json=options.json), end="")
    return 0


def _leave(status: int) -> int:
    """End at once: Python would wait for a thread that waits for a silent service, for longer than a stop may take."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
