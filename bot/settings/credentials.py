"""Where a secret's value comes from when it is not in its variable: a file, a command, or AWS Secrets Manager.

No error here holds a secret, nor what a command printed.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bot.errors import ConfigError, ServiceError
from bot.ports import Cloud

COMMAND_SECONDS = 10.0  # how long a command may take
_ARN = re.compile(r"(?P<arn>arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^\s#]+)(?:#(?P<key>.+))?")


def from_file(variable: str, path: Path) -> str:
    """What the file holds, without space around it. ConfigError naming `variable` where it is empty or unreadable."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable}: can't read {path}: {error}") from error
    if not secret:
        raise ConfigError(f"{variable}: {path} is empty")
    return secret


def words_of(command: str) -> list[str]:
    """The command's program and its arguments. ValueError where it has none, or the program isn't there."""
    words = shlex.split(command)
    if not words:
        raise ValueError("it is empty")
    if shutil.which(words[0]) is None:
        raise ValueError(f"there is no program {words[0]}")
    return words


def from_command(variable: str, command: str) -> str:
    """What the command prints, without space around it; it gets no shell, and COMMAND_SECONDS. Blocks meanwhile.

    ConfigError naming `variable` where it fails, takes longer, or prints nothing that can be a token.
    """
    hint = "run it by hand to see why"
    try:
        done = subprocess.run(  # noqa: S603 - the command is the installer's own
            words_of(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=True
        )
        secret = done.stdout.decode("ascii").strip()
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{variable}: the command took more than {COMMAND_SECONDS:g} s; {hint}") from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"{variable}: the command ended with status {error.returncode}; {hint}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{variable}: the command printed what can't be a token; {hint}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{variable}: {error}") from None
    if not secret or len(secret.split()) != 1:
        raise ConfigError(f"{variable}: the command printed {'several words' if secret else 'nothing'}; {hint}")
    return secret


async def from_cloud(given: Mapping[str, str], cloud: Cloud) -> dict[str, str]:
    """What the entries hold that are named in `given` (variable: value), by variable; other values are left out.

    An entry is named by its ARN, and `#key` after it where the entry is a JSON object; each is asked for once.
    ConfigError naming variable and ARN, and why there is no such secret.
    """
    asked: dict[str, str] = {}
    found: dict[str, str] = {}
    for variable, value in given.items():
        if not value.startswith("arn:aws"):
            continue
        if (parts := _ARN.fullmatch(value)) is None:
            raise ConfigError(
                f"{variable}: not the ARN of a Secrets Manager entry. Allowed: "
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, and #KEY after it for one key of a JSON object"
            )
        arn = parts["arn"]
        try:
            asked[arn] = asked[arn] if arn in asked else await cloud.secret(arn)
        except ServiceError as error:
            raise ConfigError(f"{variable}: {arn}: {error}") from error
        found[variable] = _picked(f"{variable}: {value}", asked[arn], parts["key"])
    return found


def _picked(place: str, entry: str, key: str | None) -> str:
    """The entry, or the string at one key of it."""
    secret = entry if key is None else _at(place, entry, key)
    if not secret.strip():
        raise ConfigError(f"{place} is empty")
    return secret.strip()


def _at(place: str, entry: str, key: str) -> str:
    try:
        values = json.loads(entry)
    except ValueError:
        raise ConfigError(f"{place}: the entry is not JSON, so it has no keys") from None
    if not isinstance(values, dict) or key not in values:
        known = ", ".join(sorted(values)) if isinstance(values, dict) else ""
        raise ConfigError(f"{place}: the entry has no such key. It has: {known or 'none'}")
    if not isinstance(values[key], str):
        raise ConfigError(f"{place} is not a string")
    return str(values[key])
