"""The log: one JSON line an event, and no secret in it, however it got there."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.log import MASK, configure, masked

SECRET = "correct-horse-battery"
LONGER = "correct-horse-battery-staple"


class Log:
    """What a process that is set up like the bot's has written."""

    def __init__(self, stream: StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return found


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """A configured log, and afterwards everything as it was: pytest's own handlers hang on the root logger."""
    root, stream = logging.getLogger(), StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    monkeypatch.setattr(sys, "stderr", stream)
    configure("info", [SECRET, LONGER, "short", ""])
    yield Log(stream)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    for name in ("bot", "commands", "stationmaster"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_an_event_is_one_line_of_json(log: Log) -> None:
    """With its logger, level and time; what a person typed breaks no line, and stays readable."""
    structlog.get_logger("bot.something").info("run.started", model="a\nb", who="Zoë")
    assert len(log.text.splitlines()) == 1
    assert log.last.items() >= {
        "event": "run.started", "level": "info", "logger": "bot.something", "model": "a\nb", "who": "Zoë",
    }.items()  # fmt: skip
    assert "Zoë" in log.text
    assert log.last["timestamp"].endswith("Z")


class Holder:
    def __repr__(self) -> str:
        return f"<Holder of {SECRET}>"


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"before {SECRET} after",
        LONGER,
        [SECRET],
        (SECRET,),
        {SECRET},
        {"deep": [{"er": SECRET}]},
        {SECRET: 1},
        {Path(SECRET): {(SECRET,): 1}},
        ValueError(SECRET),
        [ValueError(SECRET)],
        Path("/run") / SECRET,
        Holder(),
        SECRET.encode(),
    ],
    ids=repr,
)
def test_a_known_secret_is_masked_wherever_it_stands(log: Log, value: Any) -> None:
    """In values, keys, lists and objects; the longest secret first, so that no rest of it shows."""
    structlog.get_logger("bot.something").warning("it", value=value)
    assert MASK in log.text
    assert SECRET not in log.text
    assert "staple" not in log.text


def test_the_event_and_its_context_are_masked(log: Log) -> None:
    """What was bound to the logger or to the request, and the event's own name."""
    with structlog.contextvars.bound_contextvars(request=SECRET):
        structlog.get_logger("bot.something").bind(bound=SECRET).info(SECRET)
    assert log.last.items() >= {"request": MASK, "bound": MASK, "event": MASK}.items()


def raise_it() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise RuntimeError("outer") from error


def test_a_traceback_is_masked(log: Log) -> None:
    """The whole story is there, causes too, without the secret."""
    try:
        raise_it()
    except RuntimeError:
        structlog.get_logger("bot.something").exception("failed")
    assert "outer" in log.last["exception"]
    assert f"KeyError: '{MASK}'" in log.last["exception"]
    assert SECRET not in log.text


def test_libraries_logs_are_masked(log: Log) -> None:
    """What a library writes with the standard logging: its arguments, its tracebacks, its stack."""
    library = logging.getLogger("some.library")
    library.warning("connecting with %s", SECRET)
    assert log.last.items() >= {"event": f"connecting with {MASK}", "logger": "some.library"}.items()
    try:
        raise_it()
    except RuntimeError:
        library.exception("failed with %r", [SECRET], stack_info=True)
    assert MASK in log.last["exception"]
    assert SECRET not in log.text


def test_libraries_say_only_what_is_wrong(log: Log) -> None:
    """The bot's own level is the configured one; everyone else's is warning."""
    logging.getLogger("some.library").info("chatter")
    structlog.get_logger("bot.something").debug("detail")
    assert log.text == ""
    structlog.get_logger("commands.run").info("said")
    assert log.last["event"] == "said"


@pytest.mark.parametrize(
    "text",
    [
        "xoxb-123-abc", "xoxp-1-2-3", "xapp-1-A0-b", "https://hooks.slack.com/commands/T0/1/abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib3QifQ.x-y", "AKIAIOSFODNN7EXAMPLE",
    ],
)  # fmt: skip
def test_what_looks_like_a_credential_is_masked(text: str) -> None:
    """Known or not: Slack's tokens, response_urls, JWTs, AWS keys."""
    assert masked(f"see {text} here") == f"see {MASK} here"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {MASK}"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {MASK}"),
        ("postgresql+asyncpg://bot:p-4_ss@db:5432/x", f"postgresql+asyncpg://{MASK}@db:5432/x"),
        ("http://airflow:8080/api and a@example.com", "http://airflow:8080/api and a@example.com"),
        ("Basic training of delays", "Basic training of delays"),
    ],
)
def test_only_the_credential_is_masked(text: str, shown: str) -> None:
    """The rest of the line stays, for whoever must find out what happened."""
    assert masked(text) == shown


def test_plain_values_keep_their_type() -> None:
    """Numbers and nothing are no secrets."""
    assert masked({"a": 1, "b": 0.5, "c": None, "d": True}) == {"a": 1, "b": 0.5, "c": None, "d": True}
