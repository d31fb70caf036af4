"""Secrets that are not in their variables: in entries of AWS, in a file that changes, printed by a command."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.domain import RunKey
from bot.errors import ConfigError, NotFound, ServiceDenied, ServiceDown
from bot.orchestrator import AirflowOrchestrator
from bot.settings import credentials
from bot.settings.config import Settings, read_settings
from tests.fakes.wire import Reply, Wire

ENTRY = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/slack-AbCdEf"
CHINA = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:air-AbCdEf"
KEY = RunKey("tiny", "r1")
RUN = "/api/v2/dags/tiny/dagRuns/r1"
ROW = {"dag_id": "tiny", "dag_run_id": "r1", "state": "queued", "run_type": "manual", "conf": {}}
REFUSED = Reply({"detail": "Not authenticated"}, 401)


class FakeCloud:
    """`bot.ports.Cloud` in memory; `asked` are the ARNs in their order."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self.asked: list[str] = []
        self._entries = entries

    async def secret(self, arn: str) -> str:
        """See Cloud."""
        self.asked.append(arn)
        if arn not in self._entries:
            raise NotFound("AWS", "Secrets Manager can't find the specified secret.", status=400)
        return self._entries[arn]


def settings(**environment: str) -> Settings:
    """Settings that are complete but for what a test says about Airflow."""
    given = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "AIRFLOW_URL": "http://airflow.test",
        "MLFLOW_TRACKING_URI": "http://mlflow.test",
    }
    return read_settings(given | environment)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """An Airflow that knows one run."""
    async with Wire() as server:
        server.reply("GET", RUN, Reply(ROW))
        yield server


@asynccontextmanager
async def airflow(wire: Wire, variable: str, value: str) -> AsyncIterator[AirflowOrchestrator]:
    """The adapter, with the token that this variable gives."""
    adapter = AirflowOrchestrator(wire.url, token=settings(**{variable: value}).airflow_token_source)
    yield adapter
    await adapter.close()


# Entries of AWS


async def test_arns_become_secrets() -> None:
    """Each secret given as an ARN is what the entry holds, or what one key of it holds; others stay as they are."""
    cloud = FakeCloud({ENTRY: json.dumps({"bot": "xoxb-kept", "app token": "xapp-kept"}), CHINA: "night\n"})
    found = await settings(
        SLACK_BOT_TOKEN=f"{ENTRY}#bot",
        SLACK_APP_TOKEN=f"{ENTRY}#app token",
        AIRFLOW_USERNAME="bot",
        AIRFLOW_PASSWORD=CHINA,
    ).fetched(cloud)
    assert found.secrets == ["xoxb-kept", "xapp-kept", "night"]
    assert cloud.asked == [ENTRY, CHINA], "an entry is asked for once, whatever is taken from it"


async def test_no_arn_asks_nothing() -> None:
    """Without an ARN the settings are the same, and AWS is left alone."""
    given, cloud = settings(AIRFLOW_TOKEN="t"), FakeCloud({})
    assert await given.fetched(cloud) == given
    assert cloud.asked == []


async def test_arn_of_a_file(tmp_path: Path) -> None:
    """What a secret's file holds may be an ARN too."""
    (tmp_path / "token").write_text(ENTRY)
    given = settings(SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"), AIRFLOW_TOKEN="t")
    assert (await given.fetched(FakeCloud({ENTRY: "xoxb-kept"}))).slack_bot_token.get_secret_value() == "xoxb-kept"


@pytest.mark.parametrize(
    ("value", "entry", "words"),
    [
        (f"{ENTRY}#bot", "hidden-1", f"{ENTRY}#bot: the entry is not JSON, so it has no keys"),
        (f"{ENTRY}#bot", '["hidden-1"]', "the entry has no such key. It has: none"),
        (f"{ENTRY}#bot", '{"b": "hidden-1", "a": "hidden-2"}', "the entry has no such key. It has: a, b"),
        (f"{ENTRY}#bot", '{"bot": {"deep": "hidden-1"}}', "#bot is not a string"),
        (f"{ENTRY}#bot", '{"bot": ""}', "#bot is empty"),
        (ENTRY, " \n", "is empty"),
        (CHINA, "hidden-1", f"{CHINA}: AWS 400: Secrets Manager can't find the specified secret."),
        (f"{ENTRY}#", "hidden-1", "not the ARN of a Secrets Manager entry. Allowed: arn:aws:secretsmanager:REGION:"),
        ("arn:aws:s3:::bucket/key", "hidden-1", "not the ARN of a Secrets Manager entry"),
        ("arn:aws:secretsmanager:eu-west-1:12:secret:x", "hidden-1", "not the ARN of a Secrets Manager entry"),
    ],
)
async def test_unusable_entries(value: str, entry: str, words: str) -> None:
    """What can't be a secret is a ConfigError that names the variable and what is wrong, and shows no secret."""
    given = settings(SLACK_BOT_TOKEN=value, AIRFLOW_TOKEN="t")
    with pytest.raises(ConfigError) as caught:
        await given.fetched(FakeCloud({ENTRY: entry}))
    assert str(caught.value).startswith("SLACK_BOT_TOKEN: ")
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)


