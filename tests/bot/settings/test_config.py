"""Settings and the configuration file: a mistake is told with its place and what is allowed, a secret never."""

from __future__ import annotations

import os
import traceback
from decimal import Decimal
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.config import Config, ConfigFile, ModelConfig, read_config, read_settings

GOOD = """
tag: ml
command: /learn
access:
  viewers: [everyone]
  admins: [U0ADA, S0PLATFORM]
models:
  delays:
    dag: train_delays
    owners: [U0OMAR]
    channel: C0DELAYS
    metrics: {auc: higher, log_loss: lower}
  claims: {}
"""

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-bot-secret",
    "SLACK_APP_TOKEN": "xapp-app-secret",
    "AIRFLOW_URL": "http://airflow:8080",
    "AIRFLOW_USERNAME": "bot",
    "AIRFLOW_PASSWORD": "airflow-secret",
    "MLFLOW_TRACKING_URI": "http://mlflow:5000",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stationmaster.yaml"


def mistake(file: Path, text: str) -> str:
    """What is said of a configuration file with this text."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        read_config(file)
    return str(raised.value)


def test_a_configuration_is_read(file: Path) -> None:
    """Names, roles and contracts, with defaults for what isn't said."""
    file.write_text(GOOD)
    config = read_config(file)
    assert (config.tag, config.command) == ("ml", "/learn")
    assert config.access.admins == ("U0ADA", "S0PLATFORM")
    assert list(config.models["delays"].metrics.items()) == [("auc", "higher"), ("log_loss", "lower")]
    assert config.models["claims"] == ModelConfig()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_a_configuration(file: Path, text: str) -> None:
    """Everything has a default: nobody has a role, and no model is opened."""
    file.write_text(text)
    assert read_config(file) == Config()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("\nmodles: {}\n", 2, "modles: unknown key. Did you mean models? Allowed: tag, command, zone, currency, "),
        ("access:\n  admin: []\n", 2, "access.admin: unknown key. Did you mean admins? Allowed: viewers, runners,"),
        ("models:\n  delays:\n    ownrs: []\n", 3, "models.delays.ownrs: unknown key. Did you mean owners? Allowed: d"),
        ("models:\n  delays:\n    zzz: 1\n", 3, "models.delays.zzz: unknown key. Allowed: dag, registered_model"),
        ("models: 5\n", 1, "models: a mapping (name: value) is expected, not “5”"),
        ("models:\n  delays:\n", 2, "models.delays: a mapping (name: value) is expected, not “nothing”"),
        ("- a\n", 1, "a mapping (name: value) is expected, not “['a']”"),
        ("just words\n", 1, "a mapping (name: value) is expected, not “just words”"),
        ("models:\n  delays:\n    owners: U0OMAR\n", 3, "owners: a list ([a, b]) is expected, not “U0OMAR”"),
        (
            "access:\n  admins:\n    - U0ADA\n    - Dana\n", 4,
            "access.admins.1: “Dana” is not a Slack person's id (U…), a user group's id (S…) or the word everyone",
        ),
        ("models:\n  d:\n    channel: '#ml'\n", 3, "“#ml” is not a Slack channel's id (C… or G…)"),
        ("models:\n  d:\n    metrics:\n      auc: up\n", 4, "metrics.auc: “up” is not allowed; it takes 'higher'"),
        ("tag: x\ncommand: train\n", 2, "command: “train” is not a slash command, such as /train"),
        ("models:\n  'two words': {}\n", 2, "“two words” is not a name of letters, digits and . _ -"),
        ("models:\n  5: {}\n", 2, "a text is expected, not “5”; quotes make one"),
        ("tag: 5\n", 1, "tag: a text is expected, not “5”; quotes make one"),
        ("tag:\n", 1, "tag: a text is expected, not “nothing”"),
        ("tag: x\nmodels:\n  a: {dag: x}\n  b: {dag: x}\n", 2, "b and a have the same DAG, x: one model a DAG"),
        ("models:\n  a: {}\n  b: {dag: a}\n", 1, "b and a have the same DAG, a"),
        ("tag: a\ntag: b\n", 2, 'found duplicate key "tag"'),
        ("models:\n  a: {}\n  a: {}\n", 3, 'found duplicate key "a"'),
        ("tag: [\n", 2, "expected the node content"),
        ("\ttag: x\n", 1, "cannot start any token"),
        ("tag: *nope\n", 1, "found undefined alias 'nope'"),
        ("tag: a\n---\ntag: b\n", 2, "expected a single document in the stream, but found another document"),
        ("a: &a [*a]\n", 1, "a: unknown key"),
        ("zone: Mars\n", 1, "zone: “Mars” is not a time zone, such as Europe/Amsterdam"),
        ("zone: Europe\n", 1, "zone: “Europe” is not a time zone"),
        ("zone: ../etc\n", 1, "zone: “../etc” is not a time zone"),
        ("currency: $\n", 1, "currency: “$” is not a currency's code, such as USD or EUR"),
        ("compute:\n  gpu: {backend: local, price: cheap}\n", 2, "gpu.price: “cheap” is not an amount of money"),
        ("compute:\n  gpu: {backend: local, price: -1}\n", 2, "“-1” is not an amount of money, such as 0.42"),
        ("compute:\n  gpu: {backend: local, price: .nan}\n", 2, "“nan” is not an amount of money"),
        ("compute:\n  gpu: {backend: local, price: yes}\n", 2, "“yes” is not an amount of money"),
        ("compute:\n  gpu:\n    backend: l\n    prise: 1\n    price: 1\n", 4, "Did you mean price? Allowed: backend"),
        ("compute:\n  a: {backend: l, price: 1, time_limit: 2}\n", 2, "“2” is not a time, such as 90 min, 2 h or 1 d"),
        ("models:\n  contract: {contract: {ref: []}}\n", 2, "Did you mean refs? Allowed: params, refs"),
        ("models:\n  d: {contract: {params: {n: {maximun: 5}}}}\n", 2, "“maximun” is not a bound. Did you"),
        ("models:\n  d: {contract: {params: {n: {maximum: five}}}}\n", 2, "n: maximum: 'five' is not of type 'number'"),
        ("models:\n  d: {compute: [gpu]}\n", 1, "models: d is to run on gpu, which compute doesn't have."),
        ("compute:\n  gpu: {backend: l, price: 1}\nmodels:\n  d: {compute: [gpv]}\n", 3, "Did you mean gpu?"),
        ("budgets: {people: {Dana: 5}}\n", 1, "“Dana” is not a Slack person's id (U…) or the word everyone"),
        ("budgets: {groups: {U0DANA: 5}}\n", 1, "“U0DANA” is not a Slack user group's id (S…)"),
        ("models: {delays: {}}\nbudgets: {models: {delay: 5}}\n", 2, "delay, which models doesn't have. Did you"),
        ("? [a]\n: b\n", 1, "should be strings"),
        (f"tag: {{{'x' * 500}: 1}}\n", 1, "…”"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(file: Path, text: str, line: int, says: str) -> None:
    """File and line, what stands there, and what may."""
    said = mistake(file, text)
    assert said.startswith(f"{file}, line {line}: ")
    assert says in said
    assert len(said) < 400


def test_terms_are_read(file: Path) -> None:
    """Machines with their prices and time limits, a contract, thresholds and budgets, amounts as exact decimals."""
    file.write_text(
        "zone: Europe/Amsterdam\ncurrency: EUR\n"
        "compute: {gpu: {backend: sagemaker, instance: ml.g5.xlarge, spot: yes, time_limit: 90 min, price: 0.1}}\n"
        "models: {delays: {compute: [gpu], ask_above: 5, contract: {params: {n: {maximum: 500}}, refs: ['v*']}}}\n"
        "budgets: {people: {everyone: 100, U0DANA: 0.3}, groups: {S0DATASCI: 500}, models: {delays: 300}}\n"
    )
    config = read_config(file)
    assert (config.compute["gpu"].time_limit, config.compute["gpu"].price) == (5400, Decimal("0.1"))
    contract = config.models["delays"].contract
    assert contract
    assert (contract.params, contract.refs) == ({"n": {"maximum": 500}}, ("v*",))
    assert config.budgets.people == {"everyone": Decimal(100), "U0DANA": Decimal("0.3")}


def test_every_mistake_is_told_at_once(file: Path) -> None:
    """Nobody has to start the bot once a mistake."""
    said = mistake(file, "tag: 5\nmodles: {}\naccess: {admins: [Dana]}\n")
    assert [line.split(": ")[0] for line in said.splitlines()] == [f"{file}, line {line}" for line in (1, 3, 2)]


@pytest.mark.parametrize("data", [b"tag: 2026-13-45", b"\x00", b"\xff\xfe\x00", b"%YAML 9\n---\n%"])
def test_what_is_no_text_or_no_yaml_names_the_file(file: Path, data: bytes) -> None:
    """Impossible dates, control characters, another encoding: still a sentence, never a traceback."""
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=str(file)):
        read_config(file)


