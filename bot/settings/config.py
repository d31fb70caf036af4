"""Settings from the environment, and the configuration file of models and access.

The environment's names are the ecosystem's own (`SLACK_BOT_TOKEN`, `AIRFLOW_URL`, `MLFLOW_TRACKING_URI`, …). Each
secret may be given by a file instead (`SLACK_BOT_TOKEN_FILE=/run/secrets/slack`), or as the ARN of an entry of AWS
Secrets Manager. A mistake in either is a ConfigError that names the place and what is allowed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from structlog import get_logger

from bot.conversation.words import nearest
from bot.errors import ConfigError, shorten
from bot.ports import Cloud
from bot.settings import credentials
from bot.settings.mistakes import mistakes, plainly
from bot.settings.promotion import Promotion, check_directions
from bot.settings.schedules import Schedules
from bot.settings.terms import Amount, Budgets, Contract, Currency, Member, Profile, ProfileName, Section, Zone

log = get_logger(__name__)

EVERYONE = "everyone"
LEAST_RETENTION = 7  # days: work waits that long for people, and its id is what tells a second click from the first
SHORTEST_KEY = 32  # characters
FOLDER_OF_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")

Channel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,20}$")]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]{0,79}$")]
Address = Annotated[HttpUrl, Field(repr=False)]  # of a service; it may hold a password
_SECRETS = (
    "slack_bot_token", "slack_app_token", "slack_signing_secret", "airflow_password", "airflow_token", "audit_key",
    "store_key", "mlflow_webhook_secret",
)  # fmt: skip

_NOWHERE = {"slack_bot_token": "", "airflow_url": "http://not.invalid", "mlflow_tracking_uri": "http://not.invalid"}


class ModelConfig(Section):
    """What a DAG can't say of the model that it trains."""

    dag: str = ""  # the DAG's id; the model's name where it is empty
    registered_model: str = ""  # in MLflow; the model's name where it is empty
    description: str = ""
    owners: tuple[Member, ...] = ()
    runners: tuple[Member, ...] | None = None  # instead of the workspace's runners
    channel: Channel | None = None
    alias: str = "production"  # the champion's
    metrics: dict[str, Literal["higher", "lower"]] = {}  # the better direction of each
    compute: tuple[str, ...] = ()  # the profiles that it may run on, its default first
    contract: Contract | None = None  # without one, others may change whatever the DAG takes
    ask_above: Amount | None = None  # a dearer run of somebody else's waits for an owner
    promotion: Promotion = Promotion()

    @field_validator("promotion")
    @classmethod
    def _gates_have_directions(cls, promotion: Promotion, info: ValidationInfo) -> Promotion:
        check_directions(promotion, info.data.get("metrics", promotion.gates))
        return promotion


class Access(Section):
    """Who has which role in the whole workspace."""

    viewers: tuple[Member, ...] = ()
    runners: tuple[Member, ...] = ()
    approvers: tuple[Member, ...] = ()
    admins: tuple[Member, ...] = ()
    auditors: tuple[Member, ...] = ()


class Config(Section):
    """The configuration file, whole."""

    tag: str = "stationmaster"  # the Airflow tag that puts a DAG into the catalogue
    command: Annotated[str, StringConstraints(pattern=r"^/[a-z0-9_-]{1,31}$")] = "/train"
    zone: Zone = "UTC"  # whose calendar months budgets count
    currency: Currency = "USD"  # of every price and budget
    access: Access = Access()
    compute: dict[ProfileName, Profile] = {}
    models: dict[ModelName, ModelConfig] = {}
    airflow_users: dict[str, Member] = {}  # Airflow's users, by id or name, as people or groups of Slack
    budgets: Budgets = Budgets()
    schedules: Schedules | None = None  # where they are kept; without it there are none

    @field_validator("models")
    @classmethod
    def _one_model_a_dag(cls, models: dict[str, ModelConfig]) -> dict[str, ModelConfig]:
        seen: dict[str, str] = {}
        for name, model in models.items():
            dag = model.dag or name
            if dag in seen:
                raise ValueError(f"{name} and {seen[dag]} have the same DAG, {dag}: one model a DAG")
            seen[dag] = name
        return models

    @field_validator("models")
    @classmethod
    def _machines_that_there_are(cls, models: dict[str, ModelConfig], info: ValidationInfo) -> dict[str, ModelConfig]:
        for name, model in models.items():
            _must_know(f"{name} is to run on", model.compute, info.data.get("compute", model.compute), "compute")
        return models

    @field_validator("models")
    @classmethod
    def _copies_go_elsewhere(cls, models: dict[str, ModelConfig]) -> dict[str, ModelConfig]:
        for name, model in models.items():
            if model.promotion.copy_to == (model.registered_model or name):
                raise ValueError(f"{name} is to be copied to itself: copy_to takes another registered model")
        return models

    @field_validator("budgets")
    @classmethod
    def _budgets_of_models_that_there_are(cls, budgets: Budgets, info: ValidationInfo) -> Budgets:
        _must_know("there is a budget of", budgets.models, info.data.get("models", budgets.models), "models")
        return budgets


