"""`stationmaster check`: what is wrong is said by name, in words, and hides nothing else that is wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.check.findings import Finding, Mark, failed
from bot.check.run import check
from bot.installing.manifest import SCOPES
from bot.store import Store
from tests.bot.settings.test_config_secrets import FakeCloud
from tests.fakes.wire import Reply, Wire

ALL = ",".join(scope.name for scope in SCOPES)
CONFIG = """
access: {admins: [U0ADA], runners: [S0DATA, everyone]}
models:
  delays: {dag: train_delays, owners: [U0OMAR], channel: C0DELAYS}
"""
WHO = {"ok": True, "team": "Night Line", "user": "stationmaster", "user_id": "U0STATION"}


@dataclass
class Place:
    """An installation that is as it should be, until a test breaks it."""

    slack: Wire
    airflow: Wire
    mlflow: Wire
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def sound(self) -> None:
        self.says("auth.test", WHO, scopes=ALL)
        self.says("apps.connections.open", {"ok": True, "url": "wss://slack.test"})
        self.says("users.info", {"ok": True, "user": {"id": "U0ADA", "name": "ada"}})
        self.says("usergroups.users.list", {"ok": True, "users": ["U0DANA"]})
        self.says("conversations.history", {"ok": True, "messages": []})
        self.airflow.reply("GET", "/api/v2/version", Reply({"version": "3.3.2"}))
        self.airflow.reply("GET", "/api/v2/monitor/health", Reply({"scheduler": {"status": "healthy"}}))
        self.airflow.reply("GET", "/api/v2/dags/~/dagVersions", Reply({"dag_versions": [], "total_entries": 0}))
        self.airflow.reply("GET", "/api/v2/plugins", Reply({"plugins": [{"name": "stationmaster_lineage"}]}))
        dags = {"dags": [{"dag_id": "train_delays"}], "total_entries": 1}
        self.airflow.reply("GET", "/api/v2/dags", Reply(dags))
        self.airflow.reply("GET", "/api/v2/dags/train_delays/details", Reply({"dag_id": "train_delays"}))
        self.airflow.reply("GET", "/api/v2/dags/train_delays/tasks", Reply({"tasks": []}))
        self.mlflow.reply("GET", "/api/2.0/mlflow/registered-models/search", Reply({}))
        self.mlflow.reply("GET", "/version", Reply(raw="3.17.2"))
        self.config.write_text(CONFIG)
        self.environment = {
            "SLACK_BOT_TOKEN": "xoxb-bot-secret",
            "SLACK_APP_TOKEN": "xapp-app-secret",
            "SLACK_API_URL": f"{self.slack.url}/api/",
            "AIRFLOW_URL": self.airflow.url,
            "AIRFLOW_TOKEN": "airflow-secret",
            "MLFLOW_TRACKING_URI": self.mlflow.url,
            "DATABASE_URL": f"sqlite:///{self.folder}/new/bot.db",
            "STATIONMASTER_CONFIG": str(self.config),
            "AUDIT_KEY": "a" * 40,
            "AUDIT_HEAD_FILE": f"{self.folder}/heads",
            "STORE_KEY": "s" * 40,
        }

    @property
    def config(self) -> Path:
        return self.folder / "stationmaster.yaml"

    def says(self, method: str, answer: dict[str, object], scopes: str | None = None) -> None:
        """Slack answers so from now on."""
        headers = {} if scopes is None else {"x-oauth-scopes": scopes}
        self.slack.reply("POST", f"/api/{method}", Reply(answer, headers=headers))

    def refuses(self, method: str, error: str) -> None:
        self.says(method, {"ok": False, "error": error})

    async def check(self, **environment: str) -> list[Finding]:
        """What is found, with these variables set otherwise."""
        return await check(self.environment | environment, FakeCloud({}), within=10)

    async def wrong(self, **environment: str) -> list[str]:
        """What is not good of it."""
        return [str(each) for each in await self.check(**environment) if each.mark is not Mark.GOOD]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with Wire() as slack, Wire() as airflow, Wire() as mlflow:
        one = Place(slack, airflow, mlflow, tmp_path)
        one.sound()
        yield one


async def test_a_sound_installation_is_good_throughout(place: Place) -> None:
    """A line for each part, and no file is made."""
    found = await place.check()
    assert [str(each) for each in found if each.mark is not Mark.GOOD] == []
    assert not failed(found)
    about = {each.about for each in found}
    assert about >= {
        "settings", "configuration", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "scopes", "Airflow", "lineage plugin",
        "DAGs", "MLflow", "database",
    }  # fmt: skip
    assert not (place.folder / "new").exists()


async def test_nothing_hides_another(place: Place) -> None:
    """With every part broken, every part is told of."""
    place.refuses("auth.test", "invalid_auth")
    place.refuses("apps.connections.open", "invalid_auth")
    place.config.write_text("acces: {}\ncommand: train\n")
    (place.folder / "bot.db").write_text("no database " * 100)
    gone = {"AIRFLOW_URL": "http://127.0.0.1:9", "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    found = await place.check(**gone, DATABASE_URL=f"sqlite:///{place.folder}/bot.db")
    assert failed(found)
    lines = [str(each) for each in found if each.mark is Mark.BAD]
    assert [line.split(":")[0] for line in lines] == [
        "✗ configuration", "✗ configuration", "✗ SLACK_BOT_TOKEN", "✗ SLACK_APP_TOKEN", "✗ Airflow", "✗ MLflow",
        "✗ database",
    ]  # fmt: skip
    assert "line 2: command: “train” is not a slash command" in lines[0]
    assert "line 1: acces: unknown key. Did you mean access?" in lines[1]
    assert "nothing answers at its address): is AIRFLOW_URL right" in lines[4]


async def test_missing_settings_stop_only_their_part(place: Place) -> None:
    """What has its settings is looked at all the same."""
    wrong = await place.wrong(SLACK_BOT_TOKEN="", AIRFLOW_TOKEN="", SLACK_APP_TOKEN="", LOG_LEVEL="loud")
    assert wrong == [
        "✗ settings: SLACK_BOT_TOKEN is not set",
        "✗ settings: LOG_LEVEL: should be 'debug', 'info', 'warning' or 'error'",
        "✗ settings: give SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)",
        "✗ settings: give AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN",
    ]
    found = {each.about for each in await place.check(SLACK_BOT_TOKEN="", AIRFLOW_TOKEN="")}
    assert found >= {"MLflow", "database"}
    assert not found & {"Airflow", "SLACK_BOT_TOKEN"}


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ({"AUDIT_KEY": ""}, "! audit trail: not sealed"),
        ({"AUDIT_HEAD_FILE": ""}, "! audit trail: sealed, its head published in the log alone"),
        ({"STORE_KEY": ""}, "! response_urls: kept in memory"),
        ({"STORE_KEY": "short"}, "✗ settings: STORE_KEY: it has 5 characters; give 32 or more"),
        ({"AUDIT_HEAD_S3": "bucket"}, "✗ settings: AUDIT_HEAD_S3: not a folder in S3"),
    ],
)
async def test_what_the_bot_does_without_its_keys_is_told(place: Place, without: dict[str, str], says: str) -> None:
    """It works without; an installer should know what is then missing."""
    assert (await place.wrong(**without))[0].startswith(says)


async def test_a_secret_that_cannot_be_fetched_is_told(place: Place) -> None:
    """And its ARN isn't tried as a token."""
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack"
    (line,) = await place.wrong(SLACK_BOT_TOKEN=arn)
    assert line.startswith("✗ settings: SLACK_BOT_TOKEN: ")
    assert place.slack.count("POST", "/api/auth.test") == 0


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1", "it is an app-level token; it should begin with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxp-1", "it is a person's token; it should begin with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-1", "switch token rotation off"),
        ("SLACK_BOT_TOKEN", "hunter2", "it is no token of Slack's"),
        ("SLACK_APP_TOKEN", "xoxb-1", "it is a bot user's token; it should begin with xapp-"),
    ],
)
async def test_a_token_of_the_wrong_kind_is_known_by_its_looks(
    place: Place, variable: str, value: str, says: str
) -> None:
    """Slack isn't asked, and the token isn't shown."""
    (line,) = await place.wrong(**{variable: value})
    assert line.startswith(f"✗ {variable}: ")
    assert says in line
    assert value not in line


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("invalid_auth", "copy it anew"), ("account_inactive", "install it anew"), ("token_revoked", "was revoked"),
        ("token_expired", "switch token rotation off"),
    ],
)  # fmt: skip
async def test_a_refused_token_is_explained(place: Place, error: str, says: str) -> None:
    """With what to do about it; nothing of the workspace is asked with it."""
    place.refuses("auth.test", error)
    (line,) = await place.wrong()
    assert line.startswith(f"✗ SLACK_BOT_TOKEN: Slack refuses it ({error})")
    assert says in line
    assert place.slack.count("POST", "/api/users.info") == 0


