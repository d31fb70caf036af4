"""Settings from the environment, and the configuration file of models and access.

The environment's names are the ecosystem's own (`SLACK_BOT_TOKEN`, `AIRFLOW_URL`, `MLFLOW_TRACKING_URI`, …). Each
secret may be given by a file instead (`SLACK_BOT_TOKEN_FILE=/run/secrets/slack`), or as the ARN of an entry of AWS
Secrets Manager. A mistake in either is a ConfigError that names the place and what is allowed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from structlog import get_logger

from bot import credentials
from bot.errors import ConfigError, shorten
from bot.ports import Cloud
from bot.terms import Amount, Budgets, Contract, Currency, Profile, ProfileName, Section, Zone
from bot.words import nearest

log = get_logger(__name__)

EVERYONE = "everyone"

# A Slack person (U… or W…), a Slack user group (S…), or every member of the workspace.
Member = Annotated[str, StringConstraints(pattern=r"^(everyone|[UWS][A-Z0-9]{2,20})$")]
Channel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,20}$")]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]{0,79}$")]
Address = Annotated[HttpUrl, Field(repr=False)]  # of a service; it may hold a password
_SECRETS = ("slack_bot_token", "slack_app_token", "airflow_password", "airflow_token")


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
    budgets: Budgets = Budgets()

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
    slack_app_token: SecretStr
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
    database_url: str = Field("sqlite+aiosqlite:///stationmaster.db", repr=False)  # may hold a password
    stationmaster_config: Path = Path("stationmaster.yaml")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("airflow_token_command")
    @classmethod
    def _runs(cls, command: str) -> str:
        credentials.words_of(command)
        return command

    @model_validator(mode="after")
    def _airflow_credentials(self) -> Settings:
        login = self.airflow_username and self.airflow_password.get_secret_value()
        token = self.airflow_token.get_secret_value()
        if not (login or token or self.airflow_token_command):
            raise ValueError("give AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN")
        if self.airflow_token_command and (self.airflow_username or token):
            raise ValueError("give AIRFLOW_TOKEN_COMMAND alone, without AIRFLOW_USERNAME and AIRFLOW_TOKEN")
        return self

    async def fetched(self, cloud: Cloud) -> Settings:
        """These settings, with the secrets themselves in place of their ARNs. ConfigError where one can't be had."""
        given = {name.upper(): getattr(self, name).get_secret_value() for name in _SECRETS}
        found = await credentials.from_cloud(given, cloud)
        return self.model_copy(update={name.lower(): SecretStr(secret) for name, secret in found.items()})

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


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. ConfigError naming every variable that is missing or wrong."""
    environment = os.environ if environment is None else environment
    given: dict[str, Any] = {
        name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())
    }
    given |= _from_files(environment)
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"][:1]).upper()
            missing = problem["type"] == "missing"
            what = " is not set" if missing else f": {_plainly(problem['msg'])}"
            lines.append(f"{name}{what}" if name else what.removeprefix(": "))
        raise ConfigError("The environment is not complete:\n  " + "\n  ".join(lines)) from None


def _from_files(environment: Mapping[str, str]) -> dict[str, str]:
    files = {name: environment.get(f"{name.upper()}_FILE") for name in _SECRETS}
    return {name: credentials.from_file(f"{name.upper()}_FILE", Path(path)) for name, path in files.items() if path}


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
        raise ConfigError("\n".join(_mistakes(path, document, error))) from None


def _mistakes(path: Path, document: Any, error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        where = tuple(part for part in problem["loc"] if part != "[key]")
        dotted = ".".join(str(part) for part in where)
        yield f"{path}, line {_line(document, where)}: {dotted + ': ' if dotted else ''}{_what(problem)}"


def _line(document: Any, where: tuple[int | str, ...]) -> int:
    """The line of the deepest part of `where` that the file has; 1-based."""
    line = 0
    for part in where:
        if isinstance(document, CommentedMap) and part in document:
            line = document.lc.key(part)[0]
        elif isinstance(document, CommentedSeq) and isinstance(part, int) and part < len(document):
            line = document.lc.item(part)[0]
        else:
            break
        document = document[part]
    return line + 1


def _what(problem: Any) -> str:
    given = "nothing" if problem["input"] is None else shorten(str(problem["input"]), 40)
    match problem["type"]:
        case "extra_forbidden":
            known = _keys(problem["loc"])
            meant = nearest(str(problem["loc"][-1]), known, most=1)
            return f"unknown key.{f' Did you mean {meant[0]}?' if meant else ''} Allowed: {', '.join(known)}"
        case "string_pattern_mismatch":
            return f"“{given}” is not {_pattern_in_words(problem['ctx']['pattern'])}"
        case "literal_error":
            return f"“{given}” is not allowed; it takes {problem['ctx']['expected']}"
        case "value_error":
            return str(problem["ctx"]["error"])
        case "string_type":
            return f"a text is expected, not “{given}”; quotes make one"
        case "model_type" | "dict_type":
            return f"a mapping (name: value) is expected, not “{given}”"
        case "tuple_type":
            return f"a list ([a, b]) is expected, not “{given}”"
        case _:
            return f"{_plainly(problem['msg'])}, not “{given}”"


def _plainly(message: str) -> str:
    """pydantic's words, as the end of a sentence."""
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message if message[:2].isupper() else message[:1].lower() + message[1:]


def _pattern_in_words(pattern: str) -> str:
    words = {
        "everyone": "a Slack person's id (U…), a user group's id (S…) or the word everyone",
        "[CG]": "a Slack channel's id (C… or G…); a channel's name can change, so its id is asked for",
        "^/": "a slash command, such as /train",
    }
    return next((text for sign, text in words.items() if sign in pattern), "a name of letters, digits and . _ -")


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