def _must_know(saying: str, names: Iterable[str], known: Collection[str], section: str) -> None:
    for name in names:
        if name not in known:
            meant = nearest(name, known, most=1)
            also = f" Did you mean {meant[0]}?" if meant else ""
            raise ValueError(f"{saying} {shorten(name, 40)}, which {section} doesn't have.{also}")


class Settings(BaseModel):
    """The environment's part. Secrets are SecretStr, so that no log or traceback shows them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slack_bot_token: SecretStr
    slack_app_token: SecretStr = SecretStr("")  # Socket Mode
    slack_signing_secret: SecretStr = SecretStr("")  # HTTP
    bind_address: str = "0.0.0.0"  # noqa: S104  # HTTP: what comes in is signed, and containers need it
    port: Annotated[int, Field(ge=0, le=65_535)] = 3000  # HTTP
    slack_api_url: HttpUrl = HttpUrl("https://slack.com/api/")
    airflow_url: Address
    airflow_public_url: HttpUrl | None = None  # where people open Airflow, if that differs
    airflow_username: str = ""
    airflow_password: SecretStr = SecretStr("")
    airflow_token: SecretStr = SecretStr("")
    airflow_token_file: Path | None = None  # read again when Airflow refuses the token, which lives for a day
    airflow_token_command: str = Field("", repr=False)  # prints the token; run again when Airflow refuses it
    mlflow_tracking_uri: Address
    mlflow_public_url: HttpUrl | None = None  # where people open MLflow, if that differs
    mlflow_webhook_secret: SecretStr = SecretStr("")  # its webhook calls /mlflow/webhook; empty: there is none
    database_url: str = Field("sqlite+aiosqlite:///stationmaster.db", repr=False)  # may hold a password
    retention_days: Annotated[int, Field(ge=0)] = 90  # 0: for ever
    job_lease: Annotated[float, Field(ge=1, le=600)] = 30.0  # seconds until a dead replica's work is taken over
    stationmaster_config: Path = Path("stationmaster.yaml")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    audit_key: SecretStr = SecretStr("")  # seals the audit trail
    audit_head_file: Path | None = None  # to which its head is added
    audit_head_s3: str = ""  # a folder of S3, in which its heads are kept
    store_key: SecretStr = SecretStr("")  # encrypts what in the database is secret

    @field_validator("retention_days")
    @classmethod
    def _longer_than_slack_repeats(cls, days: int) -> int:
        if 0 < days < LEAST_RETENTION:
            raise ValueError(f"{days} days are too few: {LEAST_RETENTION} or more, or 0 to keep everything")
        return days

    @field_validator("airflow_token_command")
    @classmethod
    def _runs(cls, command: str) -> str:
        credentials.words_of(command)
        return command

    @field_validator("audit_key", "store_key")
    @classmethod
    def _long_enough(cls, key: SecretStr) -> SecretStr:
        secret = key.get_secret_value()
        if secret and len(secret) < SHORTEST_KEY and not secret.startswith("arn:"):
            raise ValueError(f"it has {len(secret)} characters; give {SHORTEST_KEY} or more, at random")
        return key

    @field_validator("audit_head_s3")
    @classmethod
    def _folder_of_s3(cls, url: str) -> str:
        if url and not FOLDER_OF_S3.fullmatch(url):
            raise ValueError("not a folder in S3, such as s3://bucket/audit/")
        return url

    async def fetched(self, cloud: Cloud, names: Collection[str] = _SECRETS) -> Settings:
        """These settings, with the secrets themselves in place of their ARNs. ConfigError where one can't be had."""
        given = {name.upper(): getattr(self, name).get_secret_value() for name in names}
        found = await credentials.from_cloud(given, cloud)
        return self.model_copy(update={name.lower(): SecretStr(secret) for name, secret in found.items()})

    @property
    def in_cloud(self) -> set[str]:
        """The settings that are ARNs."""
        return {name for name in _SECRETS if getattr(self, name).get_secret_value().startswith("arn:")}

    @property
    def airflow_token_source(self) -> str | Callable[[], str]:
        """Airflow's token, or a function that gives the one of the moment: it blocks, and may raise ConfigError."""
        if self.airflow_token_command:
            return partial(credentials.from_command, "AIRFLOW_TOKEN_COMMAND", self.airflow_token_command)
        if self.airflow_token_file:
            return partial(credentials.from_file, "AIRFLOW_TOKEN_FILE", self.airflow_token_file)
        return self.airflow_token.get_secret_value()

    @property
    def secrets(self) -> list[str]:
        """Every secret in clear, for the log's mask."""
        return [value for name in _SECRETS if (value := getattr(self, name).get_secret_value())]


