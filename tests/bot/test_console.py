"""`stationmaster jobs` and `stationmaster audit`, beside a bot that may be running."""

from __future__ import annotations

import asyncio
import csv
import getpass
import io
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from bot.__main__ import main
from bot.auditing.export import COLUMNS
from bot.auditing.heads import BucketOfHeads, FileOfHeads, Head
from bot.errors import ConfigError, ServiceRejected
from bot.jobs import JobContext, Jobs, Permanent
from bot.ports import Stored
from bot.store import AuditEntry, AuditRow, Store
from tests.bot.auditing.kit import KEY, entry, sealing, written
from tests.bot.jobs_kit import employed, execute, opened, reached

T = TypeVar("T")
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Say something at the command line, to a bot in `tmp_path`: status, standard output, standard error."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/bot.db")
    for name in ("AUDIT_KEY", "AUDIT_HEAD_FILE", "AUDIT_HEAD_S3", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def said(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()  # what was logged before
        status = main(words)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return said


def do(folder: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do this with the store in the folder, in a loop of its own."""

    async def opening() -> T:
        async with opened(folder) as store:
            return await work(store)

    return asyncio.run(opening())


@pytest.fixture
def jobs(tmp_path: Path) -> None:
    """A job that is done, one that is dead, and one that waits."""

    async def make() -> None:
        async with employed(tmp_path) as made:

            async def start(ctx: JobContext, args: dict[str, Any]) -> str:
                await ctx.step("looked", _fine)
                if args["model"] == "claims":
                    raise Permanent("no such DAG")
                if args["model"] == "quotes":
                    await ctx.wait("approval", 3600)
                return "fine"

            made.register("run.start", start)
            await made.start()
            for model in ("delays", "claims", "quotes"):
                await made.submit(f"command:{model}", "run.start", {"model": model})
            await made.submit("other", "run.finish", {})
            await reached(made, "command:delays")
            await reached(made, "command:claims")
            await reached(made, "command:quotes", "waiting")

    asyncio.run(make())


async def _fine() -> str:
    return "fine"


def rows(folder: Path) -> Sequence[AuditRow]:
    return do(folder, lambda store: store.audit.after())


def state(folder: Path, job_id: str) -> str:
    async def look(store: Store) -> str:
        found = await Jobs(store).get(job_id)
        return found.state if found else ""

    return do(folder, look)


@pytest.mark.usefixtures("jobs")
def test_jobs_are_listed_by_state_and_kind(say: Say) -> None:
    """A line each, with what is wrong; without any of the bot's other settings."""
    status, shown, _ = say("jobs")
    assert (status, len(shown.splitlines())) == (0, 5)
    assert shown.splitlines()[0].split() == ["STATE", "KIND", "CHANGED", "FAILED", "ID", "ERROR"]
    _, dead, _ = say("jobs", "--state", "dead")
    assert dead.splitlines()[1].endswith("command:claims  Permanent: no such DAG")
    _, kind, _ = say("jobs", "--kind", "run.finish")
    assert [line.split()[5] for line in kind.splitlines()[1:]] == ["other"]
    assert say("jobs", "--state", "running")[1] == "No such jobs.\n"


@pytest.mark.usefixtures("jobs")
def test_a_job_is_shown_whole(say: Say) -> None:
    """With what it remembers, and what it waits for."""
    status, shown, _ = say("jobs", "show", "command:quotes")
    assert status == 0
    assert "state      waiting, waiting for approval" in shown
    assert 'asked      {"model": "quotes"}' in shown
    assert 'remembers  step:looked: "fine"' in shown
    assert say("jobs", "show", "nobody")[0::2] == (2, "stationmaster: there is no job nobody\n")


@pytest.mark.usefixtures("jobs")
def test_a_dead_job_is_replayed_and_who_did_it_is_written_down(say: Say, tmp_path: Path) -> None:
    """By the name that the machine has for them; what isn't dead stays as it is, and leaves no row."""
    assert say("jobs", "replay", "command:claims")[0] == 0
    assert state(tmp_path, "command:claims") == "ready"
    (row,) = rows(tmp_path)
    assert (row.actor, row.action, row.outcome) == (f"console:{getpass.getuser()}", "jobs.replay", "replayed")
    assert (row.model, row.subject, row.job_id) == ("claims", "run.start", "command:claims")
    status, _, error = say("jobs", "replay", "command:delays")
    assert (status, error) == (2, "stationmaster: command:delays is done: only a dead job can be replayed\n")
    assert len(rows(tmp_path)) == 1


@pytest.mark.usefixtures("jobs")
def test_a_job_is_cancelled(say: Say, tmp_path: Path) -> None:
    """Once."""
    assert say("jobs", "cancel", "command:quotes")[0] == 0
    assert state(tmp_path, "command:quotes") == "cancelled"
    assert [row.action for row in rows(tmp_path)] == ["jobs.cancel"]
    assert say("jobs", "cancel", "command:quotes")[0] == 2


def test_a_database_that_is_not_there_is_not_made(say: Say, tmp_path: Path) -> None:
    """A wrong DATABASE_URL is said, and nothing appears at it."""
    status, _, error = say("jobs")
    assert (status, error) == (2, f"stationmaster: DATABASE_URL: there is no database at {tmp_path}/bot.db\n")
    assert not (tmp_path / "bot.db").exists()


def test_a_database_that_cannot_be_opened_is_said(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a line, without a traceback, and without its password."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://bot:hunter2@127.0.0.1:9/bot")
    status, _, error = say("jobs")
    assert (status, error.splitlines()[0][:40]) == (2, "stationmaster: DATABASE_URL: can't be op")
    assert "Connection refused" in error
    assert "hunter2" not in error


# ---- the audit trail ----------------------------------------------------------------------------------------------


def make_trail(folder: Path, *places: Any) -> None:
    async def make(store: Store) -> None:
        await written(store, 3)
        await sealing(store, *places).round()

    do(folder, make)


def test_a_sound_trail_ends_with_0_and_a_damaged_one_with_1(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the key and the file of heads that the settings name."""
    heads = tmp_path / "heads"
    make_trail(tmp_path, FileOfHeads(heads))
    monkeypatch.setenv("AUDIT_KEY", KEY)
    monkeypatch.setenv("AUDIT_HEAD_FILE", str(heads))
    status, shown, _ = say("audit", "verify")
    assert (status, shown.splitlines()[0]) == (
        0,
        "✓ 3 sealed rows: as they were written, in their order, none missing",
    )
    assert "✓ compared with 1 published head" in shown
    do(tmp_path, lambda store: execute(store, sa.text("DELETE FROM audit WHERE place = 3")))
    status, shown, _ = say("audit", "verify")
    assert status == 1
    assert "place 3 of the chain: removed from its end" in shown
    monkeypatch.delenv("AUDIT_HEAD_FILE")
    assert say("audit", "verify")[0] == 0, "without a head it can't be known"
    assert say("audit", "verify", "--heads", str(heads))[0] == 1
    line = json.loads(heads.read_text())
    assert say("audit", "verify", "--head", f"{line['place']}:{line['seal']}")[0] == 1, "as the log has it"


def test_what_is_needed_to_verify_is_said(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key; a good one; heads that can be read."""
    make_trail(tmp_path)
    assert "AUDIT_KEY is not set" in say("audit", "verify")[2]
    monkeypatch.setenv("AUDIT_KEY", "short")
    assert "AUDIT_KEY: it has 5 characters" in say("audit", "verify")[2]
    monkeypatch.setenv("AUDIT_KEY", KEY)
    assert "--head x: give PLACE:SEAL" in say("audit", "verify", "--head", "x")[2]
    assert "can't be read" in say("audit", "verify", "--heads", str(tmp_path / "nowhere"))[2]


NASTY = '=HYPERLINK("http://evil"), "quoted"\nand more'


def test_the_export_is_whole_and_harmless_in_a_spreadsheet(say: Say, tmp_path: Path) -> None:
    """CSV reads back cell by cell; what would be calculated has an apostrophe before it; JSON lines are as they are."""
    nasty = [NASTY, "+1", "-1", "@SUM(A1)", "\tx", " =1", "＝1", "plain - text"]

    async def make(store: Store) -> None:
        for number, text in enumerate(nasty):
            await store.audit.append(entry(number, actor_name=text, detail={"why": text}))

    do(tmp_path, make)
    status, shown, _ = say("audit", "export", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(shown)))
    assert (status, tuple(found[0])) == (0, COLUMNS)
    assert [row["actor_name"] for row in found] == [*(f"'{text}" for text in nasty[:-1]), nasty[-1]]
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for row in found for cell in row.values())
    lines = [json.loads(line) for line in say("audit", "export", "--format", "jsonl")[1].splitlines()]
    assert [(line["actor_name"], line["detail"]["why"]) for line in lines] == [(text, text) for text in nasty]
    assert datetime.fromisoformat(lines[0]["at"]).tzinfo == UTC


def test_an_export_may_begin_later(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a span before now; what is no span is refused. More rows than are read at once are all there."""
    monkeypatch.setattr("bot.auditing.export.BATCH", 2)

    async def make(store: Store) -> None:
        await written(store, 5)
        await execute(store, sa.text("UPDATE audit SET at = at - 90000 WHERE seq < 3"))

    do(tmp_path, make)
    assert len(say("audit", "export", "--format", "jsonl")[1].splitlines()) == 5
    assert len(say("audit", "export", "--format", "jsonl", "--since", "1d")[1].splitlines()) == 3
    assert "“soon” is no span of time" in say("audit", "export", "--format", "csv", "--since", "soon")[2]


def test_a_row_that_says_nothing_readable_is_exported_too(say: Say, tmp_path: Path) -> None:
    """Whoever damaged it can't hide the rest."""

    async def make(store: Store) -> None:
        await store.audit.append(
            AuditEntry(id="a", actor="U", actor_name="A", action="x", outcome="y", detail={"a": 1})
        )
        await execute(store, sa.text("UPDATE audit SET detail = '{', at = 'never'"))

    do(tmp_path, make)
    (line,) = say("audit", "export", "--format", "jsonl")[1].splitlines()
    assert (json.loads(line)["detail"], json.loads(line)["at"]) == ("{", "never")


# ---- heads in S3 --------------------------------------------------------------------------------------------------


class Bucket:
    """Objects in memory, as `bot.ports.Buckets` has them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def objects(self, bucket: str, prefix: str) -> Mapping[str, str]:
        assert bucket == "company-audit"
        return {key: "etag" for key in self.kept if key.startswith(prefix)}

    async def put_object(self, bucket: str, key: str, body: bytes, *, etag: str | None) -> None:
        assert (bucket, etag) == ("company-audit", ""), "none is written over"
        if key in self.kept:
            raise ServiceRejected("AWS", "PreconditionFailed", status=412)
        self.kept[key] = body

    async def object(self, bucket: str, key: str) -> Stored | None:
        raise NotImplementedError

    async def delete_object(self, bucket: str, key: str) -> None:
        raise NotImplementedError


async def test_heads_are_objects_that_are_never_written_over() -> None:
    """Their keys say all; the same head again does no harm; other objects beside them are none."""
    bucket = Bucket()
    place = BucketOfHeads(bucket, "s3://company-audit/stationmaster/heads/")
    for head in (Head(1, "a:1"), Head(2, "a:2"), Head(2, "a:2"), Head(2, "b:3")):
        await place.publish(head)
    bucket.kept["stationmaster/heads/README"] = b""
    assert sorted((head.place, head.seal) for head in await place.heads()) == [(1, "a:1"), (2, "a:2"), (2, "b:3")]
    assert all(key.startswith("stationmaster/heads/00000000000") for key in bucket.kept if key[-1] == "n")


@pytest.mark.parametrize("url", ["bucket/x", "s3://", "s3://UPPER/x", "http://bucket"])
def test_an_address_that_is_no_folder_is_refused(url: str) -> None:
    """By the setting's name."""
    with pytest.raises(ConfigError, match="AUDIT_HEAD_S3"):
        BucketOfHeads(Bucket(), url)