async def test_socket_mode_needs_its_scope(place: Place) -> None:
    """The app-level token's own."""
    place.refuses("apps.connections.open", "missing_scope")
    assert await place.wrong() == [
        "✗ SLACK_APP_TOKEN: it lacks the scope connections:write: generate another one with it"
    ]


async def test_missing_and_spare_scopes_are_named(place: Place) -> None:
    """A missing one with what fails without it; one that is needed after a crash only is no failure."""
    granted = ALL.replace("usergroups:read,", "").replace("groups:history", "files:read")
    place.says("auth.test", WHO, scopes=granted)
    wrong = await place.wrong()
    assert [line.split(": ")[0] for line in wrong] == [
        "✗ scope usergroups:read", "! scope groups:history", "! scopes",
    ]  # fmt: skip
    assert "whoever has a role by a user group only may do nothing" in wrong[0]
    assert "not needed by the bot: files:read" in wrong[2]
    place.says("auth.test", WHO)
    assert await place.wrong() == ["! scopes: Slack didn't say which scopes the token has"]


@pytest.mark.parametrize(
    ("secret", "mark"), [("0123456789abcdef" * 2, None), ("short", "!"), ("xoxb-1-secret", "✗"), ("xapp-1-secret", "✗")]
)
async def test_a_signing_secret_is_looked_at(place: Place, secret: str, mark: str | None) -> None:
    """Nothing but a request of Slack's proves it."""
    wrong = await place.wrong(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=secret)
    assert [line[0] for line in wrong] == ([mark] if mark else [])
    assert place.slack.count("POST", "/api/apps.connections.open") == 0