def test_an_unreadable_file_names_itself(tmp_path: Path) -> None:
    """Missing, or a folder."""
    for path in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ConfigError, match=f"Can't read the configuration {path}"):
            read_config(path)


def rewrite(file: Path, text: str) -> None:
    """Change the file so that its time of change differs, however coarse the clock of the disk."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def test_a_changed_file_is_read_again(file: Path) -> None:
    """Roles change without a restart."""
    file.write_text(GOOD)
    config = ConfigFile(file)
    assert config.current() is config.current()
    rewrite(file, "tag: other\n")
    assert config.current().tag == "other"


@pytest.mark.parametrize("text", ["tag: [", "tga: x\n", None])
def test_a_change_that_cannot_be_read_leaves_the_last_good_one(file: Path, text: str | None) -> None:
    """A slip in an editor, or a file that is gone for a moment, shuts nobody out; once mended it counts."""
    file.write_text(GOOD)
    config = ConfigFile(file)
    if text is None:
        file.unlink()
    else:
        rewrite(file, text)
    assert config.current().tag == "ml"
    assert config.current().tag == "ml"
    rewrite(file, "tag: mended\n")
    assert config.current().tag == "mended"


def test_a_wrong_file_stops_the_start(file: Path) -> None:
    """There is no last good one yet."""
    with pytest.raises(ConfigError):
        ConfigFile(file)


def settings_mistake(**changes: str | None) -> ConfigError:
    environment = {name: value for name, value in (ENVIRONMENT | changes).items() if value is not None}
    with pytest.raises(ConfigError) as raised:
        read_settings(environment)
    return raised.value


def test_settings_are_read_by_the_ecosystems_names() -> None:
    """Addresses and secrets; what else the environment holds is nobody's business."""
    settings = read_settings(ENVIRONMENT | {"PATH": "/bin", "LOG_LEVEL": "debug"})
    assert settings.slack_bot_token.get_secret_value() == "xoxb-bot-secret"
    assert str(settings.airflow_url) == "http://airflow:8080/"
    assert settings.log_level == "debug"
    assert set(settings.secrets) == {"xoxb-bot-secret", "xapp-app-secret", "airflow-secret"}


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `serve` reads."""
    for name, value in (ENVIRONMENT | {"LOG_LEVEL": "error"}).items():
        monkeypatch.setenv(name, value)
    assert read_settings().log_level == "error"


def test_every_missing_variable_is_named_at_once() -> None:
    """A first start says all that it needs; an empty variable is a missing one."""
    said = str(settings_mistake(SLACK_BOT_TOKEN=None, SLACK_APP_TOKEN="", AIRFLOW_URL=None))
    assert said.splitlines()[1:] == [
        "  SLACK_BOT_TOKEN is not set",
        "  AIRFLOW_URL is not set",
        "  give SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)",
    ]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LOG_LEVEL", "loud", "LOG_LEVEL: should be 'debug', 'info', 'warning' or 'error'"),
        ("AIRFLOW_URL", "airflow", "AIRFLOW_URL: should be a valid URL"),
        ("MLFLOW_TRACKING_URI", "file:///tmp", "MLFLOW_TRACKING_URI: URL scheme should be 'http' or 'https'"),
        ("AIRFLOW_PASSWORD", None, "give AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN"),
        ("SLACK_SIGNING_SECRET", "8f7", "give SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP), not both"),
        ("PORT", "http", "PORT: should be a valid integer"),
        ("PORT", "70000", "PORT: should be less than or equal to 65535"),
        ("AIRFLOW_USERNAME", "", "give AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(name: str, value: str | None, says: str) -> None:
    """By the name that one has to set."""
    assert says in str(settings_mistake(**{name: value}))


def test_a_signing_secret_does_instead_of_an_app_token() -> None:
    """It chooses HTTP; where it listens has a default that containers expect."""
    environment = ENVIRONMENT | {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "signing-secret"}
    settings = read_settings(environment)
    assert "signing-secret" in settings.secrets
    assert (settings.bind_address, settings.port) == ("0.0.0.0", 3000)  # noqa: S104
    assert read_settings(environment | {"BIND_ADDRESS": "127.0.0.1", "PORT": "8080"}).port == 8080


def test_a_token_does_instead_of_a_password() -> None:
    """Airflow takes either."""
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "AIRFLOW_PASSWORD"}
    assert "token-secret" in read_settings(environment | {"AIRFLOW_TOKEN": "token-secret"}).secrets


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """As containers mount them, with a closing line break; the file goes before the variable."""
    secret = tmp_path / "token"
    secret.write_text("xoxb-from-file\n")
    settings = read_settings(ENVIRONMENT | {"SLACK_BOT_TOKEN_FILE": str(secret)})
    assert settings.slack_bot_token.get_secret_value() == "xoxb-from-file"


@pytest.mark.parametrize(
    ("data", "says"), [(None, "can't read"), (b"\xff\xfesecret", "can't read"), (b" \n", "is empty")]
)
def test_a_secrets_file_that_cannot_be_used_names_itself(tmp_path: Path, data: bytes | None, says: str) -> None:
    """Missing, of another encoding, or empty."""
    path = tmp_path / "token"
    if data is not None:
        path.write_bytes(data)
    said = str(settings_mistake(SLACK_BOT_TOKEN=None, SLACK_BOT_TOKEN_FILE=str(path), AIRFLOW_URL=None))
    assert "\n  SLACK_BOT_TOKEN_FILE: " in said
    assert "SLACK_BOT_TOKEN is not set" not in said, "that follows from it"
    assert "AIRFLOW_URL is not set" in said, "all is said at once"
    assert str(path) in said
    assert says in said


def test_no_secret_is_shown() -> None:
    """Not by the settings, and not where an address holds one."""
    environment = ENVIRONMENT | {
        "AIRFLOW_TOKEN": "token-secret",
        "AIRFLOW_URL": "http://bot:url-secret@airflow:8080",
        "MLFLOW_TRACKING_URI": "http://bot:url-secret@mlflow:5000",
        "DATABASE_URL": "postgresql+asyncpg://bot:url-secret@db/x",
    }
    settings = read_settings(environment)
    assert settings.database_url.endswith("db/x")
    assert "-secret" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    "wrong", [{"LOG_LEVEL": "loud"}, {"AIRFLOW_USERNAME": None}, {"MLFLOW_TRACKING_URI": "x://a:b@c"}]
)
def test_no_error_shows_a_secret(wrong: dict[str, str | None]) -> None:
    """Neither its words nor the traceback that Python would print of it."""
    error = settings_mistake(**wrong)
    printed = "".join(traceback.format_exception(error))
    assert "-secret" not in printed
    assert error.__cause__ is None