# A command's token


def printing(path: Path) -> str:
    """A command that prints the file, and counts its runs in another beside it."""
    return f"sh -c {shlex.quote(f'echo run >> {path}.runs; cat {path}')}"


def runs(path: Path) -> int:
    """How often `printing` ran."""
    return len(Path(f"{path}.runs").read_text().split())


@pytest.mark.parametrize("kind", ["COMMAND", "FILE"])
async def test_token_is_asked_for_anew(wire: Wire, tmp_path: Path, kind: str) -> None:
    """When Airflow refuses the token, the command runs again, or the file is read again, and the call is repeated."""
    path = tmp_path / "token"
    path.write_text("t1\n")
    async with airflow(wire, f"AIRFLOW_TOKEN_{kind}", printing(path) if kind == "COMMAND" else str(path)) as adapter:
        assert await adapter.run(KEY)
        path.write_text("t2\n")
        assert await adapter.run(KEY)
        wire.reply("GET", RUN, REFUSED, Reply(ROW))
        assert await adapter.run(KEY)
    assert [asked.token for asked in wire.asked] == ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]


async def test_same_token_again(wire: Wire, tmp_path: Path) -> None:
    """A refused token that is still the only one is not sent a second time: ServiceDenied."""
    path = tmp_path / "token"
    path.write_text("t1")
    wire.reply("GET", RUN, REFUSED)
    async with airflow(wire, "AIRFLOW_TOKEN_FILE", str(path)) as adapter:
        with pytest.raises(ServiceDenied):
            await adapter.run(KEY)
    assert wire.count("GET", RUN) == 1


async def test_command_runs_once_for_many(wire: Wire, tmp_path: Path) -> None:
    """Calls side by side share one run of the command."""
    path = tmp_path / "token"
    path.write_text("t1")
    async with airflow(wire, "AIRFLOW_TOKEN_COMMAND", printing(path)) as adapter:
        await asyncio.gather(*(adapter.run(KEY) for _ in range(5)))
    assert runs(path) == 1


async def test_failing_command_is_tried_later(wire: Wire, tmp_path: Path) -> None:
    """A command that fails is ServiceDown, so that work is kept; the next call runs it again."""
    path = tmp_path / "token"
    async with airflow(wire, "AIRFLOW_TOKEN_COMMAND", printing(path)) as adapter:
        with pytest.raises(ServiceDown, match="no token: AIRFLOW_TOKEN_COMMAND: the command ended with status 1"):
            await adapter.run(KEY)
        assert wire.asked == []
        path.write_text("t1")
        assert await adapter.run(KEY)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; print('hidden'); print('hidden', file=sys.stderr); sys.exit(3)", "ended with status 3"),
        ("", "the command printed nothing"),
        ("print('two hidden words')", "the command printed several words"),
        ("print('hidden-\\u2713')", "the command printed what can't be a token"),
    ],
)
def test_failing_commands(code: str, words: str) -> None:
    """Each way to fail is told with the variable's name, and without anything that the command printed."""
    command = shlex.join([sys.executable, "-X", "utf8", "-c", code])
    with pytest.raises(ConfigError) as caught:
        credentials.from_command("AIRFLOW_TOKEN_COMMAND", command)
    assert str(caught.value).startswith("AIRFLOW_TOKEN_COMMAND: ")
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_slow_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that takes too long is ended."""
    monkeypatch.setattr(credentials, "COMMAND_SECONDS", 0.2)
    with pytest.raises(ConfigError, match="the command took more than"):
        credentials.from_command("AIRFLOW_TOKEN_COMMAND", "sleep 20")


def test_command_has_no_shell(tmp_path: Path) -> None:
    """A command's words reach its program as they are: nothing of a shell's is understood."""
    found = credentials.from_command("AIRFLOW_TOKEN_COMMAND", f"echo '$(touch${{IFS}}{tmp_path}/made)';true")
    assert found == f"$(touch${{IFS}}{tmp_path}/made);true"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"AIRFLOW_TOKEN_COMMAND": "no-such-program --now"}, "there is no program no-such-program"),
        ({"AIRFLOW_TOKEN_COMMAND": "echo 'open"}, "AIRFLOW_TOKEN_COMMAND: no closing quotation"),
        ({"AIRFLOW_TOKEN_COMMAND": "echo t", "AIRFLOW_TOKEN": "hidden"}, "give AIRFLOW_TOKEN_COMMAND alone"),
        ({"AIRFLOW_TOKEN_COMMAND": "echo t", "AIRFLOW_USERNAME": "bot"}, "give AIRFLOW_TOKEN_COMMAND alone"),
        ({}, "or AIRFLOW_TOKEN"),
    ],
)
def test_command_is_checked_at_start(environment: dict[str, str], words: str) -> None:
    """A command that can't run, or that is not the only way to a token, is said before anything starts."""
    with pytest.raises(ConfigError) as caught:
        settings(**environment)
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)