@dataclass(frozen=True)
class Problem:
    """What is wrong with the environment: with which settings (fields of Settings), in words that name the variable."""

    names: tuple[str, ...]
    words: str


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. ConfigError naming every variable that is missing or wrong."""
    settings, problems = look_at_settings(environment)
    if problems:
        raise ConfigError("The environment is not complete:\n  " + "\n  ".join(problem.words for problem in problems))
    return settings


def look_at_settings(environment: Mapping[str, str] | None = None) -> tuple[Settings, list[Problem]]:
    """The settings, and what is wrong with them: there each has its default, or leads nowhere."""
    environment = os.environ if environment is None else environment
    given: dict[str, Any] = {
        name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())
    }
    problems = list(_from_files(environment, given))
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_problem(each) for each in error.errors(include_input=False, include_url=False)]
        wrong = {name for problem in problems for name in problem.names}
        settings = Settings(**_NOWHERE | {name: value for name, value in given.items() if name not in wrong})
    return settings, _one_each([*problems, *_between(given)])


def _one_each(problems: Iterable[Problem]) -> list[Problem]:
    """Without what only follows from another: a setting whose file can't be read counts as missing too."""
    kept: list[Problem] = []
    for problem in problems:
        if not any(set(problem.names) & set(each.names) for each in kept):
            kept.append(problem)
    return kept


def _problem(error: Any) -> Problem:
    name = str(error["loc"][0])
    what = " is not set" if error["type"] == "missing" else f": {plainly(error['msg'])}"
    return Problem((name,), f"{name.upper()}{what}")


def _between(given: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with settings that are right by themselves."""
    ways_in = ("slack_app_token", "slack_signing_secret")
    if not any(name in given for name in ways_in):
        yield Problem(ways_in, "give SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")
    elif all(name in given for name in ways_in):
        yield Problem(ways_in, "give SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP), not both")
    login = "airflow_username" in given and "airflow_password" in given
    if not (login or "airflow_token" in given or "airflow_token_command" in given):
        yield Problem(("airflow_token",), "give AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN")
    if "airflow_token_command" in given and ("airflow_username" in given or "airflow_token" in given):
        words = "give AIRFLOW_TOKEN_COMMAND alone, without AIRFLOW_USERNAME and AIRFLOW_TOKEN"
        yield Problem(("airflow_token",), words)


def _from_files(environment: Mapping[str, str], given: dict[str, Any]) -> Iterator[Problem]:
    """Add to `given` what stands in the files that the environment names; a problem for each that can't be read."""
    for name in _SECRETS:
        if path := environment.get(variable := f"{name.upper()}_FILE"):
            try:
                given[name] = credentials.from_file(variable, Path(path))
            except ConfigError as error:
                yield Problem((name,), str(error))


def read_config(path: Path) -> Config:
    """The configuration file. ConfigError with file, line and what is allowed for each mistake."""
    try:
        document = YAML().load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Can't read the configuration {path}: {error}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise ConfigError(f"{path}, line {mark.line + 1 if mark else '?'}: {what}") from error
    except (YAMLError, ValueError) as error:  # ValueError: a date that no calendar has, and the like
        raise ConfigError(f"{path}: {error}") from error
    try:
        return TypeAdapter(Config).validate_python(document if document is not None else {})
    except ValidationError as error:
        raise ConfigError("\n".join(mistakes(path, document, error, _keys))) from None


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys allowed where an unknown one stood."""
    section: type[BaseModel] = Config
    parts = iter(loc[:-1])
    for part in parts:
        annotation = section.model_fields[str(part)].annotation
        section = _section(annotation) or section
        if get_origin(annotation) is dict:
            next(parts, None)  # a name of the file's own, such as a model's
    return list(section.model_fields)


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds: itself, by names, or where it is given."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _section(inner))), None)


class ConfigFile:
    """The configuration file, read again when it has changed. A change that can't be read leaves the last good one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._look()
        self._config = read_config(path)

    def current(self) -> Config:
        """The configuration as it stands now."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._config = read_config(self._path)
                log.info("config.read", path=str(self._path))
            except ConfigError as error:
                log.error("config.kept", problem=str(error))
        return self._config

    def _look(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)
