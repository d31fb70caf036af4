"""The terms on which others run a model, as sections of the configuration: machines, contract, budgets."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from bot.conversation.words import nearest
from bot.errors import shorten

BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "pattern", "minLength",
    "maxLength", "minItems", "maxItems", "items",
)  # fmt: skip
_LIMIT = re.compile(r"(?P<many>[1-9]\d{0,5}) ?(?P<unit>s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_MOST = Decimal(1_000_000_000)


class Section(BaseModel):
    """A part of the configuration file; unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _amount(given: object) -> object:
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= _MOST:
        raise ValueError(f"“{shorten(str(given), 40)}” is not an amount of money, such as 0.42")
    return amount


def _seconds(given: object) -> object:
    found = _LIMIT.fullmatch(str(given).strip())
    if not found:
        raise ValueError(f"“{shorten(str(given), 40)}” is not a time, such as 90 min, 2 h or 1 d")
    return int(found["many"]) * _SECONDS[found["unit"]]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a folder of the zones' own
        raise ValueError(f"“{shorten(name, 40)}” is not a time zone, such as Europe/Amsterdam") from None
    return name


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(f"“{shorten(code, 40)}” is not a currency's code, such as USD or EUR")
    return code


def _payer(member: str) -> str:
    if not re.fullmatch(r"everyone|[UW][A-Z0-9]{2,20}", member):
        raise ValueError(f"“{shorten(member, 40)}” is not a Slack person's id (U…) or the word everyone")
    return member


def _group(member: str) -> str:
    if not re.fullmatch(r"S[A-Z0-9]{2,20}", member):
        raise ValueError(f"“{shorten(member, 40)}” is not a Slack user group's id (S…)")
    return member


def _bounds(rule: dict[str, Any]) -> dict[str, Any]:
    for key in rule:
        if key not in BOUNDS:
            meant = nearest(key, BOUNDS, most=1)
            also = f" Did you mean {meant[0]}?" if meant else ""
            raise ValueError(f"“{shorten(key, 40)}” is not a bound.{also} Allowed: {', '.join(BOUNDS)}")
    try:
        Draft202012Validator.check_schema(rule)
    except SchemaError as error:
        where = ".".join(str(part) for part in error.path)
        raise ValueError(f"{where}: {shorten(error.message, 100)}") from None
    return rule


# A Slack person (U… or W…), a Slack user group (S…), or every member of the workspace.
Member = Annotated[str, StringConstraints(pattern=r"^(everyone|[UWS][A-Z0-9]{2,20})$")]
Amount = Annotated[Decimal, BeforeValidator(_amount)]  # of money, in the configuration's currency
Seconds = Annotated[int, BeforeValidator(_seconds)]
Zone = Annotated[str, AfterValidator(_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Bounds = Annotated[dict[str, Any], AfterValidator(_bounds)]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]{0,79}$")]


class Profile(Section):
    """A kind of machine that training may run on, under a name that people choose by."""

    backend: str
    instance: str = ""
    spot: bool = False
    time_limit: Seconds | None = None
    price: Amount  # an hour


class Contract(Section):
    """What of a run others than the owners may change; what is not named here, they may not."""

    params: dict[str, Bounds] = {}
    refs: tuple[str, ...] = ()  # git refs, with * for any characters


class Budgets(Section):
    """The most that may be spent in a calendar month."""

    people: dict[Annotated[str, AfterValidator(_payer)], Amount] = {}
    groups: dict[Annotated[str, AfterValidator(_group)], Amount] = {}
    models: dict[str, Amount] = {}
