"""Structured logs: one JSON line an event (readable lines on a terminal), with every known secret masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

MASK = "[secret]"
# What looks like a credential, wherever it comes from: Slack's tokens and response_urls, bearer tokens, JWTs, AWS keys.
_LOOKS_SECRET = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|https://hooks\.slack\.com/\S+|(?<=Bearer )\S+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+"
    r"|(?<=Basic )(?=[a-z]*[A-Z0-9+/])[\w+/=]{8,}|AKIA[A-Z0-9]{16}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)


def configure(level: str, secrets: Iterable[str]) -> None:
    """Set up logging for this process, the libraries' too. A secret below 6 characters can't be told from words."""
    known = maskable(secrets)

    def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {masked(key, known): masked(value, known) for key, value in event.items()}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    console = sys.stderr.isatty()
    last = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask, last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)  # it warns at each start of how it finds its token
    for name in ("bot", "commands", "stationmaster"):
        logging.getLogger(name).setLevel(level.upper())


def maskable(secrets: Iterable[str]) -> list[str]:
    """Those that can be told from words, in the order in which to replace them."""
    return sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)


def masked(value: Any, known: Iterable[str] = ()) -> Any:
    """The value with every known secret, and whatever looks like one, replaced; objects become their `repr`."""
    if isinstance(value, str):
        for secret in known:
            value = value.replace(secret, MASK)
        return _LOOKS_SECRET.sub(MASK, value)
    if isinstance(value, dict):
        return {masked(str(key), known): masked(each, known) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(each, known) for each in value]
    return value if isinstance(value, int | float | None) else masked(repr(value), known)
