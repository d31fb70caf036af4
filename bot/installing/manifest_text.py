"""`stationmaster manifest`: the app's manifest as text, for this installation."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from bot.errors import ConfigError
from bot.installing.manifest import manifest
from bot.settings.config import Settings, read_config

PATH = "/slack/events"


def text(*, url: str = "", as_json: bool = False, environment: Mapping[str, str] | None = None) -> str:
    """YAML, or JSON, that Slack's *From a manifest* takes. The command is the configuration's, where there is one.

    `url` is where Slack reaches the bot over HTTP. ConfigError where it is missing for HTTP, or can't be such a URL.
    """
    environment = os.environ if environment is None else environment
    over_http = environment.get("SLACK_SIGNING_SECRET") or environment.get("SLACK_SIGNING_SECRET_FILE")
    if over_http and not url:
        raise ConfigError("SLACK_SIGNING_SECRET chooses HTTP: say with --url where Slack reaches the bot")
    made = manifest(command=_command(environment), url=_address(url) if url else "")
    if as_json:
        return json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    yaml, written = YAML(), io.StringIO()
    yaml.width = 200
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(made, written)
    return written.getvalue()


def _command(environment: Mapping[str, str]) -> str:
    default = Settings.model_fields["stationmaster_config"].default
    path = Path(environment.get("STATIONMASTER_CONFIG") or default)
    return read_config(path).command if path.exists() else "/train"


def _address(url: str) -> str:
    """Slack calls nothing but https; without a path, it is the one that the bot listens on."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.netloc or parts.query or parts.fragment:
        raise ConfigError(f"--url: “{url}” is not an https:// address that Slack could call")
    return url if parts.path.strip("/") else f"https://{parts.netloc}{PATH}"