@pytest.mark.parametrize(
    ("method", "answer", "says"),
    [
        ("users.info", {"ok": False, "error": "user_not_found"}, "✗ person U0ADA: Slack doesn't know this id"),
        ("users.info", {"ok": True, "user": {"name": "gus", "is_restricted": True}}, "! person U0ADA: gus is a guest"),
        ("users.info", {"ok": True, "user": {"name": "x", "deleted": True}}, "! person U0ADA: x is deactivated"),
        ("usergroups.users.list", {"ok": False, "error": "no_such_subteam"}, "✗ user group S0DATA: Slack doesn't"),
        ("usergroups.users.list", {"ok": True, "users": []}, "! user group S0DATA: it has no members"),
        ("conversations.history", {"ok": False, "error": "not_in_channel"}, "✗ channel C0DELAYS: the bot is no member"),
        ("conversations.history", {"ok": False, "error": "channel_not_found"}, "✗ channel C0DELAYS: none, or a"),
        ("conversations.history", {"ok": False, "error": "missing_scope", "needed": "channels:history"},
         "! channel C0DELAYS: whether the bot is a member can't be told (missing_scope; needs channels:history)"),
    ],
)  # fmt: skip
async def test_what_the_configuration_names_is_looked_for(
    place: Place, method: str, answer: dict[str, object], says: str
) -> None:
    """People, groups and channels, by the id with which they stand there."""
    place.says(method, answer)
    assert next(line[: len(says)] for line in await place.wrong()) == says


