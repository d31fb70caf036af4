"""Why a task failed, from its log, in one line without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.airflow import log
from bot.masking import HIDDEN, masked


def lines(*entries: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(entry) for entry in entries).encode()


def raised(kind: str, words: str, *causes: tuple[str, str]) -> dict[str, Any]:
    detail = [{"exc_type": name, "exc_value": value} for name, value in [(kind, words), *causes]]
    return {"event": "Task failed with exception", "level": "error", "error_detail": detail}


INFO = {"event": "Filling up the DagBag", "level": "info"}


def test_exception() -> None:
    """The kind of the exception, and the first line of what it says."""
    entry = raised("ValueError", "3 of 14 checks failed\nand more")
    assert log.failure(lines(INFO, entry, INFO)) == "ValueError: 3 of 14 checks failed"


def test_cause() -> None:
    """The exception that was raised, and not what caused it."""
    assert log.failure(lines(raised("RuntimeError", "outer", ("KeyError", "'k'")))) == "RuntimeError: outer"


def test_last_exception() -> None:
    """Of several the last, which ended the task."""
    assert log.failure(lines(raised("A", "first"), raised("B", "second"))) == "B: second"


@pytest.mark.parametrize("words", ["", "  \n ", None])
def test_wordless_exception(words: Any) -> None:
    """An exception without words is its kind."""
    assert log.failure(lines(raised("ValueError", words))) == "ValueError"


def test_killed() -> None:
    """A task that was killed has no exception: then the last thing said at level error, or above, tells."""
    killed = {"event": "Process terminated by signal.\nmore", "level": "critical"}
    assert log.failure(lines(INFO, killed, INFO)) == "Process terminated by signal."


@pytest.mark.parametrize(
    "content",
    [b"", b"plain text of a remote log", b"\xff\xfe\x00", b"[1]\n5\nnull", lines(INFO), b'{"error_detail": []}'],
)
def test_nothing_to_tell(content: bytes) -> None:
    """A log that tells nothing, or is none, is an empty sentence."""
    assert log.failure(content) == ""


@pytest.mark.parametrize("detail", [5, ["x"], [None], [[]], {"exc_type": "A"}])
def test_odd_detail(detail: Any) -> None:
    """A detail of another shape is passed over."""
    assert log.failure(lines({"event": "e", "level": "info", "error_detail": detail})) == ""


def test_cut_first_line() -> None:
    """The tail of a long log begins in the middle of a line."""
    assert log.failure(b'alf": "a line"}\n' + lines(raised("A", "b"))) == "A: b"


def test_long() -> None:
    """At most 200 characters, on one line."""
    found = log.failure(lines(raised("ValueError", "x " * 500)))
    assert len(found) <= 200
    assert found.endswith("…")


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        ("login failed: password=hunter2", "hunter2"),
        ("login failed: password = 'hunter2'", "hunter2"),
        ('{"secret": "hunter2"}', "hunter2"),
        ("AWS_SECRET_ACCESS_KEY=hunter2/abc", "hunter2/abc"),
        ("api-key: hunter2", "hunter2"),
        ("can't connect to postgresql://dana:hunter2@db/x", "hunter2"),
        ("got 401 for Authorization: Bearer hunter2hunter2", "hunter2hunter2"),
        ("key AKIAIOSFODNN7EXAMPLE refused", "AKIAIOSFODNN7EXAMPLE"),
        ("token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl refused", "eyJhbGciOi"),
    ],
)
def test_secrets(words: str, secret: str) -> None:
    """What looks like a password, a token or a key is not shown; the words around it are."""
    found = log.failure(lines(raised("ValueError", words)))
    assert secret not in found
    assert found.split()[:2] == ["ValueError:", masked(words).split()[0]]
    assert HIDDEN in found


@pytest.mark.parametrize(
    "words", ["visib has 4.2% nulls (limit 1%)", "no column passenger_count", "see http://db:5432/a@b", "a token"]
)
def test_no_secrets(words: str) -> None:
    """Ordinary sentences stay as they are."""
    assert masked(words) == words
