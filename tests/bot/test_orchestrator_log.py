"""Why a task failed, from its log, in one line without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.airflow import log
from bot.following.masking import HIDDEN, masked


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


# ---- the whole log, in lines ----------------------------------------------------------------------------------------


def said(*entries: Any, most: int = 10_000) -> log.Lines:
    found = log.Lines(most)
    found.add(list(entries))
    return found


def test_lines_have_their_time_and_level() -> None:
    """A level that is nothing special is left out; an event of several lines is several lines."""
    loud = {"event": "first\nsecond", "level": "error", "timestamp": "2026-11-21T10:42:03.123Z"}
    quiet = {"event": "said", "level": "info", "timestamp": "2026-11-21T10:42:04Z"}
    assert list(said(loud, quiet, {"event": "bare"}, "plain").text()) == [
        "10:42:03 ERROR first", "second", "10:42:04 said", "bare", "plain",
    ]  # fmt: skip


def test_an_exception_stands_below_its_line() -> None:
    """Where it was raised, and what it says."""
    entry = raised("ValueError", "3 of 14\nand more")
    entry["error_detail"][0]["frames"] = [{"filename": "dag.py", "lineno": 7, "name": "check"}]
    assert list(said(entry).text()) == [
        "ERROR Task failed with exception", "  dag.py, line 7, in check", "ValueError: 3 of 14", "and more",
    ]  # fmt: skip


def test_where_the_log_was_kept_is_no_part_of_it() -> None:
    """Airflow puts its sources before the log; a group of the task's own stays, without its marks."""
    sources = [{"event": "::group::Log message source details"}, {"event": "/logs/a.log"}, {"event": "::endgroup::"}]
    own = [{"event": "::group::Pip"}, {"event": "installed"}, {"event": "::endgroup::"}, {"event": "after"}]
    assert list(said(*sources, *own).text()) == ["Pip", "installed", "after"]


def test_colours_are_left_out() -> None:
    """They would stand there as their codes."""
    assert list(said({"event": "\x1b[1;31mred\x1b[0m"}).text()) == ["red"]


def test_a_very_long_log_keeps_its_end() -> None:
    """And says that it was cut."""
    found = said(*({"event": f"line {number}"} for number in range(1_000)), most=50)
    assert list(found.text()) == ["line 995", "line 996", "line 997", "line 998", "line 999"]
    assert found.cut
    assert not said({"event": "short"}).cut


def test_secrets_that_span_lines_are_hidden() -> None:
    """A key is masked with the lines together, and so are the bot's own secrets."""
    key = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    text = "\n".join(said({"event": key}, {"event": "the bot's own-secret"}).text(["own-secret"]))
    assert "abc" not in text
    assert "own-secret" not in text


@pytest.mark.parametrize("content", [None, [], "", [None], [5], [[]], [{}], {"a": 1}])
def test_odd_content_raises_nothing(content: Any) -> None:
    """An answer of another shape gives what there is."""
    log.Lines(100).add(content)