@pytest.mark.parametrize(
    ("path", "reply", "says"),
    [
        ("version", Reply({"detail": "Not Found"}, 404), "✗ Airflow: no /api/v2 at AIRFLOW_URL: that is Airflow 2"),
        ("version", Reply({"version": "2.11.0"}), "✗ Airflow: it is 2.11.0; the bot needs Airflow 3"),
        ("version", Reply(raw="<html>Sign in</html>"), "✗ Airflow: what answers at AIRFLOW_URL doesn't speak as"),
        ("dags/~/dagVersions", Reply({"detail": "no"}, 401), "✗ Airflow: the credentials, or the account's rights"),
        ("plugins", Reply({"detail": "no"}, 403), "! lineage plugin: whether it is there can't be told"),
        ("plugins", Reply({"plugins": []}), "! lineage plugin: not loaded: copy templates/plugins"),
        ("dags", Reply({"dags": [], "total_entries": 0}), "✗ DAGs: none has the tag stationmaster"),
        ("dags", Reply({"dags": [{"dag_id": "x"}], "total_entries": 1}), "✗ model delays: no DAG train_delays has"),
        ("dags/train_delays/details", Reply({"dag_id": "train_delays", "is_paused": True}),
         "! model delays: can't be run now: DAG train_delays is paused in Airflow"),
    ],
)  # fmt: skip
async def test_airflow_is_looked_at(place: Place, path: str, reply: Reply, says: str) -> None:
    """Its version first, then credentials, plugin, tag, and each configured model."""
    place.airflow.reply("GET", f"/api/v2/{path}", reply)
    assert next(line[: len(says)] for line in await place.wrong()) == says


@pytest.mark.parametrize(
    ("path", "reply", "says"),
    [
        ("/version", Reply(raw="2.22.0"), "✗ MLflow: it is 2.22.0; the bot needs MLflow 3"),
        ("/version", Reply({}, 404), "! MLflow: its registry answers; its version it doesn't say"),
        ("/api/2.0/mlflow/registered-models/search", Reply({"error_code": "PERMISSION_DENIED"}, 403),
         "✗ MLflow: the credentials, or the account's rights"),
    ],
)  # fmt: skip
async def test_mlflow_is_looked_at(place: Place, path: str, reply: Reply, says: str) -> None:
    """Its registry, and its version."""
    place.mlflow.reply("GET", path, reply)
    assert [line[: len(says)] for line in await place.wrong()] == [says]


async def test_a_service_that_hangs_is_not_waited_for(place: Place) -> None:
    """Nor does it keep the others waiting."""
    place.says("auth.test", WHO, scopes=ALL)
    place.slack.reply("POST", "/api/auth.test", Reply(WHO, delay=30))
    begun = asyncio.get_running_loop().time()
    found = await check(place.environment, FakeCloud({}), within=1)
    assert asyncio.get_running_loop().time() - begun < 5
    assert "✗ Slack: it took more than 1 s; try again, or look at the network between" in map(str, found)


async def test_the_database_is_described(place: Place) -> None:
    """To be made, as it is, to be migrated, newer, or no database; it is left as it was."""
    path = place.folder / "bot.db"
    url = {"DATABASE_URL": f"sqlite:///{path}"}

    async def said() -> str:
        return next(str(each) for each in await place.check(**url) if each.about == "database")

    assert await said() == f"✓ database: {path} will be made at the first start"
    await (await Store.open(url["DATABASE_URL"])).close()
    assert (await said()).startswith("✓ database: writable; its tables are of version 0")
    for stamp, words in (("0000", "will be migrated to"), ("9999", "newer than this bot's")):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (stamp,))
            connection.commit()
        assert words in await said()
    url = {"DATABASE_URL": "nonsense"}
    assert (await said()).startswith("✗ database: DATABASE_URL can't be read")


async def test_no_secret_is_shown(place: Place) -> None:
    """Not even one that a service repeats."""
    place.refuses("auth.test", "xoxb-bot-secret airflow-secret")
    place.airflow.reply("GET", "/api/v2/version", Reply({"detail": "bad token airflow-secret"}, 400))
    assert "secret" not in " ".join(await place.wrong()).replace("[secret]", "")
